/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of bytes, and their notation in rules. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct byteset {
	uint64_t words[4]; /* byte b is in the set if bit b % 64 of words[b / 64] is 1 */
};

static inline bool
byteset_has(const struct byteset *set, uint8_t b)
{
	return set->words[b >> 6] >> (b & 63) & 1;
}

static inline void
byteset_add(struct byteset *set, uint8_t b)
{
	set->words[b >> 6] |= UINT64_C(1) << (b & 63);
}

static inline void
byteset_add_all(struct byteset *set, const struct byteset *more)
{
	for (unsigned i = 0; i < 4; i++)
		set->words[i] |= more->words[i];
}

bool ks_byteset_equal(const struct byteset *a, const struct byteset *b);

/* Is every byte of part in whole? */
bool ks_byteset_within(const struct byteset *part, const struct byteset *whole);

/* Behind the ']' of the bracket expression that begins at p, a '['; NULL if it has none. */
const char *ks_byteset_end(const char *p);

/* Behind the element of an expression that begins at p: a bracket expression, an escape, or one byte. */
const char *ks_element_end(const char *p);

/*
 * Parse the inside of a bracket expression (docs/rules.md, "body"), which borrows text[0, len).
 * Returns NULL and fills *ret_set, or a constant text that says what is wrong.
 */
const char *ks_byteset_parse(const char *text, size_t len, struct byteset *ret_set);
