/* SPDX-License-Identifier: Apache-2.0 */
/* Values on their way in: which are taken, and by which texts each is known. */
#pragma once

#include "known.h"

/* Would masking it mask what is no secret? */
bool ks_known_is_common(const uint8_t *value, size_t len);

/*
 * Called with each text by which a value is known; bytes lie in it. columns: of known_text. Non-zero: stop.
 */
typedef int (*known_text_fn)(void *ctx, const uint8_t *bytes, size_t len, unsigned columns);
int ks_known_split(const uint8_t *value, size_t len, known_text_fn fn, void *ctx);
