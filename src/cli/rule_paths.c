/* SPDX-License-Identifier: Apache-2.0 */
/* A directory stands for its files at the moment; nothing is opened here but directories. */
#include "rule_paths.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "message.h"
#include "options.h"

static int
out_of_memory(void)
{
	ks_message("out of memory");
	return EXIT_INTERNAL;
}

/* Takes path, which may be NULL: memory is out. */
static int
keep(struct rule_paths *paths, char *path)
{
	char **grown = path ? realloc(paths->items, (paths->count + 1) * sizeof(*grown)) : NULL;

	if (!grown) {
		free(path);
		return out_of_memory();
	}
	paths->items = grown;
	paths->items[paths->count++] = path;
	return 0;
}

static int
is_rule_file(const struct dirent *entry)
{
	static const char suffix[] = ".yaml";
	size_t len = strlen(entry->d_name), end = sizeof(suffix) - 1;

	return entry->d_name[0] != '.' && len > end &&
	       strcmp(entry->d_name + len - end, suffix) == 0;
}

/* By bytes, whatever the locale: the order decides which of two rules of one id counts. */
static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static bool
is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int
keep_entry(struct rule_paths *paths, const char *directory, const char *name)
{
	size_t len = strlen(directory);
	const char *slash = len > 0 && directory[len - 1] == '/' ? "" : "/";
	char *path;

	if (asprintf(&path, "%s%s%s", directory, slash, name) < 0)
		path = NULL;
	if (path && is_directory(path)) {
		free(path);
		return 0;
	}
	return keep(paths, path);
}

int
ks_rule_paths_add_directory(struct rule_paths *paths, const char *path)
{
	struct dirent **entries = NULL;
	int count = scandir(path, &entries, is_rule_file, by_name), r = 0;

	if (count < 0) {
		if (errno == ENOMEM)
			return out_of_memory();
		ks_message_file(path, strerror(errno));
		return EXIT_RULES;
	}
	for (int i = 0; i < count; i++) {
		if (r == 0)
			r = keep_entry(paths, path, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return r;
}

int
ks_rule_paths_add(struct rule_paths *paths, const char *path)
{
	return is_directory(path) ? ks_rule_paths_add_directory(paths, path)
	                          : keep(paths, strdup(path));
}

void
ks_rule_paths_done(struct rule_paths *paths)
{
	for (size_t i = 0; i < paths->count; i++)
		free(paths->items[i]);
	free(paths->items);
	*paths = (struct rule_paths){ 0 };
}

bool
ks_rule_paths_has(const struct rule_paths *paths, const char *path)
{
	for (size_t i = 0; i < paths->count; i++) {
		if (strcmp(paths->items[i], path) == 0)
			return true;
	}
	return false;
}
