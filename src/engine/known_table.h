/* SPDX-License-Identifier: Apache-2.0 */
/* All patterns, in order of their bytes: what begins at a place of a text? */
#pragma once

#include "known_speller.h"

/* Make it of known->texts. Errors: KS_ERROR_MEMORY. */
int ks_known_table_make(struct ks_known *known, struct known_speller *speller);
void ks_known_table_done(struct ks_known *known);

/*
 * Of the patterns with which text[0, len) begins, the longest; KNOWN_NONE: there is none. *ret_is_open: all of
 * text is less than a whole pattern that begins so.
 */
uint32_t ks_known_table_find(const struct ks_known *known, const uint8_t *text, size_t len,
                             bool *ret_is_open);
