/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns come into order. */
#pragma once

#include "known_speller.h"
#include "known_spelling.h"

/* Room for a pattern that is spelled whole. */
#define SPELLED_SIZE ((KNOWN_PATTERN_MAX + SPELLING_UNIT_MAX + 7U) & ~(size_t)7U)
/* In the room for these, patterns are spelled that begin alike. */
#define ORDER_SIZE (24 * SPELLED_SIZE)

/*
 * Sort known->patterns by their bytes, drop those that are spelled like another one (that of the earlier text stays), and link each
 * with the longest that it begins with. room: ORDER_SIZE bytes, in known_memory.
 */
void ks_known_order(struct ks_known *known, struct known_speller *speller, uint8_t *room);
