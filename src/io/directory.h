/* SPDX-License-Identifier: Apache-2.0 */
/* The directory that a file is in. */
#pragma once

/* Open the directory that path names something in. Returns a descriptor or a negative errno. */
int ks_directory_open(const char *path);

/* What comes after the last slash. Lends a part of path. */
const char *ks_directory_entry(const char *path);

/*
 * Have the entries of an open directory on the disk. Returns 0 or a negative errno; that a file system
 * knows no such thing is no error.
 */
int ks_directory_sync(int fd);
