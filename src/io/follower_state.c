/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sources to checkpoints and back. In a checkpoint paths are whole, so that it does not matter where keysieve
 * is started. The first source of a path is the path's; others of the same are files that were there, which
 * late writers may still write to.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "follower.h"
#include "rotated.h"

#define SECOND 1000000000U /* ns; a copy may just have been made when all was looked at */

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
	grown[to->part_count] = (struct checkpoint_part){
		.path = whole_path(part->path),
		.identity = part->identity,
		.source_offset = part->is_placed ? part->source_offset : CHECKPOINT_WAITS,
		.file_offset = part->file_offset
	};
	return grown[to->part_count++].path ? 0 : -ENOMEM;
}

/* All of it was read by another source, or before it was closed. Positions are those of the file. */
static int
record_past(const struct source *s, struct checkpoint_source *to)
{
	char *real = realpath(s->files.path, NULL);
	struct part part = { .path = real ? real : s->files.path,
		             .identity = s->past,
		             .is_placed = true };
	int r;

	to->is_past = true;
	to->restart = to->settled = s->past_position;
	to->frame = s->frame;
	to->path = whole_path(s->files.path);
	r = to->path ? record_part(&part, to) : -ENOMEM;
	free(real);
	return r;
}

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
	for (size_t i = 0; r == 0 && i < files->count; i++)
		r = record_part(&files->parts[i], to);
	return to->path ? r : -ENOMEM;
}

static int
copy_source(const struct checkpoint_source *from, struct checkpoint_source *to)
{
	size_t n = from->part_count;

	*to = (struct checkpoint_source){ .frame = from->frame,
		                          .restart = from->restart,
		                          .settled = from->settled,
		                          .is_past = from->is_past };
	to->cursor = from->cursor ? strdup(from->cursor) : NULL;
	to->path = strdup(from->path);
	to->parts = calloc(n + 1, sizeof(*to->parts));
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

static int
record_sources(struct follower *f, struct checkpoint *c, bool is_late)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < f->count; i++) {
		struct source *s = f->sources[i];

		if (s->files.is_late != is_late)
			continue;
		if (!is_empty(s))
			r = record_source(s, &c->sources[c->source_count++]);
		if (r == 0 && s->is_past)
			r = record_past(s, &c->sources[c->source_count++]);
	}
	return r;
}

/* The path's before those that were there: the first one is taken for it. */
int
ks_follower_record(struct follower *f, struct checkpoint *c)
{
	int r;

	c->looked = f->looked_at;
	c->sources = calloc(2 * f->count + f->kept.source_count + 1, sizeof(*c->sources));
	if (!c->sources)
		return -ENOMEM;
	r = record_sources(f, c, false);
	if (r == 0)
		r = record_sources(f, c, true);
	for (size_t i = 0; r == 0 && i < f->kept.source_count; i++)
		r = copy_source(&f->kept.sources[i], &c->sources[c->source_count++]);
	return r;
}

/* ------------------------------------------------------------------- restoring ---- */

static bool
is_path(const char *text, const char *whole, const char *saved)
{
	const struct pattern pattern = { .text = (char *)whole };

	return strcmp(whole, saved) == 0 ||
	       (ks_pattern_is(text) && ks_pattern_matches(&pattern, saved));
}

/* How a saved path is named now. Returns NULL if it is not. Lends saved, or what is in options. */
static const char *
name_of(const struct follower *f, const char *saved)
{
	const char *name = NULL;

	for (char **path = f->options.paths; !name && *path; path++) {
		char *whole = whole_path(*path);

		if (whole && is_path(*path, whole, saved))
			name = ks_pattern_is(*path) ? saved + (strlen(whole) - strlen(*path))
			                            : *path;
		free(whole);
	}
	return name;
}

/*
 * Find a part and open it at its place. next: the part after it, up to where it is to be read; or NULL.
 * Returns 0, or a negative errno.
 */
static int
open_part(struct follower *f, const struct checkpoint_part *saved,
          const struct checkpoint_part *next, uint64_t restart, struct part *ret_part)
{
	bool is_placed = saved->source_offset != CHECKPOINT_WAITS;
	uint64_t ahead = is_placed && restart > saved->source_offset
	                         ? restart - saved->source_offset
	                         : 0;
	char *path;
	int fd = ks_rotated_find(saved->path, &saved->identity, &path), r;

	if (fd == -ENOENT)
		fd = ks_rotated_find_copy(saved->path, &saved->identity, saved->file_offset + ahead,
		                          f->last_look > SECOND ? f->last_look - SECOND : 0, &path);
	if (fd < 0)
		return fd;
	r = ks_part_adopt(fd, path, f->watch, ret_part);
	free(path);
	if (r < 0)
		return r;
	ret_part->is_placed = is_placed;
	ret_part->source_offset = saved->source_offset + ahead;
	ret_part->file_offset = ret_part->position = saved->file_offset + ahead;
	if (is_placed && next && next->source_offset != CHECKPOINT_WAITS)
		ret_part->limit = saved->file_offset + (next->source_offset - saved->source_offset);
	return 0;
}

