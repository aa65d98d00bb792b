/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which rules go by their nouns is decided by the text of their triggers alone: every way through the
 * name has to end in plain characters. These are its noun.
 */
#include "setting.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "expression.h"
#include "macro.h"

static bool
has_suffix(const char *word, size_t len, const char *suffix)
{
	size_t n = strlen(suffix);

	return len >= n && memcmp(word + len - n, suffix, n) == 0;
}

/* A word of which another is the end adds nothing: where the one is found so is the other. */
static bool
add_noun(struct nouns *nouns, const char *word, size_t len)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < nouns->count; i++) {
		if (has_suffix(word, len, nouns->words[i]))
			return true;
	}
	for (unsigned i = 0; i < nouns->count; i++) {
		char copy[NOUN_LEN_MAX + 1];

		memcpy(copy, word, len);
		copy[len] = '\0';
		if (!has_suffix(nouns->words[i], strlen(nouns->words[i]), copy))
			memmove(nouns->words[kept++], nouns->words[i], sizeof(nouns->words[i]));
	}
	nouns->count = kept;
	if (kept == NOUN_MAX)
		return false;
	memcpy(nouns->words[kept], word, len);
	nouns->words[kept][len] = '\0';
	nouns->count++;
	return true;
}

static bool
is_plain(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

/* The plain characters that an alternative ends with. */
static bool
add_word(struct nouns *nouns, struct part part)
{
	char word[NOUN_LEN_MAX];
	const char *start = part.to;
	size_t len;

	while (start > part.from && is_plain(start[-1]))
		start--;
	if (start > part.from && start[-1] == '\\' && start < part.to &&
	    isalnum((unsigned char)*start))
		return false; /* "\x6bey": the text does not have the word */
	len = (size_t)(part.to - start);
	if (len < NOUN_LEN_MIN)
		return false;
	if (len > NOUN_LEN_MAX)
		len = NOUN_LEN_MAX;
	for (size_t i = 0; i < len; i++)
		word[i] = (char)tolower((unsigned char)part.to[(ptrdiff_t)i - (ptrdiff_t)len]);
	return add_noun(nouns, word, len);
}

/* Add the nouns of each alternative. False if there is one without. */
static bool
add_nouns(struct nouns *nouns, struct part part)
{
	for (;;) {
		const char *group, *end = ks_expression_alternative(part, &group);
		const char *inner = group ? ks_expression_group(group) : NULL;
		bool found = group ? inner && add_nouns(nouns, (struct part){ inner, end - 1 })
		                   : add_word(nouns, (struct part){ part.from, end });

		if (!found)
			return false;
		if (end == part.to)
			return true;
		part.from = end + 1;
	}
}

/* Is it one alternative, so that what follows it in the trigger follows all of it? */
static bool
is_one_alternative(struct part part)
{
	return ks_expression_alternative(part, NULL) == part.to;
}

int
ks_setting_split(const struct ks_rule *rule, struct nouns *nouns, char **ret_name)
{
	struct nouns with = *nouns;
	struct part part;
	char *name;
	int r = ks_macro_split_name(rule->trigger, &name);

	*ret_name = NULL;
	if (r != KS_OK || !name)
		return r;
	part = (struct part){ name, name + strlen(name) };
	if (rule->before || !is_one_alternative(part) || !add_nouns(&with, part)) {
		free(name);
		return KS_OK;
	}
	*nouns = with;
	*ret_name = name;
	return KS_OK;
}
