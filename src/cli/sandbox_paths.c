/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rights belong to files, not to names: where another file may take a name later (rotation, an editor, a configuration that
 * is mounted anew), the right is given for the directory. Landlock gives it for all that is beneath. A path that is not there
 * is passed over: nobody can open it.
 */
#include "sandbox_paths.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive.h"
#include "command.h"
#include "descriptor.h"
#include "keysieve.h"
#include "known_source.h"
#include "ledger_file.h"
#include "path_walk.h"
#include "pattern.h"
#include "rule_cache.h"
#include "rule_selection.h"

#define READ    (LANDLOCK_READ | LANDLOCK_LIST)
#define REOPEN  (READ | LANDLOCK_WRITE | LANDLOCK_CREATE)
#define REPLACE (REOPEN | LANDLOCK_REMOVE)

#define RELOADING (COMMAND_FILTER | COMMAND_FOLLOW | COMMAND_JOURNAL)

/* ------------------------------------------------------------------------- paths ---- */

static bool
has(const struct sandbox_paths *paths, const char *path, unsigned rights)
{
	for (size_t i = 0; i < paths->count; i++) {
		if (paths->items[i].rights == rights && strcmp(paths->items[i].path, path) == 0)
			return true;
	}
	return false;
}

/* Takes path, which may be NULL: memory is out. */
static void
add_taken(struct sandbox_paths *paths, char *path, unsigned rights)
{
	struct sandbox_path *grown = NULL;

	if (path && has(paths, path, rights)) {
		free(path);
		return;
	}
	if (path)
		grown = realloc(paths->items, (paths->count + 1) * sizeof(*grown));
	if (!grown) {
		paths->is_out_of_memory = true;
		free(path);
		return;
	}
	paths->items = grown;
	grown[paths->count++] = (struct sandbox_path){ path, rights };
}

static void
add(struct sandbox_paths *paths, const char *path, unsigned rights)
{
	add_taken(paths, strdup(path), rights);
}

void
ks_sandbox_paths_done(struct sandbox_paths *paths)
{
	for (size_t i = 0; i < paths->count; i++)
		free(paths->items[i].path);
	free(paths->items);
	*paths = (struct sandbox_paths){ 0 };
}

/* The directory in which path stands; "/" for "/" itself. */
static char *
parent_of(const char *path)
{
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	while (len > 0 && path[len - 1] != '/')
		len--;
	while (len > 1 && path[len - 1] == '/')
		len--;
	return len > 0 ? strndup(path, len) : strdup(".");
}

static bool
is_root(const char *path)
{
	return path[strspn(path, "/")] == '\0' && *path;
}

