/* SPDX-License-Identifier: Apache-2.0 */
/* A file that is written whole or not at all. */
#pragma once

#include <stdio.h>

struct whole_file {
	FILE *out;
	char *temporary; /* what it is called until it is whole; NULL: path is no file that can be replaced */
	const char *path; /* borrowed */
};

/*
 * Begin to write what will be at path, readable for its owner only; a device or a pipe is written to as it is.
 * Returns 0 or a negative errno.
 */
int ks_whole_file_open(struct whole_file *file, const char *path);

/* Put it in place of what is at path. Returns 0 or a negative errno; then nothing is changed. */
int ks_whole_file_commit(struct whole_file *file);

/* The same, but nothing is changed in any case. */
void ks_whole_file_abandon(struct whole_file *file);
