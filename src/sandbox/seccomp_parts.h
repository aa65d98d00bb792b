/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the work that need system calls of their own. A filter is that of a set of them. */
#pragma once

enum seccomp_part {
	SECCOMP_BASE = 1 << 0,    /* read, write, wait, memory, the rules */
	SECCOMP_STREAM = 1 << 1,  /* signals and clocks; the thread that inflates */
	SECCOMP_WATCH = 1 << 2,   /* changes of files: follow, journal */
	SECCOMP_PLACE = 1 << 3,   /* in place */
	SECCOMP_WRITE = 1 << 4,   /* files that are made or opened for writing later */
	SECCOMP_SERVER = 1 << 5,  /* connections to a socket that listens already */
	SECCOMP_PROMPT = 1 << 6,  /* a key that is typed */
	SECCOMP_PROGRAM = 1 << 7, /* another program: all but what only attacks need */
	SECCOMP_COPY = 1 << 8,    /* in place: archives, and copies that are kept */
};
