/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where in a text could a pattern begin that has a long run of letters, digits, "-" and "_", as most have? Of a text only every
 * RUN_STEP-th place is looked at, and it is looked for the grams that begin in one block of each pattern: one of them is at such a
 * place.
 *
 *     pattern    . . . .[g r a m s h e r e]. . . . . .
 *                       '- block -'
 *     text     . . . . . . . . . . . . . . . . . . . . .
 *              ^       ^       ^       ^       ^           places that are looked at
 *
 * A place counts only if it is in a run of as many such bytes as a block has: of a log few are, and no memory is asked about
 * the others. It is the fastest filter that there is, but not for short values, nor for those with signs.
 */
#pragma once

#include "known_grams.h"

#define RUN_STEP       16U
#define RUN_VIEW_MAX   16U
#define RUN_MIN        23U /* bytes of a run, at least */
#define RUN_MAX        31U /* and at most: what is longer does not matter */
#define RUN_OFFSET_MAX 64U /* it begins so many bytes behind its pattern's beginning, at most */

struct known_runs {
	unsigned view; /* bytes that are looked at at a place, 8 to 16; 0: there are no patterns */
	struct known_grams grams;
	/* For a block's first 8 bytes: a part of their hash, and the block's offset; 0: none. */
	uint32_t *slots;
	unsigned slots_log;
	size_t offset_max; /* of blocks */
};

struct known_run {
	size_t offset, len;
};

/* The longest run of a pattern that begins in [offset, RUN_OFFSET_MAX]. */
struct known_run ks_known_run_find(const uint8_t *begin, size_t len, size_t offset);

/*
 * For count patterns or fewer: init, count all of them, open, add all of them. init and open return false when memory is out; done
 * is right at any time, and leaves none. shortest: bytes of runs, RUN_MIN to RUN_MAX.
 */
bool ks_known_runs_init(struct known_runs *runs, size_t count, bool *is_locked);
void ks_known_runs_done(struct known_runs *runs);
/* A pattern's run, and 8 bytes more, whatever they are. */
void ks_known_runs_count(struct known_runs *runs, const uint8_t *block);
bool ks_known_runs_open(struct known_runs *runs, size_t shortest, bool *is_locked);
/* The same, and where in the pattern the run begins. */
void ks_known_runs_add(struct known_runs *runs, const uint8_t *block, size_t offset);

/* So many bytes at the end of a text, at most, are not looked at: what begins there is not found. */
static inline size_t
ks_known_runs_blind(const struct known_runs *runs)
{
	return runs->offset_max + RUN_STEP + RUN_VIEW_MAX - 1;
}

/* Called with a place where a pattern may begin; more than once, and in no order. */
typedef void (*known_place_fn)(void *ctx, size_t at);
/* Find such places in text[from, len). */
void ks_known_runs_scan(const struct known_runs *runs, const uint8_t *text, size_t from, size_t len,
                        known_place_fn on_place, void *ctx);
