/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A set of places in the text is a word: bit k is the place k bytes before the noun's end. A part of an expression
 * takes the places at which it can end to those at which it can begin. So nothing is ever tried twice, whatever
 * stands in the text, and all names that end alike are followed as one.
 */
#include "name_tree.h"

struct search {
	const struct names *names;
	const uint8_t *end; /* of the text */
	size_t len;
	uint64_t inside; /* places that have a byte before them */
	uint64_t heads;  /* that are in the text */
	uint64_t looked; /* places the byte before which was looked at */
	size_t depth;    /* bytes at the end that boundaries depend on */
	uint32_t *rules;
	size_t count;
};

static uint64_t match_repeat(struct search *s, const struct name_unit *unit, uint64_t places);

static inline bool
is_behind(const struct search *s, const struct byteset *set, int place)
{
	return byteset_has(set, s->end[-1 - place]);
}

/* Those of places that have a byte of set before them. */
static inline uint64_t
those_behind(struct search *s, const struct byteset *set, uint64_t places)
{
	uint64_t those = 0;

	s->looked |= places;
	for (places &= s->inside; places; places &= places - 1) {
		int k = __builtin_ctzll(places);

		those |= (uint64_t)is_behind(s, set, k) << k;
	}
	return those;
}

/* The places at which the unit can begin if it ends at one of places. */
static inline uint64_t
match_unit(struct search *s, const struct name_unit *unit, uint64_t places)
{
	if (unit->group == NONE && unit->min == 1 && unit->max == 1)
		return those_behind(s, &unit->ends, places) << 1;
	return match_repeat(s, unit, places);
}

/* A set that repeats. */
static uint64_t
match_run(struct search *s, const struct name_unit *unit, uint64_t places)
{
	uint64_t to = unit->min == 0 ? places : 0;

	for (; places; places &= places - 1) {
		int first = __builtin_ctzll(places), k = first;

		s->looked |= UINT64_C(1) << first;
		while (k - first < unit->max && s->inside >> k & 1 &&
		       is_behind(s, &unit->ends, k)) {
			k++;
			to |= (uint64_t)(k - first >= unit->min) << k;
			s->looked |= UINT64_C(1) << k;
		}
	}
	return to;
}

/* Who of those in a filter can end at one of places? All: at the text's beginning only what is empty can. */
static inline uint64_t
those_ending(struct search *s, uint32_t filter, uint64_t places)
{
	const uint64_t *bits = s->names->filters[filter].bits;
	uint64_t those = places & ~s->inside ? UINT64_MAX : 0;

	s->looked |= places;
	for (places &= s->inside; places; places &= places - 1)
		those |= bits[s->end[-1 - __builtin_ctzll(places)] & 31];
	return those;
}

static uint64_t
match_group(struct search *s, const struct name_unit *unit, uint64_t places)
{
	const struct names *names = s->names;
	const struct name_alternative *a;
	uint64_t to = 0, those = those_ending(s, unit->filter, places);

	for (uint32_t number = unit->group; number != NONE; number = a->next) {
		uint64_t here = places;

		a = &names->alternatives[number];
		if (!(those >> a->bit & 1))
			continue;
		for (uint32_t i = a->last; i != NONE && here; i = names->units[i].before)
			here = match_unit(s, &names->units[i], here);
		to |= here;
	}
	return to;
}

/* A group that repeats. */
static uint64_t
match_groups(struct search *s, const struct name_unit *unit, uint64_t places)
{
	uint64_t to = unit->min == 0 ? places : 0;

	for (unsigned n = 1; n <= unit->max && places; n++) {
		places = match_group(s, unit, places);
		if (n >= unit->min) {
			places &= ~to; /* what was reached with fewer has been followed further */
			to |= places;
		}
	}
	return to;
}

static uint64_t
match_repeat(struct search *s, const struct name_unit *unit, uint64_t places)
{
	return unit->group != NONE ? match_groups(s, unit, places) : match_run(s, unit, places);
}

static bool
is_found(const struct search *s, uint32_t rule)
{
	for (size_t i = 0; i < s->count; i++) {
		if (s->rules[i] == rule)
			return true;
	}
	return false;
}

static bool
may_begin(struct search *s, enum ks_boundary boundary, uint64_t places)
{
	for (; places; places &= places - 1) {
		size_t k = (size_t)__builtin_ctzll(places), depth;

		depth = k + ks_boundary_depth(boundary, s->end - s->len, s->len - k);
		if (s->depth < depth)
			s->depth = depth;
		if (ks_boundary_allows(boundary, s->end - s->len, s->len - k))
			return true;
	}
	return false;
}

/* Names that begin at places with the unit of node; and then what may stand before it. */
static void
follow(struct search *s, uint32_t number, uint64_t places)
{
	const struct names *names = s->names;
	const struct name_node *node = &names->nodes[number];
	uint64_t those;

	for (uint32_t i = node->end; i != NONE; i = names->ends[i].next) {
		const struct name_end *end = &names->ends[i];

		if (may_begin(s, end->boundary, places) && !is_found(s, end->rule))
			s->rules[s->count++] = end->rule;
	}
	those = node->child == NONE ? 0 : those_ending(s, node->filter, places);
	for (uint32_t i = node->child; i != NONE; i = names->nodes[i].next) {
		uint64_t before = 0;

		if (those >> names->nodes[i].bit & 1 && names->nodes[i].heads & s->heads)
			before = match_unit(s, &names->units[names->nodes[i].unit], places);
		if (before)
			follow(s, i, before);
	}
	s->looked |= node->table ? places : 0;
	for (places &= node->table ? s->inside : 0; places; places &= places - 1) {
		int k = __builtin_ctzll(places);
		uint32_t child = names->tables[node->table - 1][s->end[-1 - k]];

		if (child && names->nodes[child].heads & s->heads)
			follow(s, child, UINT64_C(2) << k);
	}
}

struct name_stretch
ks_names_stretch(const struct names *names, const uint8_t *text, size_t len)
{
	size_t max = len < NAME_WIDTH_MAX ? len : NAME_WIDTH_MAX;
	struct name_stretch stretch = { .heads = 1 }; /* that of names without */
	const uint8_t *end = text + len;

	while (stretch.len < max && byteset_has(&names->bytes, end[-1 - (ptrdiff_t)stretch.len]))
		stretch.len++;
	for (const uint8_t *at = end - stretch.len; at + HEAD_WIDTH <= end; at++)
		stretch.heads |= UINT64_C(1) << names->heads[head_hash(at)];
	return stretch;
}

/* How many of the text's last bytes were looked at. */
static size_t
depth_of(const struct search *s)
{
	size_t looked = s->looked ? 64 - (size_t)__builtin_clzll(s->looked) : 0;

	return looked > s->depth ? looked : s->depth;
}

size_t
ks_names_find(const struct names *names, const uint8_t *text, size_t len,
              const struct name_stretch *stretch, uint32_t *ret_rules, size_t *ret_depth)
{
	struct search s = { .names = names,
		            .end = text + len,
		            .len = len,
		            .heads = stretch->heads,
		            .rules = ret_rules };

	s.inside = len < NAME_WIDTH_MAX ? (UINT64_C(1) << len) - 1 : UINT64_MAX >> 1;
	if (names->node_count)
		follow(&s, 0, 1);
	*ret_depth = depth_of(&s);
	return s.count;
}
