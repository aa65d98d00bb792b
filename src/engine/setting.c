/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which rules go by their nouns is decided by the text of their triggers alone: every way through the
 * name has to end in plain characters. These are its noun.
 */
#include "setting.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "macro.h"

/* A part of an expression. */
struct part {
	const char *from, *to;
};

/*
 * The end of the first alternative of part, and where the group that it ends with begins (NULL: it
 * does not end with one).
 */
static const char *
alternative_end(struct part part, const char **ret_group)
{
	unsigned depth = 0;
	const char *group = NULL, *p = part.from, *next;

	*ret_group = NULL;
	for (; p < part.to && (depth || *p != '|'); p = next) {
		next = ks_element_end(p);
		*ret_group = NULL;
		if (*p == '(' && depth++ == 0)
			group = p;
		else if (*p == ')' && depth && --depth == 0)
			*ret_group = group;
	}
	return p;
}

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

#define GROUP_FLAGS "imsx-"

/* Behind "(?:" or "(?i:" or "("; NULL for whatever else begins with a parenthesis. */
static const char *
group_start(const char *p)
{
	const char *colon;

	if (p[1] != '?')
		return p + 1;
	colon = p + 2 + strspn(p + 2, GROUP_FLAGS);
	return *colon == ':' ? colon + 1 : NULL;
}

/* "(?i)" */
static bool
is_flags(const char *p)
{
	return p[1] == '?' && p[2 + strspn(p + 2, GROUP_FLAGS)] == ')';
}

