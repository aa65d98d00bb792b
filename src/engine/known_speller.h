/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Spelling many texts in many forms. What becomes of a byte is looked up in a map of the form, which is made once; by the same
 * maps it is seen that a text is spelled in a form as it is in another one, before it is spelled at all.
 */
#pragma once

#include "known.h"

/* No secrets are in it. */
struct known_speller;

/* NULL when memory is out. */
struct known_speller *ks_known_speller_new(void);
void ks_known_speller_free(struct known_speller *speller);

/*
 * What becomes of each byte: its spelling, of 7 bytes at most, the first one lowest, and in the highest byte how many these are.
 * NULL: in that form it depends on other bytes of the text, or memory is out.
 */
const uint64_t *ks_known_speller_map(struct known_speller *speller, const struct known_text *text,
                                     unsigned form);

/* The same as ks_spelling_begin(). */
size_t ks_known_spell(struct known_speller *speller, const struct known_text *text, unsigned form,
                      uint8_t *to, size_t max);
