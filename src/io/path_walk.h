/* SPDX-License-Identifier: Apache-2.0 */
/* The way to a file: every name that the kernel looks up, and where, symbolic links included. */
#pragma once

/*
 * Told of each name on the way in order: name is looked up in directory, which is a path without links.
 * Borrows both until return. The last call is for the file itself, or for the first name that is not
 * there.
 */
typedef void (*path_step_fn)(void *ctx, const char *directory, const char *name);

/* Returns 0, or a negative errno: -ENOENT if a name is not there, -ELOOP, -ENAMETOOLONG ... */
int ks_path_walk(const char *path, path_step_fn fn, void *ctx);
