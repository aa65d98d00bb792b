/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A command of the user's that is run now and then with a text on its standard input. One runs at a time, some wait,
 * and nobody ever waits for them: who drives it calls ks_hook_tick() about every second.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is told of it; number is ... */
enum hook_note {
	HOOK_FAILED,  /* an errno: it cannot be run */
	HOOK_EXITED,  /* its exit status, which is not 0 */
	HOOK_KILLED,  /* the signal that ended it */
	HOOK_TIMEOUT, /* the seconds that it had: it was ended */
	HOOK_DONE     /* nothing: it went well */
};

typedef void (*hook_note_fn)(void *ctx, enum hook_note note, int number);

struct hook_options {
	const char *command;      /* for /bin/sh -c; borrowed */
	char *const *environment; /* borrowed */
	hook_note_fn note;
	void *note_ctx;
	unsigned waiting;         /* at most; 0: 16 */
	unsigned a_minute, burst; /* runs; 0: 10, and as many */
	unsigned seconds;         /* that it may run; 0: 30 */
};

struct hook;

/*
 * Begins the process that will run the command: before the sandbox closes, and before this process knows any secret.
 * Returns 0 or a negative errno.
 */
int ks_hook_new(const struct hook_options *options, struct hook **ret_hook);
/* What still runs is ended. NULL is fine. */
void ks_hook_free(struct hook *hook);

/* Would ks_hook_push() take a text? Only ks_hook_tick() makes room. */
bool ks_hook_has_room(const struct hook *hook);

/*
 * Run it with text, borrowed until return, on its standard input, now or later. Returns false if too many are
 * waiting. now is in milliseconds of the monotonic clock.
 */
bool ks_hook_push(struct hook *hook, const char *text, size_t len, uint64_t now);

/* See to what runs, and begin what can. */
void ks_hook_tick(struct hook *hook, uint64_t now);

/* Does anything run or wait? */
bool ks_hook_is_busy(const struct hook *hook);

/*
 * Nothing more will be pushed: run all that waits, however often that is, and wait for it, but so many seconds at
 * most. What is not done then is ended, or not begun. Returns the number of what was not begun.
 */
unsigned ks_hook_finish(struct hook *hook, unsigned seconds);
