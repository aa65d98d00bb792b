/* SPDX-License-Identifier: Apache-2.0 */
/* The words that some keys of a rule can have. */
#pragma once

struct word {
	const char *text;
	unsigned value;
};

/* Each ended by a text of NULL. */
extern const struct word ks_kind_words[], ks_boundary_words[], ks_mask_words[];

/* Their values are bits of the rule's conditions. */
extern const struct word ks_require_words[], ks_refuse_words[];

/* The word of a value, which must have one. */
const char *ks_word_text(const struct word *words, unsigned value);
