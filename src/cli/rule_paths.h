/* SPDX-License-Identifier: Apache-2.0 */
/* Names of rule files, from names of files and directories. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct rule_paths {
	char **items;
	size_t count;
};

/*
 * Add a file; or, of a directory, its files *.yaml in the order of their names, but no hidden ones and
 * none of directories in it. Prints what is wrong. Returns 0, or an exit status.
 */
int ks_rule_paths_add(struct rule_paths *paths, const char *path);
/* The same for what must be a directory. */
int ks_rule_paths_add_directory(struct rule_paths *paths, const char *path);
void ks_rule_paths_done(struct rule_paths *paths);

bool ks_rule_paths_has(const struct rule_paths *paths, const char *path);
