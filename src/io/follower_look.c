/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What there is to follow.
 *
 * A file is read by one source only, whatever its names: a pattern can match a file's name before and after
 * rotation. So who looks at a path asks whether the file is, or was, another source's.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "descriptor.h"
#include "follower.h"
#include "rotated.h"

#define MATCHES_MAX 4096U /* sources, of some 30 KiB each, that patterns may bring about */

static void
note(const struct follower *f, enum follower_note what, const struct source *s, int error)
{
	f->options.note(f->options.note_ctx, what, s->files.path, error);
}

/* ------------------------------------------------------------ who has which file ---- */

static bool
is_read(const struct follower *f, const struct file_identity *file)
{
	for (size_t i = 0; i < f->count; i++) {
		if (ks_followed_has(&f->sources[i]->files, file))
			return true;
	}
	return false;
}

static bool
is_refused(const struct follower *f, int fd)
{
	return f->options.refuses(f->options.refuses_ctx, fd);
}

/*
 * Where to begin with the file of fd, which is at a path now. Returns 1; 0 if not at all: it is another's,
 * or was, and has not grown since; or a negative errno.
 */
static int
choose_begin(struct follower *f, struct source *s, int fd, uint64_t *ret_from)
{
	const struct past_file *past;
	struct file_identity file;
	struct stat st;
	int r;

	*ret_from = 0;
	s->is_past = false;
	if (fstat(fd, &st) < 0)
		return -errno;
	r = ks_file_identity_read_inode(fd, &file);
	if (r < 0)
		return r;
	if (is_read(f, &file) || is_refused(f, fd))
		return 0;
	past = ks_follower_find_past(f, &file);
	if (past) { /* for checkpoints, until it is open */
		s->is_past = true;
		s->past = past->identity;
		s->past_position = past->position;
	}
	if (past && (uint64_t)st.st_size <= past->position)
		return 0;
	if (past)
		*ret_from = past->position;
	else if (!f->is_started && !f->options.from_start && !s->is_known)
		*ret_from = (uint64_t)st.st_size;
	return 1;
}

/* ---------------------------------------------------------------------- context ---- */

/* The first place from which on the bytes up to 'end' are whole lines; or entries of a journal. */
static uint64_t
context_begin(struct follower *f, const struct part *part, uint64_t end, bool *ret_is_known)
{
	uint64_t from = end > FOLLOWER_CONTEXT ? end - FOLLOWER_CONTEXT : 0;
	ssize_t n = ks_descriptor_read_some_at(part->fd, f->buffer, (size_t)(end - from), from);
	const uint8_t *line, *entry;

	*ret_is_known = n >= 0;
	if (from == 0 || n <= 0)
		return from;
	entry = memmem(f->buffer, (size_t)n, "\n\n__CURSOR=", 11);
	line = memchr(f->buffer, '\n', (size_t)n);
	if (entry)
		from += (uint64_t)(entry - f->buffer) + 2;
	else if (line)
		from += (uint64_t)(line - f->buffer) + 1;
	*ret_is_known = entry || line;
	explicit_bzero(f->buffer, (size_t)n);
	return from;
}

void
ks_follower_begin(struct follower *f, struct source *s, struct part *part)
{
	uint64_t end = part->position, begin;
	bool is_known;

	if (end == 0)
		return;
	begin = context_begin(f, part, end, &is_known);
	part->position = part->file_offset = begin;
	s->begins_in_run |= !is_known;
	ks_source_begin(s, s->files.end, s->files.end + (end - begin));
}

/* ------------------------------------------------------------------- one source ---- */

static void
tell(struct follower *f, struct source *s, int error)
{
	bool is_missing = error == ENOENT || error == ENOTDIR;

	if (s->told == error)
		return;
	if (error && !is_missing)
		note(f, FOLLOWER_FAILED, s, error);
	else if (s->is_named && (error || s->told))
		note(f, error ? FOLLOWER_WAITS : FOLLOWER_READS, s, error);
	s->told = error;
}

/* A file that was at the path. One that is no file is no error; other ones are lost if they cannot be read. */
static int
fail_file(struct follower *f, const struct source *s, int error)
{
	if (error == ENOMEM)
		return -ENOMEM;
	if (error != EISDIR && error != EINVAL)
		note(f, FOLLOWER_FAILED, s, error);
	return 0;
}

/* Takes fd. A file that is another's is no error. */
static int
add_file(struct follower *f, struct source *s, int fd, const char *path)
{
	struct file_identity file;
	struct part part;
	int r = ks_file_identity_read_inode(fd, &file);

	if (r < 0 || is_read(f, &file) || ks_follower_find_past(f, &file) || is_refused(f, fd)) {
		(void)close(fd);
		return r < 0 ? fail_file(f, s, -r) : 0;
	}
	r = ks_part_adopt(fd, path, f->watch, &part);
	return r < 0 ? fail_file(f, s, -r) : ks_followed_add(&s->files, f->watch, &part);
}

