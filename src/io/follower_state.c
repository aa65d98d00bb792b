/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sources to checkpoints and back. In a checkpoint paths are whole, so that it does not matter where keysieve
 * is started. The first source of a path is the path's; others of the same are files that were there, which
 * late writers may still write to.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "follower.h"
#include "rotated.h"

/* Returns NULL when memory is out. */
static char *
whole_path(const char *path)
{
	char directory[PATH_MAX], *whole;

	if (*path == '/' || !getcwd(directory, sizeof(directory)))
		return strdup(path);
	return asprintf(&whole, "%s/%s", directory, path) < 0 ? NULL : whole;
}

/* ------------------------------------------------------------------- recording ---- */

static void *
grow(void *list, size_t count, size_t size)
{
	return reallocarray(list, count + 1, size);
}

static int
record_part(const struct part *part, struct checkpoint_source *to)
{
	struct checkpoint_part *grown = grow(to->parts, to->part_count, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	to->parts = grown;
	grown[to->part_count] = (struct checkpoint_part){ .path = whole_path(part->path),
		                                          .identity = part->identity,
		                                          .source_offset = part->source_offset,
		                                          .file_offset = part->file_offset };
	return grown[to->part_count++].path ? 0 : -ENOMEM;
}

/* Parts that wait have no place in the source yet: it is where the one before them ends, whenever that is. */
static int
record_source(struct source *s, struct checkpoint_source *to)
{
	struct followed *files = &s->files;
	int r = 0;

	to->restart = ks_source_restart(s);
	to->settled = ks_source_written(s);
	to->frame = s->frame;
	to->path = whole_path(files->path);
	ks_followed_forget(files, to->restart);
	for (size_t i = 0; r == 0 && i < files->count && i <= files->reading; i++)
		r = record_part(&files->parts[i], to);
	return to->path ? r : -ENOMEM;
}

static int
copy_kept(const struct checkpoint_source *from, struct checkpoint_source *to)
{
	size_t n = from->part_count;

	*to = *from;
	to->cursor = from->cursor ? strdup(from->cursor) : NULL;
	to->path = strdup(from->path);
	to->parts = calloc(n + 1, sizeof(*to->parts));
	to->part_count = 0;
	if (!to->path || !to->parts || (from->cursor && !to->cursor))
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		to->parts[i] = from->parts[i];
		to->parts[i].path = strdup(from->parts[i].path);
		to->part_count++;
		if (!to->parts[i].path)
			return -ENOMEM;
	}
	return 0;
}

/* Nothing was ever at the path: there is nothing to know about it. */
static bool
is_empty(const struct source *s)
{
	return s->files.count == 0;
}

int
ks_follower_record(struct follower *f, struct checkpoint *c)
{
	int r = 0;

	c->sources = calloc(f->count + f->kept.source_count + 1, sizeof(*c->sources));
	if (!c->sources)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < f->count; i++) {
		if (!is_empty(f->sources[i]))
			r = record_source(f->sources[i], &c->sources[c->source_count++]);
	}
	for (size_t i = 0; r == 0 && i < f->kept.source_count; i++)
		r = copy_kept(&f->kept.sources[i], &c->sources[c->source_count++]);
	return r;
}

/* ------------------------------------------------------------------- restoring ---- */

/* The source that a saved path is, as it is named now; or NULL. */
static char *
name_of(struct follower *f, const char *saved)
{
	for (char **path = f->options.paths; *path; path++) {
		char *whole = whole_path(*path);
		struct pattern pattern = { .text = whole };
		bool is_it = whole && (strcmp(whole, saved) == 0 ||
		                       (ks_pattern_is(*path) && ks_pattern_matches(&pattern, saved)));
		size_t directory = whole ? strlen(whole) - strlen(*path) : 0;

		free(whole);
		if (is_it)
			return strdup(strcmp(saved, *path) == 0 ? saved : saved + directory);
	}
	return NULL;
}

static void
note(const struct follower *f, enum follower_note what, const char *path)
{
	f->options.note(f->options.note_ctx, what, path, 0);
}

/* Find a part and open it at its place. Returns 0, or a negative errno. */
static int
open_part(struct follower *f, const struct checkpoint_part *saved, uint64_t restart,
          struct part *ret_part)
{
	uint64_t ahead = restart > saved->source_offset ? restart - saved->source_offset : 0;
	char *path;
	int fd = ks_rotated_find(saved->path, &saved->identity, &path), r;

	if (fd < 0)
		fd = ks_rotated_find_copy(saved->path, &saved->identity, saved->file_offset + ahead,
		                          &path);
	if (fd < 0)
		return fd;
	r = ks_part_adopt(fd, path, f->watch, ret_part);
	free(path);
	if (r < 0)
		return r;
	ret_part->source_offset = saved->source_offset;
	ret_part->file_offset = saved->file_offset;
	ret_part->position = saved->file_offset + ahead;
	return 0;
}

/*
 * All that is there from 'restart' on. Where a part is missing what follows begins at its end, with a run
 * that may reach into it.
 */
static int
restore_parts(struct follower *f, struct source *s, const struct checkpoint_source *saved)
{
	uint64_t begin = saved->restart;
	bool is_missing = false;
	int r = 0;

	for (size_t i = 0; r == 0 && i < saved->part_count; i++) {
		struct part part;

		r = open_part(f, &saved->parts[i], saved->restart, &part);
		if (r == -ENOMEM)
			return r;
		if (r < 0) {
			is_missing = true;
			r = 0;
			continue;
		}
		if (s->files.reading == s->files.count) {
			if (i > 0 && part.source_offset > begin)
				begin = part.source_offset;
			s->files.end = begin;
		}
		r = ks_followed_add(&s->files, f->watch, &part);
	}
	s->begins_in_run = is_missing;
	s->files.end = begin;
	ks_source_begin(s, begin, saved->settled > begin ? saved->settled : begin);
	if (is_missing && !s->files.is_late)
		note(f, FOLLOWER_GONE, s->files.path);
	return r;
}

static int
restore_source(struct follower *f, const struct checkpoint_source *saved, char *name)
{
	struct source *s = ks_follower_find(f, name);
	bool is_late = s && s->files.count > 0;

	if (!s || is_late)
		s = ks_follower_add(f, name, is_late);
	free(name);
	if (!s)
		return -ENOMEM;
	if (saved->frame != KS_FRAME_AUTO)
		s->frame = saved->frame;
	return restore_parts(f, s, saved);
}
