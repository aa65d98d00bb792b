/* SPDX-License-Identifier: Apache-2.0 */
/* See sibling.h. What a kill leaves behind is a file .NAME.keysieve-XXXXXX that only its owner reads. */
#include "sibling.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "note.h"

#define NAME_SHOWN 200 /* bytes of the other's name: there is a limit of 255 */

int
ks_sibling_create(struct sibling *s, const char *beside)
{
	const char *slash = strrchr(beside, '/');
	const char *name = slash ? slash + 1 : beside;

	if (asprintf(&s->path, "%.*s.%.*s.keysieve-XXXXXX", (int)(name - beside), beside,
	             NAME_SHOWN, name) < 0) {
		s->path = NULL;
		return -ENOMEM;
	}
	s->fd = mkostemp(s->path, O_CLOEXEC);
	if (s->fd >= 0)
		return 0;
	free(s->path);
	s->path = NULL;
	return -errno;
}

void
ks_sibling_done(struct sibling *s)
{
	if (s->path)
		(void)unlink(s->path);
	if (s->fd >= 0)
		(void)close(s->fd);
	free(s->path);
	*s = (struct sibling)SIBLING_NONE;
}

/* ------------------------------------------------------------------- attributes ---- */

static int
copy_attribute(int to, int from, const char *name)
{
	char value[1 << 16]; /* the most that the kernel allows */
	ssize_t len = fgetxattr(from, name, value, sizeof(value));

	if (len >= 0 && fsetxattr(to, name, value, (size_t)len, 0) == 0)
		return 0;
	return strncmp(name, "system.", 7) == 0 ? -errno : 0;
}

static int
copy_attributes(int to, int from)
{
	char names[1 << 16];
	ssize_t len = flistxattr(from, names, sizeof(names));
	int r = 0;

	for (const char *name = names; r == 0 && len > 0 && name < names + len;
	     name += strlen(name) + 1) {
		if (strcmp(name, NOTE_NAME) != 0)
			r = copy_attribute(to, from, name);
	}
	return r;
}

/* The owner first: who was the owner before must not be let in by the mode. */
int
ks_sibling_take_after(const struct sibling *s, int fd, const struct stat *st)
{
	struct stat own;
	int r;

	if (fstat(s->fd, &own) < 0)
		return -errno;
	if ((own.st_uid != st->st_uid || own.st_gid != st->st_gid) &&
	    fchown(s->fd, st->st_uid, st->st_gid) < 0)
		return -errno;
	r = copy_attributes(s->fd, fd);
	if (r < 0)
		return r;
	return fchmod(s->fd, st->st_mode & 0777) < 0 ? -errno : 0;
}

/* ----------------------------------------------------------------------- naming ---- */

/* Not every file system knows RENAME_NOREPLACE. */
static int
rename_to_new(const char *from, const char *to)
{
	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -errno;
	if (link(from, to) < 0)
		return -errno;
	return unlink(from) < 0 ? -errno : 0;
}

static int
sync_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *name = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	int fd, r = 0;

	if (!name)
		return -ENOMEM;
	fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(name);
	if (fd < 0)
		return -errno;
	if (fsync(fd) < 0 && errno != EINVAL)
		r = -errno;
	(void)close(fd);
	return r;
}

int
ks_sibling_name(struct sibling *s, const char *path, bool replaces)
{
	int r = fsync(s->fd) < 0 ? -errno : 0;

	if (r == 0 && replaces)
		r = rename(s->path, path) < 0 ? -errno : 0;
	else if (r == 0)
		r = rename_to_new(s->path, path);
	if (r < 0)
		return r;
	free(s->path);
	s->path = NULL;
	return sync_directory(path);
}