/* Add the nouns of each alternative. False if there is one without. */
static bool
add_nouns(struct nouns *nouns, struct part part)
{
	for (;;) {
		const char *group, *end = alternative_end(part, &group);
		const char *inner = group ? group_start(group) : NULL;
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
	const char *group;

	return alternative_end(part, &group) == part.to;
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

/* ------------------------------------------------------------------- paths ---- */

static bool
is_quantifier(char c)
{
	return c && strchr("?*+{", c);
}

/* The end of a group of plain alternatives at the start of part, or NULL. */
static const char *
plain_group_end(struct part part)
{
	const char *p = part.from + 3, *word = p;

	if (part.to - part.from < 4 || strncmp(part.from, "(?:", 3) != 0)
		return NULL;
	for (; p < part.to && *p != ')'; p++) {
		if (*p != '|' && !is_plain(*p))
			return NULL;
		if (*p == '|' && p - word < (ptrdiff_t)NOUN_LEN_MIN)
			return NULL;
		word = *p == '|' ? p + 1 : word;
	}
	if (p == part.to || p - word < (ptrdiff_t)NOUN_LEN_MIN ||
	    (p + 1 < part.to && is_quantifier(p[1])))
		return NULL;
	return p + 1;
}

/* The end of the plain characters at the start of part. */
static const char *
plain_end(struct part part)
{
	const char *p = part.from;

	while (p < part.to && is_plain(*p))
		p++;
	return p > part.from && p < part.to && is_quantifier(*p) ? p - 1 : p;
}

static int
tell_path(struct part flags, struct part path, name_path_fn fn, void *ctx)
{
	const char *end = plain_group_end(path);
	int flags_len = (int)(flags.to - flags.from);
	char *head;
	int r;

	if (!end)
		end = plain_end(path);
	if (end - path.from < (ptrdiff_t)NOUN_LEN_MIN)
		end = path.to; /* no head: all of it has to be looked for */
	if (asprintf(&head, "%.*s%.*s", flags_len, flags.from, (int)(end - path.from), path.from) <
	    0)
		return KS_ERROR_MEMORY;
	r = fn(ctx, head, end == path.to);
	free(head);
	return r;
}

int
ks_setting_paths(const char *name, bool is_simple, name_path_fn fn, void *ctx)
{
	struct part flags = { name, name }, rest = { name, name + strlen(name) };
	const char *group;
	int r = KS_OK;

	if (is_simple)
		return fn(ctx, name, true);
	if (strncmp(name, "(?i)", 4) == 0)
		rest.from = flags.to = name + 4;
	(void)alternative_end(rest, &group);
	if (group != rest.from || strncmp(group, "(?:", 3) != 0)
		return tell_path(flags, rest, fn, ctx);
	rest = (struct part){ group + 3, rest.to - 1 };
	while (r == KS_OK) {
		const char *end = alternative_end(rest, &group);

		r = tell_path(flags, (struct part){ rest.from, end }, fn, ctx);
		if (end == rest.to)
			break;
		rest.from = end + 1;
	}
	return r;
}

/* ---------------------------------------------------------------- strangers ---- */

#define BIT(c) (UINT64_C(1) << ((c)&63))
/* From first to last, both in one word of a set. */
#define BITS(first, last) ((BIT(last) - BIT(first)) | BIT(last))

const struct byteset ks_setting_bytes = {
	{ BITS('0', '9') | BIT('-') | BIT('.') | BIT(' '),
	  BITS('A', 'Z') | BITS('a', 'z') | BIT('_') },
};

/* Can the element [p, end), no group, be a byte that is no name byte? */
static bool
is_stranger(const char *p, const char *end)
{
	struct byteset set;

	if (*p == '[') {
		if (ks_byteset_parse(p + 1, (size_t)(end - p) - 2, &set))
			return true;
		return !ks_byteset_within(&set, &ks_setting_bytes);
	}
	if (*p == '\\')
		return isalnum((unsigned char)p[1]) || !is_setting_byte((uint8_t)p[1]);
	return *p == '.' || !is_setting_byte((uint8_t)*p);
}

static unsigned
saturating_add(unsigned a, unsigned b)
{
	return a > UINT_MAX - b ? UINT_MAX : a + b;
}

static unsigned count_strangers(struct part part);

/* The end of the group or other element at p. */
static const char *
unit_end(const char *p, const char *to)
{
	unsigned depth = 0;

	do {
		depth += *p == '(';
		depth -= *p == ')' && depth;
		p = ks_element_end(p);
	} while (depth && p < to);
	return p;
}

/* What follows the quantifier at p, if there is one; *ret_repeats: it lets its unit repeat. */
static const char *
quantifier_end(const char *p, bool *ret_repeats)
{
	const char *close = *p == '{' ? strchr(p, '}') : NULL;

	*ret_repeats = close || *p == '*' || *p == '+';
	if (close)
		return close + 1;
	return p + (*ret_repeats || *p == '?');
}

static unsigned
count_in_group(struct part group)
{
	const char *inner = group_start(group.from);

	if (inner)
		return count_strangers((struct part){ inner, group.to - 1 });
	return is_flags(group.from) ? 0 : UINT_MAX;
}

/* One alternative: its units in a row. */
static unsigned
count_in_sequence(struct part part)
{
	unsigned strangers = 0;
	const char *end;

	for (const char *p = part.from; p < part.to; p = end) {
		unsigned of_unit;
		bool repeats;

		end = unit_end(p, part.to);
		of_unit = *p == '(' ? count_in_group((struct part){ p, end }) : is_stranger(p, end);
		end = quantifier_end(end, &repeats);
		strangers = saturating_add(strangers, of_unit && repeats ? UINT_MAX : of_unit);
	}
	return strangers;
}

/* The most strangers of any alternative. */
static unsigned
count_strangers(struct part part)
{
	unsigned most = 0;

	for (;;) {
		const char *group, *end = alternative_end(part, &group);
		unsigned strangers = count_in_sequence((struct part){ part.from, end });

		most = strangers > most ? strangers : most;
		if (end == part.to)
			return most;
		part.from = end + 1;
	}
}

unsigned
ks_setting_count_strangers(const char *name)
{
	return count_strangers((struct part){ name, name + strlen(name) });
}

bool
ks_setting_may_go_on(uint8_t b)
{
	return b && strchr("sS_0123456789 -\x1b\\\"'`&%])\t:=?>,", b);
}

bool
ks_setting_may_be_open(const uint8_t *text, size_t len)
{
	static const uint8_t bytes[] = { '|', '>', '+', '-' };
	const uint8_t *end = memchr(text, '\n', len);
	size_t before = end ? (size_t)(end - text) : 0;

	if (!end)
		return true;
	before -= before > 0 && text[before - 1] == '\r';
	return before > 0 && memchr(bytes, text[before - 1], sizeof(bytes));
}
