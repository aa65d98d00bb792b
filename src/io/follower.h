/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Following files: all sources, where they come from, and whose turn it is.
 *
 * Who drives it waits until ks_follower_fd() can be read or a second has passed, calls
 * ks_follower_wake(), and then ks_follower_turn() as long as it has something to do.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "checkpoint.h"
#include "pattern.h"
#include "source.h"

enum follower_note {
	FOLLOWER_WAITS,  /* there is no such file yet */
	FOLLOWER_FAILED, /* error: it cannot be read */
	FOLLOWER_READS,  /* it can now */
	FOLLOWER_LOST,   /* a file that was at the path was gone before it could be read */
	FOLLOWER_GONE,   /* what an earlier run had not read to its end is not there any more */
	FOLLOWER_FULL /* a file that matches a pattern is one too many; told once, until there is room again */
};

typedef void (*follower_note_fn)(void *ctx, enum follower_note note, const char *path, int error);

struct follower_options {
	char **paths; /* files and patterns, ended by NULL; borrowed */
	enum ks_frame frame;
	bool from_start;    /* also of files that are there now */
	bool is_unfinished; /* the output ends in the middle of a line of an earlier run */
	ks_sink_fn write;   /* the output */
	void *write_ctx;
	follower_note_fn note;
	void *note_ctx;
	bool (*refuses)(void *ctx, int fd); /* files that must not be read: keysieve's own */
	void *refuses_ctx;
	const struct meter *meter; /* borrowed; NULL: nothing is measured */
};

/* A file that was read to its end, or as far as anybody wrote to it. */
struct past_file {
	struct file_identity identity;
	uint64_t position;
	double seen; /* when it was at a path; seconds of the clock */
};

struct follower {
	struct follower_options options;
	struct masker *masker;
	struct watch *watch;
	struct interleave interleave;
	struct source **sources;
	size_t count, next; /* whose turn is next */
	struct pattern *patterns;
	size_t pattern_count;
	struct past_file *past; /* all that are at a path, and some more */
	size_t past_count, past_size;
	struct checkpoint kept; /* sources of an earlier run that are not followed in this one */
	double looked, cleaned; /* when all was looked at, and what is over closed */
	uint64_t looked_at;     /* as the former, in nanoseconds since 1970 */
	/*
	 * The same of an earlier run: files that were born since are read from their start. 0: there was none.
	 */
	uint64_t last_look;
	uint32_t had;    /* the cookie of a file that has just left its name, and is somebody's */
	bool is_full;    /* it was told */
	bool is_started; /* a file that appears now is read from its start */
	uint64_t bytes;  /* of sources that are over */
	uint8_t *buffer;
};

/*
 * saved: what an earlier run left, or NULL. Borrowed until return, but for what is in options.
 * ks_follower_done() is right after both. Returns 0, or a negative errno.
 */
int ks_follower_init(struct follower *follower, const struct follower_options *options,
                     struct masker *masker, const struct checkpoint *saved);
void ks_follower_done(struct follower *follower);

/* To wait on; or -1. */
int ks_follower_fd(const struct follower *follower);

/* Take what has changed; look at everything if a second has passed. Returns 0 or a negative errno. */
int ks_follower_wake(struct follower *follower);

/* The same, and look at everything in any case. */
int ks_follower_wake_all(struct follower *follower);

/*
 * One piece of one source. Returns 1 if there was one, 0 if there is nothing to do, or an enum
 * ks_status; KS_ERROR_SINK if the output failed.
 */
int ks_follower_turn(struct follower *follower);

/*
 * Close files that are gone from their path and that nobody has written to for a minute. To be called often.
 * Returns an enum ks_status.
 */
int ks_follower_clean(struct follower *follower);

/* Mask with other rules, each source as soon as it can. The former are in use as long as they have users. */
void ks_follower_change(struct follower *follower, struct masker *masker);

/*
 * From now on let the output come to the end of a line: is it at one? Then it may be changed for another. It
 * takes as long as somebody's line takes.
 */
bool ks_follower_hold(struct follower *follower);
/* No longer. Returns an enum ks_status. */
int ks_follower_resume(struct follower *follower);

/* No more will be read: mask what is undecided, and write all. Returns an enum ks_status. */
int ks_follower_stop(struct follower *follower);

/* Can none of the named files ever be read: are all directories, or forbidden? */
bool ks_follower_is_hopeless(const struct follower *follower);
/* Is there a named file that cannot be read now, other than one that is not there? */
bool ks_follower_has_failed(const struct follower *follower);

/*
 * Tell, of each file that is followed, how many of its bytes are not in the output yet. is_late: a file that was at the
 * path before. Returns how many of all were read already.
 */
typedef void (*follower_lag_fn)(void *ctx, const char *path, uint64_t bytes, bool is_late);
uint64_t ks_follower_lag(const struct follower *follower, follower_lag_fn tell, void *ctx);

/* Bytes that were read. */
uint64_t ks_follower_bytes(const struct follower *follower);
/* Bytes that are there to be read now. */
uint64_t ks_follower_waiting(const struct follower *follower);

/*
 * The positions of all sources, for a checkpoint, which is empty before. Those that are not needed any more are
 * forgotten. Returns 0, or -ENOMEM.
 */
int ks_follower_record(struct follower *follower, struct checkpoint *ret_checkpoint);

/* ------------------------------------------------------- between its own modules ---- */

#define FOLLOWER_CHUNK   (128U << 10) /* that is read at once */
#define FOLLOWER_CONTEXT (32U << 10)  /* that is read before the place where a file is begun */

/* A source more, at the end. Returns NULL when memory is out. */
struct source *ks_follower_add(struct follower *follower, const char *path, bool is_late);
/* The one that follows the path; or NULL. */
struct source *ks_follower_find(const struct follower *follower, const char *path);
/* The file of part is read no more. What is added to it is for whoever finds it at a path. */
void ks_follower_remember(struct follower *follower, const struct part *part);
/* Is it such a file? Returns NULL if not. Valid until another is remembered. */
const struct past_file *ks_follower_find_past(struct follower *follower,
                                              const struct file_identity *file);

/*
 * follower_look.c: what is at the path of a source now? And what matches the patterns? 0 or -ENOMEM.
 */
int ks_follower_look(struct follower *follower, struct source *source);
int ks_follower_look_patterns(struct follower *follower, bool is_all);
/*
 * A source for a path that matches a pattern, if it has none and there is room; else NULL is given. Returns 0 or -ENOMEM.
 */
int ks_follower_add_match(struct follower *follower, const char *path, struct source **ret_source);
/* Is a regular file at the path now? */
bool ks_follower_is_file(const char *path);
/* Files that are known by changes of names only, of which some were opened. Returns 0 or -ENOMEM. */
int ks_follower_add_unseen(struct follower *follower, struct source *source);
/*
 * The source begins with part, in the middle of its file. What stands before is masked too, and not written: a
 * key whose first half is before that place is masked in its second.
 */
void ks_follower_begin(struct follower *follower, struct source *source, struct part *part);

/* follower_events.c: take the changes that are waiting. Returns their number, or -ENOMEM. */
int ks_follower_take(struct follower *follower);
/* Open what names tell of, as soon as they stand still, to be read by its sources. Returns 0 or -ENOMEM. */
int ks_follower_take_unseen(struct follower *follower);

/* follower_state.c: begin with the sources of an earlier run. Returns 0 or -ENOMEM. */
int ks_follower_restore(struct follower *follower, const struct checkpoint *saved);
