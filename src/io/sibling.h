/* SPDX-License-Identifier: Apache-2.0 */
/* A new file beside another, under a name of its own until it is whole. */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

struct sibling {
	int fd;     /* -1: there is none */
	char *path; /* NULL: it has its name, or was taken away */
};

#define SIBLING_NONE     \
	{                \
		.fd = -1 \
	}

/* Create it, for the owner only. Returns 0 or a negative errno; ks_sibling_done() is right after both. */
int ks_sibling_create(struct sibling *sibling, const char *beside);
/* Closes it, and removes it if it was not named. */
void ks_sibling_done(struct sibling *sibling);

/*
 * Give it the owner, the mode and the attributes of the open file fd; access lists must be kept, others are if
 * that is allowed. Of the mode only what is asked of readers and writers: the sandbox lets no file be made set-user-ID.
 * Returns 0 or a negative errno.
 */
int ks_sibling_take_after(const struct sibling *sibling, int fd, const struct stat *st);

/*
 * Have it on the disk, then give it that name in the same directory, in place of a file that has it
 * or not: then -EEXIST if there is one. Returns 0 or a negative errno.
 */
int ks_sibling_name(struct sibling *sibling, const char *path, bool replaces);
