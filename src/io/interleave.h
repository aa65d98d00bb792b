/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several sources into one output, so that it changes from one to another only at the ends of lines, or of
 * the journal's entries.
 *
 * Each source has a lane, in which an unfinished line waits while others go on. One that is longer than the
 * limit, and every byte of a live lane, is written at once: then the output is that lane's until the
 * line ends, and nobody else may put anything.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keysieve.h"

struct lane;

struct interleave {
	ks_sink_fn write; /* 0, or what is returned by the calls here */
	void *ctx;
	struct lane *owner; /* in the middle of whose line the output is; or NULL */
	bool is_unfinished; /* the output ends with half a line that will not go on */
	size_t limit;       /* bytes of a line that wait at most */
	bool holds; /* live lanes wait for the ends of lines too, so that the output comes to one */
};

/* Borrows the interleave until the lane is freed. Returns NULL when memory is out. */
struct lane *ks_lane_new(struct interleave *interleave, bool is_live);
/* What waits in it is wiped. If the output is its, the line is unfinished. NULL is fine. */
void ks_lane_free(struct lane *lane);

/* The output ends in the middle of the lane's line. */
void ks_lane_take_output(struct lane *lane);

/* May the lane put something, or is another one's line being written? */
bool ks_lane_is_open(const struct lane *lane);

/*
 * Bytes of the source. by_lines: a line's end is one; else only ks_lane_end_entry() is. Returns 0,
 * KS_ERROR_MEMORY, or what write returns.
 */
int ks_lane_put(struct lane *lane, const uint8_t *data, size_t len, bool by_lines);
/* What was put ends with the end of an entry. */
int ks_lane_end_entry(struct lane *lane);
/* Write what waits: nothing comes that ends it. What others put begins a new line. */
int ks_lane_flush(struct lane *lane);

/* The interleave holds no more: write what waits in a live lane. */
int ks_lane_resume(struct lane *lane);

/* Bytes that were put and not written. */
size_t ks_lane_waiting(const struct lane *lane);
