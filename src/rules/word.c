/* SPDX-License-Identifier: Apache-2.0 */
/* One table for those who read rule files and those who show rules. */
#include "word.h"

#include <assert.h>
#include <stddef.h>

#include "keysieve.h"

const struct word ks_kind_words[] = {
	{ "provider", KS_KIND_PROVIDER },
	{ "carrier", KS_KIND_CARRIER },
	{ NULL, 0 },
};

const struct word ks_mask_words[] = { { "fill", KS_MASK_FILL },
	                              { "tag", KS_MASK_TAG },
	                              { "hash", KS_MASK_HASH },
	                              { "fill-hash", KS_MASK_FILL_HASH },
	                              { NULL, 0 } };

const struct word ks_boundary_words[] = {
	{ "none", KS_BOUNDARY_NONE },
	{ "alnum", KS_BOUNDARY_ALNUM },
	{ "word", KS_BOUNDARY_WORD },
	{ "token", KS_BOUNDARY_TOKEN },
	{ NULL, 0 },
};

const struct word ks_require_words[] = {
	{ "digit", KS_REQUIRE_DIGIT },
	{ "upper", KS_REQUIRE_UPPER },
	{ "lower", KS_REQUIRE_LOWER },
	{ NULL, 0 },
};

const struct word ks_refuse_words[] = {
	{ "placeholder", KS_REFUSE_PLACEHOLDER },
	{ NULL, 0 },
};

const char *
ks_word_text(const struct word *words, unsigned value)
{
	while (words->text && words->value != value)
		words++;
	assert(words->text);
	return words->text;
}
