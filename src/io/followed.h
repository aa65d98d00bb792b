/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A followed path, or a file that was at one: which file is to be read now, and which come after it.
 *
 *     parts   | done | done | being read | waiting | waiting: at the path |
 *
 * A file is read until the next one has begun (there are bytes in it, or another one after it) and then
 * once more to its end. So whoever writes to one file at a time loses nothing and waits for nothing. The
 * file is handed out then, for those who still write to it: see ks_followed_take_left().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "part.h"
#include "renames.h"
#include "watch.h"

/* What ks_followed_read() returns. */
enum { FOLLOWED_IDLE = 0, FOLLOWED_DATA = 1, FOLLOWED_SWITCHED = 2 };

/* A name that is looked up on the way to the file. */
struct followed_step {
	int id; /* the watch of the directory; negative: not watched */
	char *name;
};

struct followed {
	char *path;   /* as it was named */
	bool is_late; /* nothing is looked for at the path any more: there is one part */
	struct part *parts;
	size_t count, reading; /* reading == count: nothing is there to be read */
	struct followed_step *steps;
	size_t step_count;
	char *directory; /* of the last step */
	struct renames renames;
	struct part left; /* the part that was switched from; fd -1: none */
	int error;        /* errno of the last look at the path; 0: something is there */
	bool must_look, must_walk, must_read;
	bool is_away;    /* another file is at the path, which is not to be read here */
	bool has_gap;    /* the next part that is added has, and stands at ... */
	uint64_t place;  /* ... this place in the source, if it has none */
	bool must_break; /* what comes is of another file than what came */
	uint64_t end;    /* the place in the source up to which the parts that are done go */
	double active;   /* seconds of the clock when there were bytes */
};

/* Seconds of the monotonic clock. */
double ks_followed_clock(void);

/* Returns 0 or -ENOMEM. ks_followed_done() is right after both. */
int ks_followed_init(struct followed *followed, const char *path);
void ks_followed_done(struct followed *followed, struct watch *watch);

/* ------------------------------------------------------------ what is at the path ---- */

/*
 * A name is told to have come to be at the path, in a directory that is watched as id: what becomes of it is followed from
 * here, before anybody walks to it. Can be called from a watch_fn. Errors: -ENOMEM.
 */
int ks_followed_expect(struct followed *followed, struct watch *watch, int id);

/*
 * Something has changed somewhere. is_had: the file that has got a name is another path's already. Errors:
 * -ENOMEM.
 */
int ks_followed_note(struct followed *followed, const struct watch_event *event, bool is_had);

/* Is it about a name of a file that is or will be read here? To be asked before the change is noted. */
bool ks_followed_owns(const struct followed *followed, const struct watch_event *event);

/* Watch the way to the path, if that has changed. */
void ks_followed_walk(struct followed *followed, struct watch *watch);

/*
 * What is at the path now? Returns a descriptor that is good for ks_file_identity_is_inode() if it is a
 * file that is not among the parts; or -1, and sets followed->error.
 */
int ks_followed_look(struct followed *followed);

/* Does one of the parts that are open have this file? */
bool ks_followed_has(const struct followed *followed, const struct file_identity *file);

/* Open the file at the path. Returns 0 or a negative errno. */
int ks_followed_open(struct followed *followed, struct watch *watch, struct part *ret_part);
/*
 * Read it after all others; or if it is the last one, which was closed, read on in that. Takes part, also on errors.
 * Errors: -ENOMEM.
 */
int ks_followed_add(struct followed *followed, struct watch *watch, struct part *part);

/* -------------------------------------------------------------------- reading ---- */

/*
 * FOLLOWED_DATA: *ret_len bytes more of the source, which may be 0. FOLLOWED_SWITCHED: what comes is of another file.
 * FOLLOWED_IDLE: that was all, until something changes. Or a negative errno.
 */
int ks_followed_read(struct followed *followed, struct watch *watch, uint8_t *buf, size_t size,
                     size_t *ret_len);

/*
 * Take the file that was switched from: others may still write to it. Returns false if there is none, which
 * is so if it was cut.
 */
bool ks_followed_take_left(struct followed *followed, struct part *ret_part);

/*
 * The file that is read cannot be read on, and another one waits behind it: this one is to be taken by
 * ks_followed_take_left(), also if there is more in it, which is then a gap. Returns FOLLOWED_SWITCHED or -ENOMEM.
 */
bool ks_followed_can_leave(const struct followed *followed);
int ks_followed_leave_part(struct followed *followed, struct watch *watch);

/*
 * Close the file that is read: nobody writes to it, and it is gone from the path; or it cannot be read now. Who adds it again,
 * at the place where it was closed, goes on there, in the middle of a line too.
 */
void ks_followed_close(struct followed *followed, struct watch *watch);

/* Forget the parts that hold nothing of the source from 'from' on, but not the last one. */
void ks_followed_forget(struct followed *followed, uint64_t from);

/* Has the part that is read now a gap before it? Tells it once. */
bool ks_followed_take_gap(struct followed *followed);

/* Bytes of all parts that are there to be read now. */
uint64_t ks_followed_waiting(const struct followed *followed);

/* The place in the source up to which it was read. */
uint64_t ks_followed_position(const struct followed *followed);

/* ------------------------------------------------------- between its own modules ---- */

/* followed_way.c: the way is watched no more. */
void ks_followed_leave(struct followed *followed, struct watch *watch);
