/* SPDX-License-Identifier: Apache-2.0 */
/* Keyed and plain hashes of runs: BLAKE2b of libsodium, 32 bytes. */
#pragma once

#include <sodium.h>

#include "keysieve.h"

/* key may be NULL. Both are borrowed. */
void ks_run_hash(const struct ks_key *key, const uint8_t *run, size_t len,
                 uint8_t hash[KS_HASH_SIZE]);

/* Begin such a hash of what comes in parts. */
void ks_key_hash_begin(const struct ks_key *key, crypto_generichash_state *hash);
