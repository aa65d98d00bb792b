/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where in a text could a pattern begin? Of a text only every step-th place is looked at, and it is looked
 * for the step grams that begin in one block of each pattern: one of them is at such a place.
 *
 *     pattern    . . . .[g r a m s h e r e]. . . . . .
 *                       '- block -'
 *     text     . . . . . . . . . . . . . . . . . . . . .
 *              ^       ^       ^       ^       ^           places that are looked at
 *
 * Where all blocks have token bytes only, a place counts only if it is in a run of as many token bytes as a block has: of a log
 * few are, and no memory is asked about the others.
 */
#pragma once

#include "known_grams.h"

#define KNOWN_VIEW_MAX 16U

/* A block begins so many bytes behind its pattern's beginning, at most. */
#define BLOCK_OFFSET_MAX 64U
#define BLOCK_LEN_MAX    31U /* of the longest step and view */
#define BLOCK_TOKEN_MIN  23U /* token bytes that make a block of a filter for tokens */

/* Letters, digits, "-" and "_": what most values are made of. */
static inline bool
ks_known_is_token(uint8_t byte)
{
	return (uint8_t)((byte | 0x20) - 'a') < 26 || (uint8_t)(byte - '0') < 10 || byte == '-' ||
	       byte == '_';
}

struct known_filter {
	unsigned step; /* 4..16; 0: there are no patterns */
	unsigned
		view; /* bytes that are looked at at a place: a gram of 5 to 8, or with tokens up to 16 */
	bool is_of_tokens;
	uint64_t gram_mask; /* of eight bytes those of a gram */
	struct known_grams grams;
	/* For a block's first 8 bytes: a part of their hash, and the block's offset; 0: none. */
	uint32_t *slots;
	unsigned slots_log;
	size_t offset_max; /* of blocks */
};

/*
 * A filter for count patterns of shortest bytes or more, of which is_of_tokens says that all are token bytes: init, count all of them, open, add all of them. init and open return
 * false when memory is out.
 */
bool ks_known_filter_init(struct known_filter *filter, bool is_of_tokens, size_t count,
                          size_t shortest, bool *is_locked);
void ks_known_filter_done(struct known_filter *filter);

/* How many bytes of a pattern a block has. No pattern has fewer. */
static inline size_t
ks_known_block_len(const struct known_filter *filter)
{
	return filter->step + filter->view - 1;
}

/* A pattern's block, and 8 bytes more, whatever they are. */
void ks_known_filter_count(struct known_filter *filter, const uint8_t *block);
bool ks_known_filter_open(struct known_filter *filter, bool *is_locked);
/* The same, and where in the pattern the block is. */
void ks_known_filter_add(struct known_filter *filter, const uint8_t *block, size_t offset);

/* So many bytes at the end of a text, at most, are not looked at: what begins there is not found. */
static inline size_t
ks_known_filter_blind(const struct known_filter *filter)
{
	return filter->offset_max + filter->step + KNOWN_VIEW_MAX - 1;
}

/* Called with a place where a pattern may begin; more than once, and in no order. */
typedef void (*known_place_fn)(void *ctx, size_t at);
/* Find such places in text[from, len). */
void ks_known_filter_scan(const struct known_filter *filter, const uint8_t *text, size_t from,
                          size_t len, known_place_fn on_place, void *ctx);
