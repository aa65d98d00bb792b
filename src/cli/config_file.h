/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a configuration file. */
#pragma once

#include <stddef.h>

/*
 * Read path into *ret_text, which the caller frees. A file that others may write is refused: it chooses
 * what is masked. Prints what is wrong. Returns 0, or an exit status.
 */
int ks_config_file_read(const char *path, char **ret_text, size_t *ret_len);
