/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What ks_macro_separator matches, as an automaton with one state at a time. Its tables are made from the expression
 * when keysieve is built, by separator.py.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define SEPARATOR_START 1U /* 0: what came is no beginning of a separator */

extern const uint8_t ks_separator_classes[256];
extern const bool ks_separator_accepts[];
extern const uint16_t ks_separator_states[][64];

static inline unsigned
separator_step(unsigned state, uint8_t b)
{
	return ks_separator_states[state][ks_separator_classes[b]];
}

/* Is what came a separator? It may go on. */
static inline bool
separator_ends(unsigned state)
{
	return ks_separator_accepts[state];
}
