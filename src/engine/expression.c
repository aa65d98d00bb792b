/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Expressions are cut into parts by their text. Whether Hyperscan takes an expression is not decided here;
 * no part is empty and none reaches over the end, whatever the text.
 */
#include "expression.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "byteset.h"

#define GROUP_FLAGS "imsx-"

const char *
ks_expression_alternative(struct part part, const char **ret_group)
{
	unsigned depth = 0;
	const char *group = NULL, *last = NULL, *p = part.from, *next;

	for (; p < part.to && (depth || *p != '|'); p = next) {
		next = ks_element_end(p);
		last = NULL;
		if (*p == '(' && depth++ == 0)
			group = p;
		else if (*p == ')' && depth && --depth == 0)
			last = group;
	}
	if (ret_group)
		*ret_group = last;
	return p < part.to ? p : part.to;
}

const char *
ks_expression_group(const char *p)
{
	const char *colon;

	if (p[1] != '?')
		return p + 1;
	colon = p + 2 + strspn(p + 2, GROUP_FLAGS);
	return *colon == ':' ? colon + 1 : NULL;
}

/* The end of the group or other element at the start of part. */
static const char *
element_end(struct part part)
{
	const char *p = part.from;
	unsigned depth = 0;

	do {
		depth += *p == '(';
		depth -= *p == ')' && depth;
		p = ks_element_end(p);
	} while (depth && p < part.to);
	return p < part.to ? p : part.to;
}

/* "{n}", "{n,}" or "{n,m}" at the start of part; else it is no number of times that is known. */
static void
read_braces(struct part part, struct repeat *repeat)
{
	const char *close = memchr(part.from, '}', (size_t)(part.to - part.from));
	unsigned min, max;
	int used = 0;

	repeat->max = UINT_MAX;
	if (!close)
		return;
	repeat->text.to = close + 1;
	if (sscanf(part.from, "{%3u}%n", &min, &used) == 1 && part.from + used == close + 1)
		repeat->min = repeat->max = min;
	else if (sscanf(part.from, "{%3u,%3u}%n", &min, &max, &used) == 2 &&
	         part.from + used == close + 1) {
		repeat->min = min;
		repeat->max = max;
	}
}

struct repeat
ks_expression_unit(struct part part)
{
	const char *end = element_end(part);
	struct repeat repeat = { { part.from, end }, end, 1, 1 };
	char c = '\0';

	if (end < part.to)
		c = *end;
	if (c == '{') {
		read_braces((struct part){ end, part.to }, &repeat);
	} else if (c == '?' || c == '*' || c == '+') {
		repeat.min = c == '+';
		repeat.max = c == '?' ? 1 : UINT_MAX;
		repeat.text.to = end + 1;
	}
	return repeat;
}
