/* SPDX-License-Identifier: Apache-2.0 */
/* Spans of masked bytes, and the rule that each is credited to. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Which satisfied match a region is credited to: of two, the one with the smaller (rank, from,
 * rule). Merging takes the smaller, so the order in which matches are found does not matter.
 */
struct credit {
	uint64_t from; /* begin of the match's masked part in the stream */
	uint32_t rule;
	uint32_t rank; /* enum credit_rank */
};

enum credit_rank { CREDIT_PROVIDER, CREDIT_KNOWN, CREDIT_CARRIER, CREDIT_NONE };

#define CREDIT_OF_NONE ((struct credit){ .from = UINT64_MAX, .rank = CREDIT_NONE })

/* The first known value in a region: of two, the one with the smaller (from, text). */
struct known_credit {
	uint64_t from; /* begin in the stream */
	uint32_t text;
	size_t number; /* 0: there is none */
};

#define KNOWN_CREDIT_OF_NONE ((struct known_credit){ .from = UINT64_MAX })

struct span {
	size_t from, to; /* in the window */
	struct credit credit;
	struct credit head; /* the same, of the rules' matches alone that begin at from */
	struct known_credit known;
};

/*
 * Spans in order, none touching another:
 *
 *     window   . . . # # # # . . # # # . . .
 *     items          '- 0 -'     '-1-'
 */
struct span_list {
	struct span *items;
	size_t count;
};

struct credit ks_credit_min(struct credit a, struct credit b);
struct known_credit ks_known_credit_min(struct known_credit a, struct known_credit b);

/*
 * Add a span, not empty, merging it with what it overlaps or touches. There must be room for one more
 * item.
 */
void ks_span_list_merge(struct span_list *list, struct span span);

/* The same with [from, to), which a rule's match masks. */
void ks_span_list_add(struct span_list *list, size_t from, size_t to, struct credit credit);

/*
 * Add all of other, which stands behind list in one array, with room for as many items as it has between them.
 * Takes time for both, however they lie.
 */
void ks_span_list_join(struct span_list *list, const struct span_list *other);
