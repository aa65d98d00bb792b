/* SPDX-License-Identifier: Apache-2.0 */
/* See part.h. A part knows nothing of names that change, nor of what is in the file. */
#include "part.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "path_open.h"

static int
check_kind(const struct stat *st)
{
	if (S_ISDIR(st->st_mode))
		return -EISDIR;
	return S_ISREG(st->st_mode) ? 0 : -EINVAL;
}

int
ks_part_adopt(int fd, const char *path, struct watch *watch, struct part *ret_part)
{
	struct part part = {
		.fd = fd, .watch_id = -1, .limit = PART_UNLIMITED, .lines = PART_NO_LINES
	};
	struct stat st;
	int r = fstat(fd, &st) < 0 ? -errno : check_kind(&st);

	if (r == 0)
		r = ks_file_identity_read(fd, &part.identity);
	if (r == 0 && !(part.path = strdup(path)))
		r = -ENOMEM;
	if (r < 0) {
		(void)close(fd);
		return r;
	}
	part.size = (uint64_t)st.st_size;
	part.opened = ks_file_clock();
	part.watch_id = ks_watch_file(watch, fd);
	*ret_part = part;
	return 0;
}

/* Asked before it is opened: opening a pipe would be noticed at its other end. */
int
ks_part_open(const char *name, const char *path, struct watch *watch, struct part *ret_part)
{
	struct stat st;
	int fd, r = stat(name, &st) < 0 ? -errno : check_kind(&st);

	if (r < 0)
		return r;
	fd = ks_path_open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	return fd < 0 ? fd : ks_part_adopt(fd, path, watch, ret_part);
}

void
ks_part_close(struct part *p, struct watch *watch)
{
	ks_watch_release(watch, p->watch_id);
	if (p->fd >= 0)
		(void)close(p->fd);
	p->fd = p->watch_id = -1;
}

void
ks_part_done(struct part *p, struct watch *watch)
{
	ks_part_close(p, watch);
	free(p->path);
	*p = (struct part){ .fd = -1, .watch_id = -1 };
}

ssize_t
ks_part_read(struct part *p, uint8_t *buf, size_t size)
{
	ssize_t n;

	if (size > p->limit - p->position)
		size = (size_t)(p->limit - p->position);
	do
		n = pread(p->fd, buf, size, (off_t)p->position);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	p->position += (uint64_t)n;
	return n;
}

uint64_t
ks_part_waiting(const struct part *p)
{
	struct stat st;
	uint64_t end;

	if (p->fd < 0 || fstat(p->fd, &st) < 0)
		return 0;
	end = (uint64_t)st.st_size < p->limit ? (uint64_t)st.st_size : p->limit;
	return end > p->position ? end - p->position : 0;
}

bool
ks_part_has_more(const struct part *p)
{
	return ks_part_waiting(p) > 0;
}

int
ks_part_was_cut(const struct part *p)
{
	struct stat st;
	int r;

	if (fstat(p->fd, &st) < 0)
		return -errno;
	if ((uint64_t)st.st_size < p->position)
		return 1;
	r = ks_file_identity_matches(&p->identity, p->fd);
	return r < 0 ? r : !r;
}

void
ks_part_identify(struct part *p)
{
	if (p->identity.head_length < FILE_HEAD_MAX && p->position > p->identity.head_length)
		(void)ks_file_identity_read(p->fd, &p->identity);
}

uint64_t
ks_part_end(const struct part *p)
{
	return p->source_offset + (p->position - p->file_offset);
}
