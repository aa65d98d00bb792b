/* SPDX-License-Identifier: Apache-2.0 */
/* A file of text that is written whole or not at all. */
#pragma once

#include <stdio.h>

#include "sibling.h"

struct whole_file {
	FILE *out;
	const char *path;       /* borrowed */
	struct sibling sibling; /* none: path is a device or a pipe, which cannot be replaced */
};

/*
 * Begin to write what will be at path, for the owner only; a device or a pipe is written to as it is. Returns 0,
 * and then one of the others must follow, or a negative errno.
 */
int ks_whole_file_open(struct whole_file *file, const char *path);

/* Put it in place of what is at path. Returns 0, or a negative errno: then nothing is changed. */
int ks_whole_file_commit(struct whole_file *file);

void ks_whole_file_abandon(struct whole_file *file);
