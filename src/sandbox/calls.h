/* SPDX-License-Identifier: Apache-2.0 */
/* Which system calls which part of the work needs: the table from which the filters and docs/sandbox.md are made. */
#pragma once

#include <stddef.h>

#include "seccomp_parts.h"

/* What the arguments of a call that is allowed must be. */
enum call_limit {
	LIMIT_NONE,
	LIMIT_READING, /* openat: for reading only */
	LIMIT_WRITING, /* openat: also for writing; nothing is cut, or made that could be executed */
	LIMIT_MODE,    /* fchmod: no special bits */
	LIMIT_OPEN,    /* utimensat: of an open file */
	LIMIT_FILES,   /* unlinkat: no directories */
	LIMIT_NAMED,   /* linkat: without flags */
	LIMIT_RENAME,  /* renameat2: no flag but RENAME_NOREPLACE */
	LIMIT_NO_CODE,  /* mmap, mprotect: not to be executed */
	LIMIT_THREAD,   /* clone: a thread, in the same namespaces */
	LIMIT_OWN,      /* to this process only */
	LIMIT_UNSENT,   /* sendto, recvfrom: to and from whom the socket is connected with */
	LIMIT_ASKING,   /* prlimit64: of this process, nothing is set */
	LIMIT_FCNTL,    /* flags, copies, sizes of pipes */
	LIMIT_TERMINAL, /* ioctl: is it a terminal, how wide, how much is there to read */
	LIMIT_PROMPT,   /* ioctl: what is typed is not shown */
	LIMIT_NAME,     /* prctl: a thread's name */
};

struct call {
	const char *name;
	unsigned parts; /* enum seccomp_part: needed by each of these */
	enum call_limit limit;
};

/* Ended by one without a name. */
extern const struct call ks_calls[];

/* Calls for which nothing but an attack has a use: the kernel ends the process at once; another program is refused them. */
extern const char *const ks_calls_fatal[];

/*
 * Changes of file systems. Where they are not needed they are refused, as if the files did not allow it: what was to be written
 * was of no importance. Ended by NULL.
 */
extern const char *const ks_calls_refused[];

/*
 * The same for another program, which may need any call that is not here: what changes files, by their names or by a
 * descriptor that may only be read, without that Landlock is asked.
 */
extern const char *const ks_calls_refused_programs[];

/* Calls that are needed to run another program, as "rules import" does. */
extern const char *const ks_calls_of_programs[];

struct call_part {
	unsigned parts;
	const char *name;
};

/* The parts by their names in the documentation. Ended by one without a name. */
extern const struct call_part ks_call_parts[];
const char *ks_call_limit_text(enum call_limit limit);
