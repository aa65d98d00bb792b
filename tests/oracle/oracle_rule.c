/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A rule, compiled: its trigger by PCRE2, its sets byte by byte. Checks of docs/rules.md are made
 * only where a wrong rule would make the oracle's answers meaningless.
 */
#include "oracle.h"

#include <stdlib.h>
#include <string.h>

#include "oracle_private.h"

/*
 * Which bytes a match of the trigger can begin with: those that, alone, match it or match a part of
 * it. The workspace is as in oracle.c, but one byte needs little.
 */
static int
find_first_bytes(struct oracle_rule *r)
{
	pcre2_match_data *data = pcre2_match_data_create(2, NULL);
	int space[4096];
	int ret = 0;

	if (!data)
		return ORACLE_ERROR;
	for (unsigned b = 0; b < 256; b++) {
		uint8_t byte = (uint8_t)b;
		int rc = pcre2_dfa_match(r->trigger, &byte, 1, 0, PCRE2_PARTIAL_HARD, data, NULL,
		                         space, sizeof(space) / sizeof(space[0]));

		r->first.has[b] = rc >= 0 || rc == PCRE2_ERROR_PARTIAL;
		if (!r->first.has[b] && rc != PCRE2_ERROR_NOMATCH)
			ret = ORACLE_ERROR;
	}
	pcre2_match_data_free(data);
	return ret;
}

/* NO_AUTO_POSSESS: else PCRE2 makes a* at a trigger's end possessive and hides shorter matches. */
static int
compile_trigger(struct oracle_rule *r, const char *trigger)
{
	uint32_t options = PCRE2_DOTALL | PCRE2_ANCHORED | PCRE2_NO_AUTO_POSSESS | PCRE2_NEVER_UTF;
	char *expanded = oracle_macro_expand(trigger);
	size_t where;
	int rc;

	if (!expanded)
		return ORACLE_ERROR;
	r->trigger = pcre2_compile((PCRE2_SPTR)expanded, PCRE2_ZERO_TERMINATED, options, &rc,
	                           &where, NULL);
	free(expanded);
	if (!r->trigger)
		return ORACLE_ERROR;
	return find_first_bytes(r);
}

/* The k of "[set]{k}", text being "{k}". 0: it is no such text. */
static size_t
parse_count(const char *text)
{
	char *end;
	unsigned long k;

	if (text[0] != '{' || text[1] < '0' || text[1] > '9')
		return 0;
	k = strtoul(text + 1, &end, 10);
	return strcmp(end, "}") == 0 && k <= 64 ? (size_t)k : 0;
}

static int
parse_before(struct oracle_rule *r, const char *before)
{
	size_t span = oracle_set_span(before);

	if (span < 3 || oracle_set_init(&r->before, before + 1, span - 2) < 0)
		return ORACLE_ERROR;
	r->k = parse_count(before + span);
	return r->k > 0 ? 0 : ORACLE_ERROR;
}

static bool
is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-';
}

/* The element that text begins with. Returns how many characters of text it is, or 0. */
static size_t
parse_element(struct oracle_set *element, const char *text)
{
	size_t span;

	if (is_plain(text[0])) {
		memset(element, 0, sizeof(*element));
		element->has[(uint8_t)text[0]] = true;
		return 1;
	}
	span = oracle_set_span(text);
	if (span < 3 || oracle_set_init(element, text + 1, span - 2) < 0)
		return 0;
	return span;
}

static bool
is_within(const struct oracle_set *part, const struct oracle_set *whole)
{
	for (unsigned b = 0; b < 256; b++)
		if (part->has[b] && !whole->has[b])
			return false;
	return true;
}

/* The trigger of an infix rule: letters, digits, _, - and [sets], all within `before`. */
static int
parse_elements(struct oracle_rule *r, const char *trigger)
{
	r->elements = calloc(strlen(trigger) + 1, sizeof(*r->elements));
	if (!r->elements)
		return ORACLE_ERROR;
	while (*trigger) {
		size_t length = parse_element(&r->elements[r->w], trigger);

		if (length == 0 || !is_within(&r->elements[r->w], &r->before))
			return ORACLE_ERROR;
		trigger += length;
		r->w++;
	}
	return r->w > 0 ? 0 : ORACLE_ERROR;
}

static bool
has_hex(const struct oracle_set *set)
{
	for (const char *p = "0123456789ABCDEFabcdef"; *p; p++)
		if (!set->has[(uint8_t)*p])
			return false;
	return true;
}

static int
fail(const char **reterr_what, const char *what)
{
	*reterr_what = what;
	return ORACLE_ERROR;
}

int
oracle_rule_init(struct oracle_rule *r, const struct ks_rule *text, const char **reterr_what)
{
	memset(r, 0, sizeof(*r));
	r->min = text->min;
	r->max = text->max;
	r->kind = text->kind;
	r->boundary = text->boundary;
	r->conditions = text->conditions;
	r->has_follow = text->follow != NULL;

	if (r->min < 1 || r->min > 64 || r->max > 64 || (r->max > 0 && r->max < r->min))
		return fail(reterr_what, "length");
	if (compile_trigger(r, text->trigger) < 0)
		return fail(reterr_what, "trigger");
	if (oracle_set_init(&r->body, text->body, strlen(text->body)) < 0)
		return fail(reterr_what, "body");
	if (text->follow && oracle_set_init(&r->follow, text->follow, strlen(text->follow)) < 0)
		return fail(reterr_what, "follow");
	if (text->before && parse_before(r, text->before) < 0)
		return fail(reterr_what, "before");
	if (text->before && parse_elements(r, text->trigger) < 0)
		return fail(reterr_what, "trigger of an infix rule");
	if (text->before && r->boundary != KS_BOUNDARY_NONE)
		return fail(reterr_what, "boundary of an infix rule");
	r->slash = r->body.has['/'] && !r->body.has['\\'];
	r->percent = has_hex(&r->body) && !r->body.has['%'];
	r->unicode = has_hex(&r->body) && r->body.has['u'] && !r->body.has['\\'];
	return 0;
}

void
oracle_rule_done(struct oracle_rule *r)
{
	pcre2_code_free(r->trigger);
	free(r->elements);
	memset(r, 0, sizeof(*r));
}
