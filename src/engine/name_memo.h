/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names that were found last, by the text in which they were. A log has the same few settings again and again, and
 * to compare bytes takes a twentieth of the time that it takes to look for all names (docs/performance.md).
 */
#pragma once

#include "boundary.h"
#include "name.h"

/* The text in which a name is looked for, boundary included. */
#define NAME_TEXT_MAX (BOUNDARY_WIDTH_MAX + 1U + NAME_WIDTH_MAX)

#define NAME_MEMO_SETS  32U
#define NAME_MEMO_WAYS  4U
#define NAME_MEMO_RULES 8U /* what is the name of more rules is not remembered */

struct name_memory {
	uint64_t heads;              /* that were in its stretch */
	uint8_t text[NAME_TEXT_MAX]; /* as far as it matters: its last depth bytes, in front */
	uint8_t depth;               /* 0: nothing is remembered here */
	uint8_t count;
	uint32_t rules[NAME_MEMO_RULES];
};

/* Zero: nothing is remembered. For one set of names. */
struct name_memo {
	struct name_memory ways[NAME_MEMO_SETS][NAME_MEMO_WAYS];
	uint8_t oldest[NAME_MEMO_SETS];
};

/* What ks_names_find() finds, whose parameters these are. */
size_t ks_name_memo_find(struct name_memo *memo, const struct names *names, const uint8_t *text,
                         size_t len, uint32_t *ret_rules);
