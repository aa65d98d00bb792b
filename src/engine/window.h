/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A window: the bytes of a stream that are looked at in one step.
 *
 *     buf   0          held                len
 *           |-- held --|------- new -------|
 *                            |-- settled --|  what may leave goes up to some point here
 */
#pragma once

#include "scratch.h"

/* A head at the end of a window whose lead goes on. */
struct open_lead {
	uint32_t rule;
	uint32_t count; /* bytes of the lead so far */
};

/* Carried from one window of a stream to the next. Positions count from the next window's start. */
struct carry {
	struct candidate *open; /* whose verdict is open, by end; grows to open_max */
	size_t open_count, open_max;
	struct span *spans; /* masked bytes that are still held */
	size_t span_count;
	struct open_lead *leads; /* room for every lead that can be open */
	size_t lead_count;
	uint64_t active;  /* classes of satisfied runs that reach the window's end */
	uint64_t waiting; /* and of those that reach its last byte, a '\' */
};

struct window {
	const struct ks_ruleset *set;
	struct ks_scratch *scratch;
	const uint8_t *buf;
	size_t held, len;
	uint64_t offset;        /* of buf[0] in the stream */
	bool is_last;           /* nothing follows */
	size_t candidate_count; /* in scratch->candidates: carried and new ones, by end */
	struct span_list spans;
	uint64_t active, waiting;
	size_t floor; /* bytes from here on are held */
};

/*
 * Resolve the window's candidates: on return w->spans are the masked bytes, w->floor is set, and
 * the candidates to carry stand in front of scratch->candidates, counted by w->candidate_count.
 * w->spans begins with the carried spans, w->active and w->waiting are the carried classes.
 */
void ks_window_resolve(struct window *w);
