/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See path_open.h. Links are read through descriptors of their own, so that the owner that is looked at is the owner of
 * the very link that is followed. Links of /proc, which lead where no text can say, are the kernel's and are left
 * to it.
 */
#include "path_open.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define LINKS_MAX 40 /* as the kernel has it */

struct way {
	int directory;       /* as far as we have come */
	char rest[PATH_MAX]; /* what is to be looked up in it */
	unsigned links;
	bool has_owner; /* there was a link of somebody else's */
	uid_t owner;
};

/* Takes fd. */
static void
enter(struct way *w, int fd)
{
	if (w->directory >= 0)
		(void)close(w->directory);
	w->directory = fd;
}

static int
enter_root(struct way *w)
{
	int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	enter(w, fd);
	return 0;
}

/* The next name of the rest. Returns its length, 0: there is none, or -ENAMETOOLONG. */
static ssize_t
take_name(struct way *w, char name[NAME_MAX + 1])
{
	char *p = w->rest + strspn(w->rest, "/");
	size_t len = strcspn(p, "/");

	if (len > NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(name, p, len);
	name[len] = '\0';
	memmove(w->rest, p + len, strlen(p + len) + 1);
	return (ssize_t)len;
}

static bool
is_trusted(uid_t owner)
{
	return owner == 0 || owner == geteuid();
}

static int
note_owner(struct way *w, uid_t owner)
{
	if (is_trusted(owner))
		return 0;
	if (w->has_owner && w->owner != owner)
		return -EREMCHG;
	w->has_owner = true;
	w->owner = owner;
	return 0;
}

static int
put_before(struct way *w, const char *target)
{
	char rest[PATH_MAX];
	int n = snprintf(rest, sizeof(rest), "%s%s%s", target, *w->rest ? "/" : "", w->rest);

	if (n < 0 || (size_t)n >= sizeof(rest))
		return -ENAMETOOLONG;
	memcpy(w->rest, rest, (size_t)n + 1);
	return *target == '/' ? enter_root(w) : 0;
}

/* link is the descriptor of one, of which st was asked. */
static int
follow_link(struct way *w, int link, const struct stat *st)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(link, "", target, sizeof(target) - 1);
	int r = n < 0 ? -errno : note_owner(w, st->st_uid);

	if (r == 0 && ++w->links > LINKS_MAX)
		r = -ELOOP;
	if (r < 0)
		return r;
	target[n] = '\0';
	return put_before(w, target);
}

static bool
is_kernels(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
}

/* A name on the way, or the last one if that is a link. */
static int
step(struct way *w, const char *name)
{
	struct stat st;
	int r = 0, fd = openat(w->directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		r = -errno;
	else if (S_ISLNK(st.st_mode) && is_kernels(fd)) {
		(void)close(fd);
		fd = openat(w->directory, name, O_PATH | O_CLOEXEC);
		r = fd < 0 ? -errno : 0;
	} else if (S_ISLNK(st.st_mode)) {
		r = follow_link(w, fd, &st);
		(void)close(fd);
		return r;
	}
	if (r == 0)
		enter(w, fd);
	else if (fd >= 0)
		(void)close(fd);
	return r;
}

/* Returns a descriptor, or a negative errno; -ELOOP: it is a link. */
static int
open_last(const struct way *w, const char *name, int flags)
{
	int follow = is_kernels(w->directory) ? 0 : O_NOFOLLOW;
	int fd = openat(w->directory, name, flags | follow);
	struct stat st;

	if (fd < 0)
		return -errno;
	if (!w->has_owner || (fstat(fd, &st) == 0 && st.st_uid == w->owner))
		return fd;
	(void)close(fd);
	return -EREMCHG;
}

/* What has a slash behind it, or is a dot, is a directory. */
static int
open_directory(const struct way *w, int flags)
{
	int fd = openat(w->directory, ".", flags);

	return fd < 0 ? -errno : fd;
}

static int
walk(struct way *w, int flags)
{
	char name[NAME_MAX + 1];
	ssize_t len;
	int r = 0;

	while (r == 0 && (len = take_name(w, name)) != 0) {
		if (len < 0)
			return (int)len;
		if (!*w->rest) {
			r = open_last(w, name, flags);
			if (r != -ELOOP)
				return r;
		}
		r = step(w, name);
	}
	return r < 0 ? r : open_directory(w, flags);
}

int
ks_path_open(const char *path, int flags)
{
	struct way way = { .directory = -1 };
	size_t len = strlen(path);
	int r;

	if (len == 0)
		return -ENOENT;
	if (len >= sizeof(way.rest))
		return -ENAMETOOLONG;
	memcpy(way.rest, path, len + 1);
	if (*path == '/') {
		r = enter_root(&way);
	} else {
		way.directory = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
		r = way.directory < 0 ? -errno : 0;
	}
	if (r == 0)
		r = walk(&way, flags);
	enter(&way, -1);
	return r;
}

const char *
ks_path_error_text(int error)
{
	if (error == EREMCHG)
		return "a symbolic link of another user leads to a file that is not theirs";
	return strerror(error);
}
