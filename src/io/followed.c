/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See followed.h. Nothing here knows what is done with the bytes, nor of other paths.
 *
 * Invariants: parts are in the order in which their files were at the path. parts[0, reading) are closed,
 * all others open. A part's place in the source is known from when it is begun on.
 */
#include "followed.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "rotated.h"

double
ks_followed_clock(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int
ks_followed_init(struct followed *f, const char *path)
{
	*f = (struct followed){ .left = { .fd = -1, .watch_id = -1 },
		                .must_look = true,
		                .must_walk = true,
		                .active = ks_followed_clock() };
	f->path = strdup(path);
	return f->path ? 0 : -ENOMEM;
}

void
ks_followed_done(struct followed *f, struct watch *watch)
{
	ks_followed_leave(f, watch);
	ks_renames_done(&f->renames);
	for (size_t i = 0; i < f->count; i++)
		ks_part_done(&f->parts[i], watch);
	ks_part_done(&f->left, watch);
	free(f->parts);
	free(f->path);
	*f = (struct followed){ .left = { .fd = -1, .watch_id = -1 } };
}

/* ----------------------------------------------------------- what is at the path ---- */

bool
ks_followed_has(const struct followed *f, const struct file_identity *file)
{
	for (size_t i = f->reading; i < f->count; i++) {
		if (ks_file_identity_is_inode(&f->parts[i].identity, file))
			return true;
	}
	return false;
}

static bool
newest_is(const struct followed *f, int fd)
{
	struct file_identity file;

	return f->reading < f->count && ks_file_identity_read_inode(fd, &file) == 0 &&
	       ks_file_identity_is_inode(&f->parts[f->count - 1].identity, &file);
}

int
ks_followed_look(struct followed *f)
{
	int fd = open(f->path, O_PATH | O_CLOEXEC);

	f->must_look = false;
	f->error = fd < 0 ? errno : 0;
	f->is_away = fd >= 0 && !newest_is(f, fd);
	if (fd >= 0 && !f->is_away) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

/* ------------------------------------------------------------------------ parts ---- */

uint64_t
ks_followed_position(const struct followed *f)
{
	return f->reading < f->count ? ks_part_end(&f->parts[f->reading]) : f->end;
}

/* The part before it, if there is one, goes up to f->end. */
static void
begin_part(struct followed *f)
{
	struct part *p = f->reading < f->count ? &f->parts[f->reading] : NULL;

	if (p && p->is_placed)
		f->end = p->source_offset;
	else if (p)
		p->source_offset = f->end;
	if (p)
		p->is_placed = true;
	f->must_read = true;
	f->active = ks_followed_clock();
}

/* Does the part go on where the last one was closed, as after an error? */
static bool
goes_on(const struct followed *f, const struct part *part)
{
	const struct part *last;

	if (f->count == 0 || f->reading < f->count || f->has_gap || part->is_placed)
		return false;
	last = &f->parts[f->count - 1];
	return last->limit == PART_UNLIMITED && last->position == part->position &&
	       ks_file_identity_is_inode(&last->identity, &part->identity);
}

/* It is the last part, open again: what comes next may be in the middle of its line. */
static void
reopen_last(struct followed *f, struct part *part)
{
	struct part *last = &f->parts[--f->reading];

	free(last->path);
	last->path = part->path;
	last->fd = part->fd;
	last->watch_id = part->watch_id;
	f->must_break = false;
	begin_part(f);
}

int
ks_followed_add(struct followed *f, struct watch *watch, struct part *part)
{
	struct part *grown;

	if (goes_on(f, part)) {
		reopen_last(f, part);
		return 0;
	}
	grown = realloc(f->parts, (f->count + 1) * sizeof(*grown));
	if (!grown) {
		ks_part_done(part, watch);
		return -ENOMEM;
	}
	f->parts = grown;
	if (f->has_gap && !part->is_placed)
		part->source_offset = f->place;
	part->is_placed |= f->has_gap;
	part->has_gap |= f->has_gap;
	f->has_gap = false;
	f->parts[f->count++] = *part;
	f->must_read = true;
	if (f->reading + 1 == f->count) {
		f->must_break = true;
		begin_part(f);
	}
	return 0;
}

static int
real_path(const struct followed *f, char *ret_path)
{
	const char *directory;
	int n;

	if (f->step_count == 0)
		return -ENOENT;
	directory = strcmp(f->directory, ".") == 0 ? "" : f->directory;
	n = snprintf(ret_path, PATH_MAX, "%s%s%s", directory, *directory ? "/" : "",
	             f->steps[f->step_count - 1].name);
	return n < PATH_MAX ? 0 : -ENAMETOOLONG;
}

/* Watched before it is opened, so that no later change is missed. */
int
ks_followed_open(struct followed *f, struct watch *watch, struct part *ret_part)
{
	char path[PATH_MAX];
	int r;

	f->must_walk = true;
	ks_followed_walk(f, watch);
	r = real_path(f, path);
	return r == 0 ? ks_part_open(f->path, path, watch, ret_part) : r;
}

void
ks_followed_forget(struct followed *f, uint64_t from)
{
	size_t n = 0;

	while (n < f->reading && n + 1 < f->count && ks_part_end(&f->parts[n]) <= from)
		free(f->parts[n++].path);
	if (n == 0)
		return;
	f->count -= n;
	f->reading -= n;
	memmove(f->parts, f->parts + n, f->count * sizeof(*f->parts));
}

/* ---------------------------------------------------------------------- reading ---- */

/* It is read to its end: leave a closed copy in its place. */
static int
move_left(struct followed *f, struct watch *watch)
{
	struct part *p = &f->parts[f->reading];
	char *path = strdup(p->path);

	if (!path)
		return -ENOMEM;
	ks_part_done(&f->left, watch);
	f->left = *p;
	p->path = path;
	p->fd = p->watch_id = -1;
	if (p->limit != PART_UNLIMITED)
		ks_part_done(&f->left, watch);
	return 0;
}

static int
switch_part(struct followed *f, struct watch *watch)
{
	int r;

	f->end = ks_followed_position(f);
	r = move_left(f, watch);
	if (r < 0)
		return r;
	f->reading++;
	begin_part(f);
	return FOLLOWED_SWITCHED;
}

static int
insert_next(struct followed *f, struct watch *watch, struct part *part)
{
	struct part *grown = realloc(f->parts, (f->count + 1) * sizeof(*grown)), *to;

	if (!grown) {
		ks_part_done(part, watch);
		return -ENOMEM;
	}
	f->parts = grown;
	to = &f->parts[f->reading + 1];
	memmove(to + 1, to, (f->count - f->reading - 1) * sizeof(*to));
	*to = *part;
	f->count++;
	return 0;
}

/*
 * What was in the file may be in a copy, which logrotate's copytruncate makes: it is read instead. Returns false
 * if there is none.
 */
static bool
take_copy(struct part *p, struct watch *watch)
{
	struct part copy;
	char *path;
	int fd = ks_rotated_find_copy(p->path, &p->identity, p->position, p->opened, &path), r;

	if (fd < 0)
		return false;
	r = ks_part_adopt(fd, path, watch, &copy);
	free(path);
	if (r < 0)
		return false;
	copy.source_offset = p->source_offset;
	copy.opened = p->opened;
	copy.file_offset = p->file_offset;
	copy.position = p->position;
	copy.lines = p->lines;
	copy.is_placed = true;
	ks_part_done(p, watch);
	*p = copy;
	return true;
}

/* The file was cut: its new text is a part of its own, right after the one that is read. */
static int
restart_part(struct followed *f, struct watch *watch)
{
	struct part *p = &f->parts[f->reading], again;
	int fd = fcntl(p->fd, F_DUPFD_CLOEXEC, 3), r;

	if (fd < 0)
		return -errno;
	r = ks_part_adopt(fd, p->path, watch, &again);
	if (r == 0)
		r = insert_next(f, watch, &again);
	if (r < 0)
		return r;
	p = &f->parts[f->reading];
	if (take_copy(p, watch))
		return FOLLOWED_DATA;
	f->end = ks_part_end(p);
	ks_part_close(p, watch);
	f->reading++;
	begin_part(f);
	return FOLLOWED_SWITCHED;
}

/* Is the file after the one that is read begun, so that this one is over once it is read to its end? */
static bool
next_has_begun(const struct followed *f)
{
	return f->reading + 1 < f->count &&
	       (f->parts[f->reading].limit != PART_UNLIMITED || f->reading + 2 < f->count ||
	        ks_part_has_more(&f->parts[f->reading + 1]));
}

/*
 * Whether the file was cut is asked after the bytes were read: if not, they are the right ones. If it was,
 * they may be of either text.
 */
static int
read_part(struct followed *f, struct watch *watch, uint8_t *buf, size_t size, size_t *ret_len)
{
	struct part *p = &f->parts[f->reading];
	bool is_last_time = next_has_begun(f); /* to be asked before */
	ssize_t n = ks_part_read(p, buf, size);
	int was_cut;

	if (n < 0)
		return (int)n;
	was_cut = ks_part_was_cut(p);
	if (was_cut != 0) {
		p->position -= (uint64_t)n;
		return was_cut < 0 ? was_cut : restart_part(f, watch);
	}
	if (n == 0)
		return is_last_time ? switch_part(f, watch) : FOLLOWED_IDLE;
	ks_part_identify(p);
	f->active = ks_followed_clock();
	*ret_len = (size_t)n;
	return FOLLOWED_DATA;
}

int
ks_followed_read(struct followed *f, struct watch *watch, uint8_t *buf, size_t size,
                 size_t *ret_len)
{
	int r = FOLLOWED_IDLE;

	*ret_len = 0;
	if (f->reading < f->count && f->must_break) {
		f->must_break = false;
		return FOLLOWED_SWITCHED;
	}
	if (f->reading < f->count)
		r = read_part(f, watch, buf, size, ret_len);
	f->must_read = r != FOLLOWED_IDLE;
	return r;
}

uint64_t
ks_followed_waiting(const struct followed *f)
{
	uint64_t bytes = 0;

	for (size_t i = f->reading; i < f->count; i++)
		bytes += ks_part_waiting(&f->parts[i]);
	return bytes;
}

bool
ks_followed_take_gap(struct followed *f)
{
	bool has_gap = f->reading < f->count && f->parts[f->reading].has_gap;

	if (has_gap)
		f->parts[f->reading].has_gap = false;
	return has_gap;
}

bool
ks_followed_take_left(struct followed *f, struct part *ret_part)
{
	if (f->left.fd < 0)
		return false;
	*ret_part = f->left;
	f->left = (struct part){ .fd = -1, .watch_id = -1 };
	return true;
}

/* The next part's place is known by an earlier run. What is before it, and was not read, leaves a gap. */
void
ks_followed_close(struct followed *f, struct watch *watch)
{
	struct part *next;

	if (f->reading == f->count)
		return;
	f->end = ks_followed_position(f);
	ks_part_close(&f->parts[f->reading], watch);
	f->reading++;
	f->must_break = true;
	next = f->reading < f->count ? &f->parts[f->reading] : NULL;
	if (next && next->is_placed && next->source_offset != f->end)
		next->has_gap = true;
	begin_part(f);
}

bool
ks_followed_can_leave(const struct followed *f)
{
	return f->reading + 1 < f->count && f->parts[f->reading].limit == PART_UNLIMITED;
}

int
ks_followed_leave_part(struct followed *f, struct watch *watch)
{
	bool has_more = ks_part_has_more(&f->parts[f->reading]);
	int r = switch_part(f, watch);

	if (r == FOLLOWED_SWITCHED)
		f->parts[f->reading].has_gap |= has_more;
	return r;
}
