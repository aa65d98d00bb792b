/* SPDX-License-Identifier: Apache-2.0 */
/* See rotated.h. Every file of the directory is looked at: this is for restarts and accidents. */
#include "rotated.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "directory.h"

#define TRIES 16 /* of finding names that do not change meanwhile */

/* What is looked for. */
struct search {
	const char *base;
	const struct file_identity *identity, *younger;
	uint64_t size, since;
	uint64_t best; /* birth of what was found */
	char found[NAME_MAX + 1];
	int fd;    /* of what was found */
	int error; /* of what may have been it; or 0 */
	bool is_found;
	bool (*accepts)(struct search *search, const char *name, int fd);
};

/* ------------------------------------------------------------------------ names ---- */

static bool
has_ending(const char *name, const char *ending)
{
	size_t len = strlen(name), n = strlen(ending);

	return len >= n && strcmp(name + len - n, ending) == 0;
}

static bool
is_compressed(const char *name)
{
	static const char *const endings[] = { ".gz", ".xz", ".bz2", ".zst", ".Z", ".lz4" };

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		if (has_ending(name, endings[i]))
			return true;
	}
	return false;
}

static bool
has_number_after(const char *name, const char *base, size_t len)
{
	return strncmp(name, base, len) == 0 && strchr(".-_", name[len]) && name[len] &&
	       isdigit((unsigned char)name[len + 1]);
}

bool
ks_rotated_name(const char *base, const char *name)
{
	const char *extension = strrchr(base, '.');

	if (is_compressed(name))
		return false;
	if (has_number_after(name, base, strlen(base)))
		return true;
	return extension && extension > base && has_ending(name, extension) &&
	       has_number_after(name, base, (size_t)(extension - base)) && strcmp(name, base) != 0;
}

/* -------------------------------------------------------------------- searching ---- */

static int
open_regular(int directory, const char *name)
{
	struct stat st;

	if (fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
		return -1; /* opening a pipe would be noticed at its other end */
	return openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
}

/* What is found stays open: its name may change at once. */
static void
try_entry(struct search *s, int directory, const char *name)
{
	int fd = open_regular(directory, name);

	if (fd < 0)
		return;
	if (!s->accepts(s, name, fd)) {
		(void)close(fd);
		return;
	}
	if (s->is_found)
		(void)close(s->fd);
	(void)snprintf(s->found, sizeof(s->found), "%s", name);
	s->fd = fd;
	s->is_found = true;
}

/* Returns whether the names stood still: a name that changes meanwhile may be passed over. */
static bool
try_entries(struct search *s, DIR *stream)
{
	struct stat before, after;
	struct dirent *entry;

	if (fstat(dirfd(stream), &before) < 0)
		return true;
	rewinddir(stream);
	for (errno = 0; (entry = readdir(stream)); errno = 0)
		try_entry(s, dirfd(stream), entry->d_name);
	if (errno)
		s->error = -errno; /* what is looked for may be behind it */
	return fstat(dirfd(stream), &after) < 0 ||
	       (before.st_mtim.tv_sec == after.st_mtim.tv_sec &&
	        before.st_mtim.tv_nsec == after.st_mtim.tv_nsec);
}

static int
give_found(const struct search *s, const char *path, char **ret_path)
{
	size_t len = (size_t)(ks_directory_entry(path) - path);

	if (!s->is_found)
		return s->error < 0 ? s->error : -ENOENT;
	if (asprintf(ret_path, "%.*s%s", (int)len, path, s->found) < 0) {
		(void)close(s->fd);
		return -ENOMEM;
	}
	return s->fd;
}

static int
search(struct search *s, const char *path, char **ret_path)
{
	int fd = ks_directory_open(path);
	DIR *stream;

	if (fd < 0)
		return fd;
	stream = fdopendir(fd);
	if (!stream) {
		(void)close(fd);
		return -ENOMEM;
	}
	s->base = ks_directory_entry(path);
	for (int tries = 0; tries < TRIES && !try_entries(s, stream) && !s->is_found;)
		tries++;
	(void)closedir(stream);
	return give_found(s, path, ret_path);
}

static bool
accepts_identity(struct search *s, const char *name, int fd)
{
	int r = s->is_found ? 0 : ks_file_identity_matches(s->identity, fd);

	(void)name;
	if (r < 0)
		s->error = r;
	return r == 1;
}

int
ks_rotated_find(const char *path, const struct file_identity *identity, char **ret_path)
{
	struct search s = { .identity = identity, .accepts = accepts_identity };

	return search(&s, path, ret_path);
}

/* Former files often begin alike. */
static bool
is_since(const struct stat *st, uint64_t birth, uint64_t since)
{
	uint64_t written = (uint64_t)st->st_mtim.tv_sec * 1000000000U +
	                   (uint64_t)st->st_mtim.tv_nsec;

	return written >= since || birth >= since;
}

static bool
accepts_copy(struct search *s, const char *name, int fd)
{
	struct file_identity own, wanted = *s->identity;
	struct stat st;

	if (s->is_found || wanted.head_length == 0 || !ks_rotated_name(s->base, name) ||
	    fstat(fd, &st) < 0 || (uint64_t)st.st_size <= s->size ||
	    ks_file_identity_read(fd, &own) < 0 || !is_since(&st, own.birth, s->since))
		return false;
	wanted.device = own.device;
	wanted.inode = own.inode;
	wanted.birth = own.birth;
	return ks_file_identity_matches(&wanted, fd) == 1;
}

int
ks_rotated_find_copy(const char *path, const struct file_identity *identity, uint64_t size,
                     uint64_t since, char **ret_path)
{
	struct search s = {
		.identity = identity, .size = size, .since = since, .accepts = accepts_copy
	};

	return search(&s, path, ret_path);
}

static bool
accepts_between(struct search *s, const char *name, int fd)
{
	struct file_identity own;

	if (!ks_rotated_name(s->base, name) || ks_file_identity_read(fd, &own) < 0 ||
	    own.birth <= s->identity->birth || own.birth >= s->younger->birth ||
	    (s->is_found && own.birth >= s->best))
		return false;
	s->best = own.birth;
	return true;
}

int
ks_rotated_find_between(const char *path, const struct file_identity *older,
                        const struct file_identity *younger, char **ret_path)
{
	struct search s = { .identity = older, .younger = younger, .accepts = accepts_between };

	if (older->birth == 0 || younger->birth == 0)
		return -ENOENT;
	return search(&s, path, ret_path);
}
