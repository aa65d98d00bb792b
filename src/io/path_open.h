/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a file in a directory in which others may put what they like. */
#pragma once

/*
 * Open what is at path, as open(2) does with these flags, which do not make a file. But a symbolic link on the way that belongs
 * neither to root nor to this process's user leads to files of its own owner only: whoever may write a directory
 * of logs must not choose which files of others are read, or changed, in their place. The path is walked name by name, so
 * that nothing can be changed between the look and the opening. Returns a descriptor, or a negative errno; -EREMCHG:
 * there is such a link, and it leads to somebody else's file.
 */
int ks_path_open(const char *path, int flags);

/* As strerror(3), with words of its own for EREMCHG. */
const char *ks_path_error_text(int error);
