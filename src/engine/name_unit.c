/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Units of names from their text: sets, groups, and how often they may come. What is known of their ends (name_tree.h) is
 * found here, once. Whatever else an expression may have is refused.
 */
#include "name_tree.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 8U /* of groups in groups */

bool
ks_names_reserve(void *items, size_t count, size_t *max, size_t size)
{
	size_t want = *max ? *max * 2 : 64;
	void *grown;

	if (count < *max)
		return true;
	memcpy(&grown, items, sizeof(grown));
	grown = realloc(grown, want * size);
	if (!grown)
		return false;
	memcpy(items, &grown, sizeof(grown));
	*max = want;
	return true;
}

static void
fold(struct byteset *set)
{
	for (unsigned i = 0; i < 26; i++) {
		uint8_t b = (uint8_t)('a' + i), capital = (uint8_t)('A' + i);

		if (byteset_has(set, b))
			byteset_add(set, capital);
		else if (byteset_has(set, capital))
			byteset_add(set, b);
	}
}

static void
negate(struct byteset *set)
{
	for (int i = 0; i < 4; i++)
		set->words[i] = ~set->words[i];
}

/* The bytes of a bracket expression. Folding goes before '^'. */
static int
parse_brackets(struct part text, bool folds, struct byteset *ret_set)
{
	bool is_negated = text.from[1] == '^';

	if (ks_byteset_parse(text.from + 1, (size_t)(text.to - text.from) - 2, ret_set))
		return NAME_UNSUITED;
	if (is_negated)
		negate(ret_set);
	if (folds)
		fold(ret_set);
	if (is_negated)
		negate(ret_set);
	return KS_OK;
}

/* The bytes of an element that is no group. */
static int
parse_set(struct part text, bool folds, struct byteset *ret_set)
{
	char c = *text.from;

	*ret_set = (struct byteset){ { 0 } };
	if (c == '[' && text.to - text.from > 2)
		return parse_brackets(text, folds, ret_set);
	if (c == '.') {
		negate(ret_set);
		return KS_OK;
	}
	if (c == '\\' && text.to - text.from == 2 && !isalnum((unsigned char)text.from[1]))
		c = text.from[1];
	else if (strchr("\\^$*+?{}[]()|", c))
		return NAME_UNSUITED;
	byteset_add(ret_set, (uint8_t)c);
	if (folds)
		fold(ret_set);
	return KS_OK;
}

/* An alternative whose last unit is last. */
static struct name_alternative
make_alternative(const struct names *names, uint32_t last, uint32_t next)
{
	struct name_alternative a = { .may_be_empty = true, .last = last, .next = next };

	for (uint32_t i = last; i != NONE; i = names->units[i].before) {
		if (a.may_be_empty)
			byteset_add_all(&a.ends, &names->units[i].ends);
		a.may_be_empty = a.may_be_empty && names->units[i].may_be_empty;
		a.is_wide = a.is_wide || names->units[i].is_wide;
	}
	return a;
}

int
ks_names_add_filter(struct names *names, uint32_t *ret_filter)
{
	if (!ks_names_reserve(&names->filters, names->filter_count, &names->filter_max,
	                      sizeof(*names->filters)))
		return KS_ERROR_MEMORY;
	memset(&names->filters[names->filter_count], 0, sizeof(*names->filters));
	*ret_filter = (uint32_t)names->filter_count++;
	return KS_OK;
}

void
ks_names_fill_filter(struct name_filter *filter, unsigned bit, const struct byteset *ends,
                     bool may_be_empty)
{
	uint64_t all = ends->words[0] | ends->words[1] | ends->words[2] | ends->words[3];
	uint32_t numbers = may_be_empty ? UINT32_MAX : (uint32_t)(all | all >> 32);

	for (; numbers; numbers &= numbers - 1)
		filter->bits[__builtin_ctz(numbers)] |= UINT64_C(1) << bit;
}