/* Where a restart will look for it: not where a link to it is. */
static int
add_renamed(struct follower *f, struct source *s, int fd, const char *name)
{
	char *path = NULL, *real;
	int r;

	if (s->files.directory && name && asprintf(&path, "%s/%s", s->files.directory, name) < 0) {
		(void)close(fd);
		return -ENOMEM;
	}
	real = path ? realpath(path, NULL) : NULL;
	r = add_file(f, s, fd, real ? real : path ? path : s->files.path);
	free(real);
	free(path);
	return r;
}

int
ks_follower_add_unseen(struct follower *f, struct source *s)
{
	char *name = NULL;
	int fd, r = 0;

	while (r == 0 && (fd = ks_renames_take(&s->files.renames, &name)) >= 0) {
		r = add_renamed(f, s, fd, name);
		free(name);
	}
	if (s->files.renames.lost > 0)
		note(f, FOLLOWER_LOST, s, 0);
	s->files.renames.lost = 0;
	return r;
}

/*
 * After changes that nobody told of there may have been files between the newest that is known and the
 * one that is at the path now.
 */
static int
add_between(struct follower *f, struct source *s, const struct part *now)
{
	size_t count;
	int r = 0;

	do {
		const struct part *newest = &s->files.parts[s->files.count - 1];
		char *path;
		int fd;

		count = s->files.count;
		if (count == 0)
			return 0;
		fd = ks_rotated_find_between(now->path, &newest->identity, &now->identity, &path);
		if (fd < 0)
			return 0;
		r = add_file(f, s, fd, path);
		free(path);
	} while (r == 0 && s->files.count > count);
	return r;
}

/* Was it born after an earlier run had looked for the last time? */
static bool
is_new(const struct follower *f, const struct part *part)
{
	return !f->is_started && f->last_look > 0 && part->identity.birth >= f->last_look;
}

static int
add_at_path(struct follower *f, struct source *s, uint64_t from)
{
	struct part part;
	int r = ks_followed_open(&s->files, f->watch, &part);

	if (r < 0) {
		tell(f, s, -r);
		return r == -ENOMEM ? r : 0;
	}
	tell(f, s, 0);
	if (is_new(f, &part))
		from = 0;
	part.position = part.file_offset = from < part.size ? from : part.size;
	r = s->files.count > 0 ? add_between(f, s, &part) : 0;
	if (!s->redactor && s->files.reading == s->files.count)
		ks_follower_begin(f, s, &part);
	if (r == 0)
		r = ks_followed_add(&s->files, f->watch, &part);
	else
		ks_part_done(&part, f->watch);
	s->is_past = s->is_past && r < 0;
	return r;
}

int
ks_follower_look(struct follower *f, struct source *s)
{
	uint64_t from;
	int fd, r;

	if (s->files.is_late || s->files.renames.count > 0)
		return 0; /* what came before is to be read before it */
	ks_followed_walk(&s->files, f->watch);
	fd = ks_followed_look(&s->files);
	if (fd < 0) {
		s->is_past = false;
		/* without an error it is there, and known by its name's changes already */
		if (s->files.reading == s->files.count || !s->files.error)
			tell(f, s, s->files.error);
		return 0;
	}
	r = choose_begin(f, s, fd, &from);
	(void)close(fd);
	if (r > 0)
		return add_at_path(f, s, from);
	if (r < 0)
		tell(f, s, -r);
	return 0;
}

/* -------------------------------------------------------------------- patterns ---- */

int
ks_follower_add_match(struct follower *f, const char *path, struct source **ret_source)
{
	*ret_source = NULL;
	if (ks_follower_find(f, path))
		return 0;
	if (f->count >= MATCHES_MAX) {
		if (!f->is_full)
			f->options.note(f->options.note_ctx, FOLLOWER_FULL, path, 0);
		f->is_full = true;
		return 0;
	}
	f->is_full = false;
	*ret_source = ks_follower_add(f, path, false);
	return *ret_source ? 0 : -ENOMEM;
}

bool
ks_follower_is_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static int
add_match(void *ctx, const char *path)
{
	struct source *added;

	return ks_follower_is_file(path) ? ks_follower_add_match(ctx, path, &added) : 0;
}

int
ks_follower_look_patterns(struct follower *f, bool is_all)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < f->pattern_count; i++) {
		if (is_all || f->patterns[i].must_look)
			r = ks_pattern_look(&f->patterns[i], f->watch, add_match, f);
	}
	return r;
}
