/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where in the text of the journal its entries end, and what their cursors are: of those that a restart may have
 * to begin with, and of those whose text has not come out yet.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct journal_entry_place {
	uint64_t begin, end; /* in the text */
	char *cursor;
	char *source; /* unit or container; NULL: not known */
};

/* All zero: none. In the order of the text, without gaps. */
struct journal_places {
	struct journal_entry_place *items;
	size_t first, count, max; /* items[first, first + count) */
};

void ks_journal_places_done(struct journal_places *places);

/* Another entry. Takes its texts, also when memory is out; then it returns false. */
bool ks_journal_places_add(struct journal_places *places, const struct journal_entry_place *entry);

/* Forget the entries that end at or before position, but the last of all. */
void ks_journal_places_drop(struct journal_places *places, uint64_t position);

/* The last entry that begins at or before position; NULL: there is none. Lent until the next call. */
const struct journal_entry_place *ks_journal_places_at(const struct journal_places *places,
                                                       uint64_t position);
