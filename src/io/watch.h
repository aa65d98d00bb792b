/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Being told of changes: of names in directories, and of what is in files. A service, not a promise: some
 * file systems tell nothing, the number of watches is limited, and the kernel may drop what nobody takes.
 * Who needs to be sure looks for himself from time to time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct watch;

enum watch_change {
	WATCH_NAME_NEW,  /* the name has come to be: created, linked, or moved here */
	WATCH_NAME_GONE, /* it was removed, or moved away */
	WATCH_CONTENT,   /* the file was written or cut */
	WATCH_OVER,      /* nothing more will be told of id */
	WATCH_OVERFLOW   /* changes were dropped, of whatever */
};

struct watch_event {
	enum watch_change change;
	int id; /* of the directory or file */
	uint32_t
		cookie; /* the same for a name that has gone and the new one it has got; 0: not moved */
	const char *name;  /* in the directory; else "" */
	bool is_directory; /* the name is one's */
};

/* Borrows event until return. It must not use the watch, but to share what is watched, and to release that. */
typedef void (*watch_fn)(void *ctx, const struct watch_event *event);

/* Returns NULL when memory is out. Where there is no inotify, nothing is ever told. */
struct watch *ks_watch_new(void);
/* NULL is fine. */
void ks_watch_free(struct watch *watch);

/* To wait on for reading; or -1. */
int ks_watch_fd(const struct watch *watch);

/*
 * Watch a directory, or an open file. Returns an id, or a negative errno. Watching the same twice gives
 * the same id, which has to be released as often.
 */
int ks_watch_directory(struct watch *watch, const char *path);
int ks_watch_file(struct watch *watch, int fd);
/* One user more of what is watched already. Returns id, or a negative errno if it is not. */
int ks_watch_share(struct watch *watch, int id);
/* A negative id is fine. */
void ks_watch_release(struct watch *watch, int id);

/* Tell what has changed, in order, without waiting. Returns the number of changes. */
size_t ks_watch_take(struct watch *watch, watch_fn fn, void *ctx);
