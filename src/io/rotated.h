/* SPDX-License-Identifier: Apache-2.0 */
/* Finding files in a directory that had another name once, as logrotate and the kubelet leave them. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "file_identity.h"

/*
 * Is name one that rotation makes of base? After the base, or before its extension, come one of .-_ and
 * a digit: app.log.1, app.log-20261122, app-20261122.log. Compressed ones do not count.
 */
bool ks_rotated_name(const char *base, const char *name);

/*
 * Open the file that has this identity, at path or elsewhere in its directory. Returns a descriptor, and
 * where it is, the caller's to free; or a negative errno: -ENOENT if it is gone, another if one cannot be read that may be it.
 */
int ks_rotated_find(const char *path, const struct file_identity *identity, char **ret_path);

/*
 * The same for a copy that was made of the file at path before it was emptied: another file with a name that
 * rotation makes, with the same first bytes and more than 'size' of them, which was born or written since then (in nanoseconds
 * since 1970).
 */
int ks_rotated_find_copy(const char *path, const struct file_identity *identity, uint64_t size,
                         uint64_t since, char **ret_path);

/*
 * The same for the first file with such a name that is younger than one and older than the other: what
 * was at the path between them. Needs a file system that keeps births.
 */
int ks_rotated_find_between(const char *path, const struct file_identity *older,
                            const struct file_identity *younger, char **ret_path);
