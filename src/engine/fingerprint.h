/* SPDX-License-Identifier: Apache-2.0 */
/* How the engine makes fingerprints without knowing how: it has no cryptography of its own. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "keysieve.h"

struct ks_fingerprint {
	const struct ks_key *key; /* borrowed */
	size_t state_size;        /* of a fingerprint in the making */
	void (*begin)(void *state, const struct ks_key *key);
	void (*update)(void *state, const uint8_t *data, size_t len);
	/* Writes KS_FINGERPRINT_SIZE bytes. */
	void (*end)(void *state, const struct ks_key *key, char *text);
};
