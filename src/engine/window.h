/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A window: the bytes of a stream that are looked at in one step.
 *
 *     buf   0          held                len
 *           |-- held --|------- new -------|
 *                            |-- settled --|  what may leave goes up to some point here
 */
#pragma once

#include "boundary.h"
#include "macro.h"
#include "scratch.h"

/*
 * As many bytes before a window can matter: a trigger's boundary and the trigger, or a name's boundary,
 * the name and a separator, that reach into it.
 */
#define TEXT_BEFORE_MAX (BOUNDARY_WIDTH_MAX + 1U + TRIGGER_WIDTH_MAX)
_Static_assert(NAME_WIDTH_MAX + SEPARATOR_WIDTH_MAX <= TRIGGER_WIDTH_MAX,
               "a name is a trigger too");
_Static_assert(SEPARATOR_WIDTH_MAX <= UINT8_MAX, "so many bytes behind a noun can be counted");
_Static_assert(TEXT_BEFORE_MAX <= KS_LOOK_BACK, "no match to come begins before that");

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
	/* Nouns whose separators may go on: how many bytes came behind each. */
	uint8_t nouns[SEPARATOR_WIDTH_MAX];
	size_t noun_count;
	/* The last bytes before the next window, as they were. */
	uint8_t before[TEXT_BEFORE_MAX];
	size_t before_len;
	size_t given_up;    /* bytes of them, the last ones, that were masked undecided */
	uint64_t active;    /* classes of satisfied runs that reach the window's end */
	uint64_t waiting;   /* and of those that reach the escape that has begun there */
	size_t waiting_len; /* its bytes so far */
	/* Classes of runs that other rules have begun, and where in the stream these go on. */
	uint64_t resumed, resumed_at;
};

struct window {
	const struct ks_ruleset *set;
	struct ks_scratch *scratch;
	const uint8_t *buf;
	size_t held, len;
	const uint8_t *before; /* the bytes before buf[0], TEXT_BEFORE_MAX or all there were */
	size_t before_len;
	ks_allow_fn is_allowed; /* NULL: nothing is */
	void *allow_ctx;
	ks_attempt_fn on_attempt; /* NULL: not wanted */
	void *attempt_ctx;
	uint64_t offset;        /* of buf[0] in the stream */
	size_t given_up;        /* as in struct carry */
	bool is_last;           /* nothing follows */
	bool is_followed;       /* more follows in this very call */
	bool gives_up;          /* what is undecided is masked */
	size_t candidate_count; /* in scratch->candidates: carried and new ones, by end */
	struct span_list spans;
	uint64_t active, waiting;
	size_t waiting_len;
	uint64_t resumed; /* as in struct carry */
	size_t resumed_at;
	size_t floor; /* bytes from here on are held */
};

/*
 * Resolve the window's candidates: on return w->spans are the masked bytes, w->floor is set, and
 * the candidates to carry stand in front of scratch->candidates, counted by w->candidate_count.
 * w->spans begins with the carried spans, w->active and w->waiting are the carried ones. With
 * w->gives_up open runs are spans too, as far as they go, and no byte is held.
 */
void ks_window_resolve(struct window *w);

/*
 * The bytes [from, to) of the window, where from may lie before it; as far as they are known, so that
 * there are *ret_len of them, the last ones. They lie in the window, or in room, which has room for them.
 */
const uint8_t *ks_window_text(const struct window *w, ptrdiff_t from, ptrdiff_t to, uint8_t *room,
                              size_t *ret_len);
