/* SPDX-License-Identifier: Apache-2.0 */
/* See journal_places.h. They are kept in one piece of memory; what is dropped makes room when that is full. */
#include "journal_places.h"

#include <stdlib.h>
#include <string.h>

static void
forget(const struct journal_entry_place *entry)
{
	free(entry->cursor);
	free(entry->source);
}

void
ks_journal_places_done(struct journal_places *p)
{
	for (size_t i = 0; i < p->count; i++)
		forget(&p->items[p->first + i]);
	free(p->items);
	*p = (struct journal_places){ 0 };
}

/* Make room for one more. */
static bool
reserve(struct journal_places *p)
{
	struct journal_entry_place *grown;
	size_t max;

	if (p->first + p->count < p->max)
		return true;
	if (p->first > p->max / 2) {
		memmove(p->items, p->items + p->first, p->count * sizeof(*p->items));
		p->first = 0;
		return true;
	}
	max = p->max ? p->max * 2 : 64;
	grown = realloc(p->items, max * sizeof(*grown));
	if (!grown)
		return false;
	p->items = grown;
	p->max = max;
	return true;
}

bool
ks_journal_places_add(struct journal_places *p, const struct journal_entry_place *entry)
{
	if (!reserve(p)) {
		forget(entry);
		return false;
	}
	p->items[p->first + p->count++] = *entry;
	return true;
}

void
ks_journal_places_drop(struct journal_places *p, uint64_t position)
{
	while (p->count > 1 && p->items[p->first].end <= position) {
		forget(&p->items[p->first++]);
		p->count--;
	}
}

/* How many begin before position. */
static size_t
count_before(const struct journal_places *p, uint64_t position)
{
	size_t low = 0, high = p->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (p->items[p->first + middle].begin < position)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct journal_entry_place *
ks_journal_places_at(const struct journal_places *p, uint64_t position)
{
	size_t n = count_before(p, position + 1);

	return n > 0 ? &p->items[p->first + n - 1] : NULL;
}
