/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which call fails, and how: told in the environment by who runs the program.
 *
 *   KEYSIEVE_FAULT        KIND:FROM-TO:ERROR, the calls FROM to TO of that kind, from 1, fail with the errno ERROR
 *                         (a number), or "short": they do half of what was asked for
 *   KEYSIEVE_FAULT_PATH   of the kinds that work on files, only calls count whose path has this in it
 *   KEYSIEVE_FAULT_LOG    a file that is written when a call fails: "KIND NAME" and where from; and by SIGSEGV: "signal 11
 *                         in FILE VERSION after NAME", the file whose code it was, libhs's version, what failed last
 *   KEYSIEVE_FAULT_COUNTS a file that is written at the end: "KIND COUNT", one a line
 *
 * Calls count from the begin of main() to its end. Programs that are started are left alone.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum fault_kind {
	FAULT_ALLOC,
	FAULT_MAP,
	FAULT_READ,
	FAULT_WRITE,
	FAULT_SYNC,
	FAULT_RENAME,
	FAULT_OPEN,
	FAULT_STAT,
	FAULT_TRUNCATE,
	FAULT_LINK,
	FAULT_POLL,
	FAULT_THREAD,
	FAULT_WATCH, /* inotify */
	FAULT_MATCH, /* Hyperscan */
	FAULT_HASH,  /* libsodium */
	FAULT_CLOSE, /* it is closed all the same */
	FAULT_SOCKET,
	FAULT_START, /* of other programs */
	FAULT_TIMER,
	FAULT_CONTROL, /* fcntl, locks, owners, times */
	FAULT_JOURNAL, /* libsystemd */
	FAULT_KINDS
};

#define FAULT_SHORT (-1)

/* Does this call fail? Returns 0, the errno, or FAULT_SHORT. */
int fault_of(enum fault_kind kind, const char *name);
/* The same of a call on a file; path or, if that is NULL, fd. */
int fault_of_path(enum fault_kind kind, const char *name, const char *path);
int fault_of_fd(enum fault_kind kind, const char *name, int fd);

/* Sets errno. Is it an error, and not a short count? */
bool fault_is_error(int fault);
/* What a short count is, of a length. */
size_t fault_length(int fault, size_t len);

/* The function that the program would have called. */
void *fault_next(const char *name);
