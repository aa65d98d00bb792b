/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two sets of numbers; when the young one is half full the old one is forgotten, and the young one becomes the old
 * one. So nothing is ever taken out of a set. A fingerprint is a keyed hash: whoever writes logs cannot choose it.
 */
#include "seen.h"

#include <stdlib.h>
#include <string.h>

#define SLOTS ((size_t)2 * SEEN_HALF)

struct seen {
	uint64_t slots[2][SLOTS]; /* 0: free */
	unsigned young;           /* 0 or 1 */
	unsigned count;           /* in the young set */
};

struct seen *
ks_seen_new(void)
{
	return calloc(1, sizeof(struct seen));
}

void
ks_seen_free(struct seen *seen)
{
	free(seen);
}

static uint64_t
number_of(const char *fingerprint)
{
	uint64_t hash = 0xcbf29ce484222325U; /* FNV-1a, mixed */

	for (; *fingerprint; fingerprint++)
		hash = (hash ^ (unsigned char)*fingerprint) * 0x100000001b3U;
	hash ^= hash >> 32;
	return hash ? hash : 1;
}

/* Where number is in the set, or would be. */
static size_t
place_of(const uint64_t *slots, uint64_t number)
{
	size_t i = number % SLOTS;

	while (slots[i] != 0 && slots[i] != number)
		i = (i + 1) % SLOTS;
	return i;
}

static bool
has(const uint64_t *slots, uint64_t number)
{
	return slots[place_of(slots, number)] != 0;
}

bool
ks_seen_has(const struct seen *seen, const char *fingerprint)
{
	uint64_t number = number_of(fingerprint);

	return has(seen->slots[0], number) || has(seen->slots[1], number);
}

void
ks_seen_add(struct seen *seen, const char *fingerprint)
{
	uint64_t number = number_of(fingerprint), *slot;

	if (seen->count == SEEN_HALF) {
		seen->young = !seen->young;
		seen->count = 0;
		memset(seen->slots[seen->young], 0, sizeof(seen->slots[0]));
	}
	slot = &seen->slots[seen->young][place_of(seen->slots[seen->young], number)];
	seen->count += *slot == 0;
	*slot = number;
}