/* What is known of a group's end is known of its alternatives. */
static int
join_ends(struct names *names, struct name_unit *unit)
{
	unsigned bit = 0;

	if (unit->group == NONE)
		return KS_OK;
	if (ks_names_add_filter(names, &unit->filter) != KS_OK)
		return KS_ERROR_MEMORY;
	for (uint32_t i = unit->group; i != NONE; i = names->alternatives[i].next) {
		struct name_alternative *a = &names->alternatives[i];

		a->bit = (uint8_t)(bit++ % 64);
		byteset_add_all(&unit->ends, &a->ends);
		unit->has_empty = unit->has_empty || a->may_be_empty;
		unit->is_wide = unit->is_wide || a->is_wide;
		ks_names_fill_filter(&names->filters[unit->filter], a->bit, &a->ends,
		                     a->may_be_empty);
	}
	return KS_OK;
}

static int parse_unit(struct names *names, const struct repeat *repeat, bool folds, unsigned depth,
                      uint32_t *ret_unit);

/* One alternative: its units in a row. */
static int
parse_sequence(struct names *names, struct part part, bool folds, unsigned depth,
               uint32_t *ret_last)
{
	struct repeat repeat;

	*ret_last = NONE;
	for (const char *p = part.from; p < part.to; p = repeat.text.to) {
		uint32_t unit = NONE;
		int r;

		repeat = ks_expression_unit((struct part){ p, part.to });
		r = parse_unit(names, &repeat, folds, depth, &unit);
		if (r != KS_OK)
			return r;
		names->units[unit].before = *ret_last;
		*ret_last = unit;
	}
	return KS_OK;
}

static int
parse_alternatives(struct names *names, struct part part, bool folds, unsigned depth,
                   uint32_t *ret_first)
{
	for (;; part.from++) {
		const char *end = ks_expression_alternative(part, NULL);
		uint32_t last = NONE;
		int r = parse_sequence(names, (struct part){ part.from, end }, folds, depth, &last);

		if (r == KS_OK &&
		    !ks_names_reserve(&names->alternatives, names->alternative_count,
		                      &names->alternative_max, sizeof(*names->alternatives)))
			r = KS_ERROR_MEMORY;
		if (r != KS_OK)
			return r;
		names->alternatives[names->alternative_count] = make_alternative(names, last,
		                                                                 *ret_first);
		*ret_first =
			(uint32_t)names->alternative_count++; /* all are followed, in any order */
		part.from = end;
		if (end == part.to)
			return KS_OK;
	}
}

static int
parse_group(struct names *names, struct part part, bool folds, unsigned depth, uint32_t *ret_first)
{
	const char *inner = ks_expression_group(part.from);
	struct part flags = { part.from + 2, inner };

	if (!inner || depth == DEPTH_MAX)
		return NAME_UNSUITED;
	if (part.from[1] == '?' && strncmp(flags.from, "i:", 2) == 0)
		folds = true;
	else if (part.from[1] == '?' && *flags.from != ':')
		return NAME_UNSUITED;
	return parse_alternatives(names, (struct part){ inner, part.to - 1 }, folds, depth + 1,
	                          ret_first);
}

static int
parse_unit(struct names *names, const struct repeat *repeat, bool folds, unsigned depth,
           uint32_t *ret_unit)
{
	struct name_unit unit = { .group = NONE, .before = NONE };
	struct part element = { repeat->text.from, repeat->element_end };
	int r;

	if (repeat->max > NAME_WIDTH_MAX || repeat->min > repeat->max)
		return NAME_UNSUITED;
	unit.min = (uint8_t)repeat->min;
	unit.max = (uint8_t)repeat->max;
	r = *element.from == '(' ? parse_group(names, element, folds, depth, &unit.group)
	                         : parse_set(element, folds, &unit.ends);
	if (r == KS_OK && !ks_names_reserve(&names->units, names->unit_count, &names->unit_max,
	                                    sizeof(*names->units)))
		r = KS_ERROR_MEMORY;
	if (r != KS_OK)
		return r;
	if (unit.group == NONE)
		unit.is_wide = byteset_has(&unit.ends, 0x80);
	if (join_ends(names, &unit) != KS_OK)
		return KS_ERROR_MEMORY;
	unit.may_be_empty = unit.min == 0 || unit.has_empty;
	*ret_unit = (uint32_t)names->unit_count++;
	names->units[*ret_unit] = unit;
	return KS_OK;
}

int
ks_names_parse_unit(struct names *names, const struct repeat *repeat, bool folds,
                    uint32_t *ret_unit)
{
	return parse_unit(names, repeat, folds, 0, ret_unit);
}
