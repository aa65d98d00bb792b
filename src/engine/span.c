/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An ordered list of disjoint spans. Matches come in the order of their triggers' ends, so a new
 * span nearly always goes to the end of the list or merges with the last one.
 */
#include "span.h"

#include <string.h>

struct credit
ks_credit_min(struct credit a, struct credit b)
{
	if (a.rank != b.rank)
		return a.rank < b.rank ? a : b;
	if (a.from != b.from)
		return a.from < b.from ? a : b;
	return a.rule <= b.rule ? a : b;
}

struct known_credit
ks_known_credit_min(struct known_credit a, struct known_credit b)
{
	if (a.from != b.from)
		return a.from < b.from ? a : b;
	return a.text <= b.text ? a : b;
}

void
ks_span_list_merge(struct span_list *list, struct span span)
{
	struct span *items = list->items;
	size_t first = list->count, end, to = span.to;

	while (first > 0 && items[first - 1].to >= span.from)
		first--;
	for (end = first; end < list->count && items[end].from <= to; end++) {
		if (items[end].from == span.from)
			span.head = ks_credit_min(span.head, items[end].head);
		if (items[end].from < span.from) {
			span.from = items[end].from;
			span.head = items[end].head;
		}
		if (items[end].to > span.to)
			span.to = items[end].to;
		span.credit = ks_credit_min(span.credit, items[end].credit);
		span.known = ks_known_credit_min(span.known, items[end].known);
	}
	if (end != first + 1)
		memmove(items + first + 1, items + end, (list->count - end) * sizeof(*items));
	items[first] = span;
	list->count = list->count - (end - first) + 1;
}

static void
take_smaller(struct credit *credit, struct credit other)
{
	*credit = ks_credit_min(*credit, other);
}

/* Nearly all are behind the last one, or begin in it: where that is so nothing is copied. */
void
ks_span_list_add(struct span_list *list, size_t from, size_t to, struct credit credit)
{
	struct span *items = list->items, *last;
	size_t count = list->count;

	if (count == 0 || items[count - 1].to < from) {
		items[count] = (struct span){ from, to, credit, credit, KNOWN_CREDIT_OF_NONE };
		list->count++;
		return;
	}
	last = &items[count - 1];
	if (last->from > from) {
		ks_span_list_merge(list,
		                   (struct span){ from, to, credit, credit, KNOWN_CREDIT_OF_NONE });
		return;
	}
	if (last->from == from)
		take_smaller(&last->head, credit);
	take_smaller(&last->credit, credit);
	if (last->to < to)
		last->to = to;
}

void
ks_span_list_join(struct span_list *list, const struct span_list *other)
{
	struct span *mine = other->items - list->count;
	size_t i = 0, j = 0, count = list->count;

	if (other->count == 0)
		return;
	memmove(mine, list->items, count * sizeof(*mine));
	list->count = 0;
	while (i < count || j < other->count) {
		bool is_mine = j == other->count ||
		               (i < count && mine[i].from <= other->items[j].from);

		ks_span_list_merge(list, is_mine ? mine[i++] : other->items[j++]);
	}
}
