/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A trigger is cut before each of its parts that can be a line's end: what stands before it in its alternative, and before the
 * groups in which that is, and then a line's end, is a half.
 *
 *     (a|b[\r\n]{1,2}c)d     ->  b[\r\n]{0,1}\n
 *
 * A part that is not understood is one that may be anything.
 */
#include "half.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "byteset.h"
#include "expression.h"
#include "macro.h"
#include "memory_text.h"

/* Up to a unit, from the outermost group on. */
struct way {
	const struct way *outer; /* to the group that it is in; NULL: it is in none */
	struct part before;      /* in its alternative */
	struct part element;     /* of the unit, without its quantifier */
	unsigned max;            /* how often it can come */
};

struct halves {
	FILE *out;
	size_t count;
};

enum line_end { LINE_END_NONE, LINE_END, LINE_END_UNKNOWN };

static enum line_end
set_line_end(struct part set)
{
	struct byteset bytes;
	size_t len = (size_t)(set.to - set.from) - 2;

	if (set.to - set.from < 2 || ks_byteset_parse(set.from + 1, len, &bytes))
		return LINE_END_UNKNOWN;
	return byteset_has(&bytes, '\n') ? LINE_END : LINE_END_NONE;
}

/* What is behind a backslash. Of a byte in hexadecimal the digits are elements of their own. */
static enum line_end
escape_line_end(const char *p)
{
	if (strchr("nsDWNRvX", *p))
		return LINE_END;
	if (*p == 'x' && strncmp(p + 1, "0a", 2) != 0 && strncmp(p + 1, "0A", 2) != 0 &&
	    p[1] != '{')
		return LINE_END_NONE;
	if (strchr("dwSrtfeah", *p) || strchr("\\^$.|?*+()[]{}/-\"'`<>=:;,!@#%& _~", *p))
		return LINE_END_NONE;
	return LINE_END_UNKNOWN;
}

static enum line_end
element_line_end(struct part element)
{
	switch (*element.from) {
	case '[':
		return set_line_end(element);
	case '\\':
		return escape_line_end(element.from + 1);
	case '.':
	case '\n':
		return LINE_END;
	default:
		return LINE_END_NONE;
	}
}

static void
print_part(FILE *out, struct part part)
{
	(void)fwrite(part.from, 1, (size_t)(part.to - part.from), out);
}

static void
print_way(FILE *out, const struct way *way)
{
	if (!way)
		return;
	print_way(out, way->outer);
	print_part(out, way->before);
	if (way->max <= 1)
		return;
	(void)fputs("(?:", out);
	print_part(out, way->element);
	if (way->max == UINT_MAX)
		(void)fputs(")*", out);
	else
		(void)fprintf(out, "){0,%u}", way->max - 1);
}

/* Can anything stand before the end of the way? */
static bool
is_begin(const struct way *way)
{
	for (; way; way = way->outer) {
		if (way->max > 1 || way->before.from < way->before.to)
			return false;
	}
	return true;
}

/* way: NULL if nobody knows what is before the line's end. A line's end alone is no half. */
static void
add_half(struct halves *h, const struct way *way)
{
	if (way && is_begin(way))
		return;
	if (h->count++ > 0)
		(void)fputc('|', h->out);
	print_way(h->out, way);
	(void)fputs(way ? "\\n" : ".\\n", h->out);
}

static void cut_alternatives(struct halves *h, const struct way *outer, struct part part);

static void
cut_group(struct halves *h, const struct way *way)
{
	const char *inside = ks_expression_group(way->element.from);

	if (inside)
		cut_alternatives(h, way, (struct part){ inside, way->element.to - 1 });
	else
		add_half(h, NULL);
}

/* "(?i)" */
static bool
is_flags(struct part element)
{
	const char *p = element.from;

	return p[0] == '(' && p[1] == '?' && p[2 + strspn(p + 2, "imsx-")] == ')';
}

static void
cut_units(struct halves *h, const struct way *outer, struct part alternative)
{
	struct part rest = alternative;

	while (rest.from < rest.to) {
		struct repeat unit = ks_expression_unit(rest);
		struct way way = { outer,
			           { alternative.from, rest.from },
			           { unit.text.from, unit.element_end },
			           unit.max };

		if (is_flags(way.element) && rest.from == alternative.from)
			alternative.from = unit.text.to; /* case does not matter */
		else if (*rest.from == '(')
			cut_group(h, &way);
		else if (element_line_end(way.element) == LINE_END)
			add_half(h, &way);
		else if (element_line_end(way.element) == LINE_END_UNKNOWN)
			add_half(h, NULL);
		rest.from = unit.text.to;
	}
}

static void
cut_alternatives(struct halves *h, const struct way *outer, struct part part)
{
	for (;;) {
		const char *end = ks_expression_alternative(part, NULL);

		cut_units(h, outer, (struct part){ part.from, end });
		if (end == part.to)
			return;
		part.from = end + 1;
	}
}

static int
cut(const char *trigger, char **ret_expression)
{
	struct memory_text text;
	struct halves h = { ks_memory_text_open(&text), 0 };
	int r;

	if (!h.out)
		return KS_ERROR_MEMORY;
	(void)fputs("(?:", h.out);
	cut_alternatives(&h, NULL, (struct part){ trigger, trigger + strlen(trigger) });
	(void)fputs(")\\z", h.out);
	r = ks_memory_text_close(&text, h.out);
	if (r != KS_OK)
		return r;
	if (h.count == 0) {
		free(text.text);
		text.text = NULL;
	}
	*ret_expression = text.text;
	return KS_OK;
}

/*
 * What {separator} can be, and more than that: up to three lines. Exact it would be some 2,000 bytes, and the database of all halves
 * twice as large, which each start would pay.
 */
#define SEPARATOR "{separator}"
#define ANY_LINE  "[^\\n]{0,248}"
#define ANY_LINES ANY_LINE "(?:\\n" ANY_LINE "(?:\\n" ANY_LINE ")?)?"

_Static_assert(SEPARATOR_WIDTH_MAX <= 249, "what ANY_LINES has room for");

/* trigger with its macros replaced, separators by what is simpler. The caller frees it. NULL when memory is out. */
static char *
expand(const char *trigger)
{
	const char *found = strstr(trigger, SEPARATOR);
	char *simple, *expanded;

	if (!found)
		return ks_macro_expand(trigger);
	if (asprintf(&simple, "%.*s" ANY_LINES "%s", (int)(found - trigger), trigger,
	             found + strlen(SEPARATOR)) < 0)
		return NULL;
	expanded = expand(simple);
	free(simple);
	return expanded;
}

int
ks_half_expression(const struct ks_rule *rule, bool is_named, char **ret_expression)
{
	char *trigger = NULL;
	int r = KS_OK;

	*ret_expression = NULL;
	if (is_named)
		r = ks_macro_split_name(rule->trigger, &trigger);
	else
		trigger = expand(rule->trigger);
	if (r == KS_OK)
		r = trigger ? cut(trigger, ret_expression) : KS_ERROR_MEMORY;
	free(trigger);
	return r;
}