/* All that is there from saved->restart on. *ret_is_missing: something is not that was not written yet. */
static int
restore_parts(struct follower *f, struct source *s, const struct checkpoint_source *saved,
              bool *ret_is_missing)
{
	for (size_t i = 0; i < saved->part_count; i++) {
		const struct checkpoint_part *next = i + 1 < saved->part_count
		                                             ? &saved->parts[i + 1]
		                                             : NULL;
		struct part part;
		int r = open_part(f, &saved->parts[i], next, saved->restart, &part);

		if (r == 0)
			r = ks_followed_add(&s->files, f->watch, &part);
		if (r == 0 || (r != -ENOMEM && saved->is_past))
			continue;
		if (r != -ENOENT)
			return r; /* it may be there: what follows it must not be read in its place */
		s->files.has_gap = true;
		s->files.place = saved->settled;
		*ret_is_missing |= !next || next->source_offset > saved->settled;
	}
	return 0;
}

static int
restore_source(struct follower *f, const struct checkpoint_source *saved, const char *name)
{
	struct source *s = ks_follower_find(f, name);
	bool is_late = s && s->is_known, is_missing = false;
	uint64_t begin;
	int r;

	if (!s || is_late)
		s = ks_follower_add(f, name, is_late);
	if (!s)
		return -ENOMEM;
	s->is_known = true;
	if (saved->frame != KS_FRAME_AUTO)
		s->frame = saved->frame;
	s->files.end = saved->restart;
	r = restore_parts(f, s, saved, &is_missing);
	begin = s->files.count > 0 ? ks_followed_position(&s->files) : saved->settled;
	ks_source_begin(s, begin, saved->settled > begin ? saved->settled : begin);
	s->wants_context = is_late && saved->settled == saved->restart;
	if (is_missing && !is_late)
		f->options.note(f->options.note_ctx, FOLLOWER_GONE, name, 0);
	return r;
}

static int
keep_source(struct follower *f, const struct checkpoint_source *saved)
{
	struct checkpoint_source *grown = grow(f->kept.sources, f->kept.source_count,
	                                       sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	f->kept.sources = grown;
	grown[f->kept.source_count] = (struct checkpoint_source){ 0 };
	return copy_source(saved, &grown[f->kept.source_count++]);
}

/* Was the last byte that was written not the end of a line? */
static bool
is_within_line(const struct source *s)
{
	uint64_t written = ks_source_written(s);
	uint8_t last = '\n';

	for (size_t i = 0; i < s->files.count; i++) {
		const struct part *p = &s->files.parts[i];

		if (p->is_placed && p->source_offset < written)
			(void)!pread(p->fd, &last, 1,
			             (off_t)(p->file_offset + (written - 1 - p->source_offset)));
	}
	return last != '\n';
}

/* Whose line it is in the middle of which the output ends. If that is not clear, the line ends here. */
static void
restore_line(struct follower *f)
{
	struct source *owner = NULL;
	size_t count = 0;

	for (size_t i = 0; i < f->count; i++) {
		if (is_within_line(f->sources[i])) {
			owner = f->sources[i];
			count++;
		}
	}
	if (count == 1)
		ks_lane_take_output(owner->lane);
	else if (f->count > 1)
		f->interleave.is_unfinished = true;
}

/* Does the source read this file last? */
static bool
ends_with(const struct checkpoint_source *source, const struct file_identity *file)
{
	return source->part_count > 0 &&
	       ks_file_identity_is_inode(&source->parts[source->part_count - 1].identity, file);
}

/* A file that was read before, and that another source goes on with: nobody else needs to know. */
static bool
is_had(const struct checkpoint *saved, size_t i)
{
	const struct checkpoint_source *source = &saved->sources[i];

	for (size_t k = 0; source->is_past && source->part_count > 0 && k < saved->source_count;
	     k++) {
		if ((k < i || !saved->sources[k].is_past) &&
		    ends_with(&saved->sources[k], &source->parts[0].identity))
			return true;
	}
	return false;
}

int
ks_follower_restore(struct follower *f, const struct checkpoint *saved)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < saved->source_count; i++) {
		const struct checkpoint_source *source = &saved->sources[i];
		const char *name = name_of(f, source->path);

		if (name && is_had(saved, i))
			continue;
		r = name ? restore_source(f, source, name) : keep_source(f, source);
	}
	if (r == 0 && f->options.is_unfinished)
		restore_line(f);
	return r;
}