static bool
is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* A device or a pipe stays what it is when it is opened again; only regular files are made anew. */
static bool
is_special(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

/* The directory in which it is called so, and the one in which it really is. */
static void
add_surroundings(struct sandbox_paths *paths, const char *path, unsigned rights)
{
	char *real = realpath(path, NULL);

	add_taken(paths, parent_of(path), rights);
	if (real)
		add_taken(paths, parent_of(real), rights);
	free(real);
}

static bool
is_end(const char *path)
{
	return is_root(path) || strcmp(path, ".") == 0;
}

/* path, or the nearest directory above it that is there. */
static char *
existing(const char *path)
{
	char *found = strdup(path);

	while (found && access(found, F_OK) < 0 && !is_end(found)) {
		char *above = parent_of(found);

		free(found);
		found = above;
	}
	return found;
}

/* ---------------------------------------------------------------- rules and keys ---- */

/* Links in it may lead out of it. */
static void
add_tree(struct sandbox_paths *paths, const char *path)
{
	glob_t found = { 0 };
	char *pattern = NULL;

	add(paths, path, READ);
	if (asprintf(&pattern, "%s/*", path) < 0)
		pattern = NULL;
	if (pattern && glob(pattern, GLOB_NOSORT, NULL, &found) == 0) {
		struct stat st;

		for (size_t i = 0; i < found.gl_pathc; i++) {
			if (lstat(found.gl_pathv[i], &st) == 0 && S_ISLNK(st.st_mode))
				add(paths, found.gl_pathv[i], LANDLOCK_READ);
		}
	}
	globfree(&found);
	free(pattern);
}

/* A file that is read once, or, with every reload, whichever then has the name. */
static void
add_file(struct sandbox_paths *paths, const struct options *o, const char *path)
{
	add(paths, path, LANDLOCK_READ);
	if (o->command->bit & RELOADING && !is_special(path))
		add_surroundings(paths, path, READ);
}

static void
add_rules(struct sandbox_paths *paths, const struct options *o, const char *path)
{
	if (is_directory(path))
		add_tree(paths, path);
	else
		add_file(paths, o, path);
}

/* A directory of rules that is not there yet may be made before a reload, but not the one that it would be in. */
static void
add_rules_directory(struct sandbox_paths *paths, const struct options *o)
{
	const char *path = o->rules_dir ? o->rules_dir : RULES_DIR;

	if (o->no_rules_dir || !*path || strcmp(path, "none") == 0)
		return;
	if (is_directory(path))
		add_tree(paths, path);
	else
		add_taken(paths, parent_of(path), READ);
}

static void
add_selection(struct sandbox_paths *paths, const struct options *o)
{
	add_rules_directory(paths, o);
	for (size_t i = 0; i < o->rules.count; i++) {
		if (!ks_pack_exists(o->rules.items[i]))
			add_rules(paths, o, o->rules.items[i]);
	}
	if (o->key_file)
		add_file(paths, o, o->key_file);
}

/* Read, but not written: whoever takes over this process must not leave rules to later ones. */
static void
add_cache(struct sandbox_paths *paths, const struct options *o)
{
	char *path = ks_rule_cache_directory(o);

	if (path)
		add_taken(paths, path, READ);
}

/* What is mounted is swapped as a whole, by a link in the directory. */
static void
add_known(struct sandbox_paths *paths, const struct options *o)
{
	for (size_t i = 0; i < o->known.count; i++) {
		if (!ks_known_source_is_pipe(o->known.items[i]))
			add_file(paths, o, o->known.items[i]);
	}
	for (size_t i = 0; i < o->known_dir.count; i++) {
		add_surroundings(paths, o->known_dir.items[i], READ);
		add_tree(paths, o->known_dir.items[i]);
	}
}

/* ------------------------------------------------------------------------ inputs ---- */

static void
add_inputs(struct sandbox_paths *paths, const struct options *o)
{
	for (char **file = o->files; *file; file++) {
		if (strcmp(*file, "-") != 0)
			add(paths, *file, is_directory(*file) ? LANDLOCK_LIST : LANDLOCK_READ);
	}
}

static bool
is_archive(const char *path)
{
	uint8_t magic[GZIP_MAGIC_SIZE];
	int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	int fd;
	bool is;

	if (is_special(path))
		return false;
	fd = open(path, flags | O_NOATIME);
	if (fd < 0 && errno == EPERM) /* somebody else's, whose times cannot be kept either */
		fd = open(path, flags);
	is = fd >= 0 && ks_descriptor_read_at(fd, magic, sizeof(magic), 0) == 0 &&
	     memcmp(magic, ks_gzip_magic, sizeof(magic)) == 0;
	if (fd >= 0)
		(void)close(fd);
	return is;
}

static bool
is_made_anew(const struct options *o, const char *path)
{
	return !is_directory(path) && (o->suffix || is_archive(path));
}

bool
ks_sandbox_paths_are_beside(const struct options *o)
{
	for (char **file = o->files; *file; file++) {
		if (is_made_anew(o, *file))
			return true;
	}
	return false;
}

static void
add_in_place(struct sandbox_paths *paths, const struct options *o)
{
	for (char **file = o->files; *file; file++) {
		if (is_directory(*file))
			continue;
		add(paths, *file, LANDLOCK_READ | LANDLOCK_WRITE);
		if (is_made_anew(o, *file))
			add_surroundings(paths, *file, REPLACE);
	}
}

static void
add_journal(struct sandbox_paths *paths, const struct options *o)
{
	static const char *const system[] = { "/run/log/journal", "/var/log/journal" };
	static const char *const places[] = { "/etc/machine-id", "/proc/sys/kernel/random",
		                              "/etc/localtime", "/usr/share/zoneinfo" };

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		add(paths, places[i], READ);
	for (size_t i = 0; i < o->journal_files.count; i++)
		add(paths, o->journal_files.items[i], LANDLOCK_READ);
	if (o->directory)
		add(paths, o->directory, READ);
	for (size_t i = 0; !o->directory && o->journal_files.count == 0 && i < 2; i++)
		add_taken(paths, existing(system[i]), READ);
}

/* ---------------------------------------------------------------- followed files ---- */

/* "/var/log" is nobody's own; "/var/log/app" may be renamed and made anew, as files are. */
static void
add_with_above(struct sandbox_paths *paths, const char *directory)
{
	char *above = parent_of(directory), *next = above ? parent_of(above) : NULL;

	add(paths, directory, READ);
	if (above && next && *above == '/' && !is_root(above) && !is_root(next))
		add(paths, above, READ);
	free(next);
	free(above);
}

/* A path_step_fn. A link may be set anew, to what is beside the link, or beside what it leads to. */
static void
add_link(void *ctx, const char *directory, const char *name)
{
	struct sandbox_paths *paths = ctx;
	char link[PATH_MAX], *real;
	struct stat st;

	if (snprintf(link, sizeof(link), "%s/%s", directory, name) >= PATH_MAX ||
	    lstat(link, &st) < 0 || !S_ISLNK(st.st_mode))
		return;
	if (!is_root(directory))
		add(paths, directory, READ);
	real = realpath(link, NULL);
	if (real) {
		char *beside = parent_of(real);

		if (beside && !is_root(beside))
			add(paths, beside, READ);
		free(beside);
	}
	free(real);
}

/* Whatever is at the path now and later. */
static void
add_way(struct sandbox_paths *paths, const char *path)
{
	char *real = realpath(path, NULL), *directory = parent_of(real ? real : path);
	char *found = directory ? existing(directory) : NULL, *place;

	(void)ks_path_walk(path, add_link, paths);
	place = found ? realpath(found, NULL) : NULL;
	if (place)
		add_with_above(paths, place);
	free(place);
	free(found);
	free(directory);
	free(real);
}

/* A container's log is a link to a link to a file of the runtime, and the next container's are in other directories. */
static void
add_containers(struct sandbox_paths *paths, const char *path)
{
	static const char *const links[] = { "/var/log/containers", "/var/log/pods" };
	static const char *const places[] = { "/var/log/pods", "/var/lib/docker/containers" };
	bool is_there = false;

	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		is_there |= strncmp(path, links[i], strlen(links[i])) == 0;
	for (size_t i = 0; is_there && i < sizeof(places) / sizeof(places[0]); i++)
		add(paths, places[i], READ);
}

/* The directory before the first wildcard, and what matches now. */
static void
add_pattern(struct sandbox_paths *paths, const char *pattern)
{
	char *fixed = strndup(pattern, strcspn(pattern, "*?[") + 1);
	glob_t found = { 0 };

	if (fixed)
		add_way(paths, fixed);
	if (glob(pattern, GLOB_NOSORT, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc; i++)
			add_way(paths, found.gl_pathv[i]);
	}
	globfree(&found);
	free(fixed);
}

static void
add_followed(struct sandbox_paths *paths, const struct options *o)
{
	for (char **file = o->files; *file; file++) {
		add_containers(paths, *file);
		if (ks_pattern_is(*file))
			add_pattern(paths, *file);
		else
			add_way(paths, *file);
	}
}

/* ------------------------------------------------------------------------ outputs ---- */

/* What a reload opens again. */
static void
add_reopened(struct sandbox_paths *paths, const char *path, unsigned rights)
{
	if (is_special(path))
		add(paths, path, LANDLOCK_WRITE);
	else
		add_surroundings(paths, path, rights);
}

static void
add_outputs(struct sandbox_paths *paths, const struct options *o)
{
	if (o->output && o->command->bit & (COMMAND_FOLLOW | COMMAND_JOURNAL))
		add_reopened(paths, o->output, REOPEN);
	if (o->ledger && ks_ledger_file_number(o->ledger) == -1)
		add_reopened(paths, o->ledger, REOPEN);
	if (o->state)
		add_surroundings(paths, o->state, REPLACE);
	if (o->metrics_file)
		add_surroundings(paths, o->metrics_file, REPLACE);
	if (o->html && strcmp(o->html, "-") != 0)
		add_reopened(paths, o->html, REPLACE);
}

/* Of another program it is not known what it reads; but what it writes. */
static void
add_program(struct sandbox_paths *paths, const struct options *o)
{
	add(paths, "/", READ | LANDLOCK_EXECUTE);
	add(paths, "/dev/null", LANDLOCK_READ | LANDLOCK_WRITE);
	if (o->output)
		add_reopened(paths, o->output, REPLACE);
}

/* ------------------------------------------------------------------------- whole ---- */

static void
add_files(struct sandbox_paths *paths, const struct options *o)
{
	unsigned command = o->command->bit;

	if (command == COMMAND_FOLLOW)
		add_followed(paths, o);
	else if (command == COMMAND_JOURNAL)
		add_journal(paths, o);
	else if (o->in_place)
		add_in_place(paths, o);
	else if (command & (COMMAND_RULES_CHECK | COMMAND_RULES_TEST))
		for (char **file = o->files; *file; file++)
			add_rules(paths, o, *file);
	else if (command &
	         (COMMAND_FILTER | COMMAND_REPORT | COMMAND_RULES_EXPLAIN | COMMAND_RULES_ALLOW))
		add_inputs(paths, o);
}

/* In place all rules are read before, and whatever can be opened there could be changed. */
void
ks_sandbox_paths_gather(struct sandbox_paths *paths, const struct options *options)
{
	*paths = (struct sandbox_paths){ 0 };
	if (options->command->bit == COMMAND_RULES_IMPORT) {
		add_program(paths, options);
		return;
	}
	if (options->command->bit != COMMAND_REPORT && !options->in_place) {
		add_selection(paths, options);
		add_cache(paths, options);
	}
	if (options->command->bit & RELOADING && !options->in_place)
		add_known(paths, options);
	add_files(paths, options);
	add_outputs(paths, options);
	for (size_t i = 0; i < options->sandbox_read.count; i++)
		add(paths, options->sandbox_read.items[i], READ);
}
