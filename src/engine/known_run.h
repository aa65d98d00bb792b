/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where in a text could a pattern begin that has a long run of hexadecimal digits, "-" and "_"? Of a text only every
 * RUN_STEP-th place is looked at, and it is looked for the grams that begin at RUN_STEP places of each pattern, one behind the
 * other: one of them is at such a place.
 *
 *     pattern    . . . .[g r a m s h e r e]. . . . . .
 *     text     . . . . . . . . . . . . . . . . . . . . .
 *              ^       ^       ^       ^       ^           places that are looked at
 *
 * A place counts only if a view of such bytes begins there: of a log few do, and no memory is asked about the others. What else
 * patterns are made of has marks (known_mark.h).
 */
#pragma once

#include "known_bloom.h"
#include "known_slots.h"

#define RUN_STEP       8U
#define RUN_OFFSET_MAX 64U /* a run begins so many bytes behind its pattern's beginning, at most */
#define RUN_MAX        31U

/*
 * By the view: the longer it is and the more is asked of it, the fewer there are in a text. A run is view + RUN_STEP - 1 bytes, or
 * more. The first kind that a pattern has is its own.
 */
enum run_kind {
	RUN_TEXT_24, /* 24 bytes, every second one from 2 to 7: text in hexadecimal digits */
	RUN_ID_24,   /* 24 hexadecimal digits, "-" or "_": UUIDs too */
	RUN_TEXT_16,
	RUN_HEX_16, /* 16 hexadecimal digits */
	RUN_TEXT_8,
	RUN_HEX_8,
	RUN_KINDS,
	RUN_NONE = RUN_KINDS
};

struct known_run_set {
	struct known_bloom grams; /* all of each pattern */
	struct known_slots slots; /* of the first gram of each pattern */
};

struct known_runs {
	struct known_run_set sets[RUN_KINDS];
	uint8_t set_of[RUN_KINDS]; /* in which set patterns of a kind are */
};

struct known_run {
	enum run_kind kind; /* RUN_NONE: there is none */
	size_t offset;
};

/* The run by which a pattern is found: in the 64 bytes from offset on, which is RUN_OFFSET_MAX at most, of len at bytes. */
struct known_run ks_known_run_find(const uint8_t *bytes, size_t len, size_t offset);

/*
 * Open for so many patterns of each kind, then add all of them. open returns false when memory is out; done is right at any time, and
 * leaves none.
 */
void ks_known_runs_done(struct known_runs *runs);
bool ks_known_runs_open(struct known_runs *runs, const size_t counts[RUN_KINDS], bool *is_locked);
/* A pattern's run in its bytes. */
void ks_known_runs_add(struct known_runs *runs, const uint8_t *bytes, struct known_run run);

bool ks_known_runs_are_used(const struct known_runs *runs);
/*
 * Where the last bytes of text[from, len) begin that are not looked at: what begins there may not be found. A pattern whose run is not
 * all there has nothing but bytes of it up to the end.
 */
size_t ks_known_runs_blind(const struct known_runs *runs, const uint8_t *text, size_t from,
                           size_t len);

/* Find such places in text[from, len). */
void ks_known_runs_scan(const struct known_runs *runs, const uint8_t *text, size_t from, size_t len,
                        known_place_fn on_place, void *ctx);
