/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fingerprints that were seen. Of very many the oldest are forgotten: at least the last SEEN_HALF are known, at most
 * twice as many.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define SEEN_HALF 32768U

struct seen;

/* Returns NULL when memory is out. */
struct seen *ks_seen_new(void);
void ks_seen_free(struct seen *seen);

bool ks_seen_has(const struct seen *seen, const char *fingerprint);
void ks_seen_add(struct seen *seen, const char *fingerprint);
