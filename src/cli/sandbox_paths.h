/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which files a command opens after its sandbox has closed, and what for: its inputs; what it reads again when it reloads;
 * what it makes and replaces. What it has open already needs nothing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "landlock.h"
#include "options.h"

struct sandbox_path {
	char *path;
	unsigned rights; /* enum landlock_right */
};

/* Zeros: none. */
struct sandbox_paths {
	struct sandbox_path *items;
	size_t count;
	bool is_out_of_memory;
};

/* Files are looked at, but no content is read but two bytes, by which an archive is known. */
void ks_sandbox_paths_gather(struct sandbox_paths *paths, const struct options *options);
void ks_sandbox_paths_done(struct sandbox_paths *paths);

/* In place: are new files made beside those that are named? Only an archive, and a file of which a copy is kept, need them. */
bool ks_sandbox_paths_are_beside(const struct options *options);
