/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A checkpoint is written to PATH.tmp, which then takes the place of PATH. Both names are fixed: what a killed
 * process left is overwritten, and the lock keeps others away from it.
 *
 * The lock is on a file of its own, as the one that is replaced is another inode each time; and that file is
 * never removed, as somebody might wait to lock it just then.
 */
#include "checkpoint_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "descriptor.h"
#include "directory.h"

#define SIZE_MAX_READ ((size_t)64 << 20) /* far more than any number of sources needs */

struct checkpoint_file {
	char *path; /* absolute, without links; for messages too */
	char *temporary;
	const char *entry, *temporary_entry; /* in the directory */
	int directory_fd, lock_fd;
};

static bool
is_inode(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

bool
ks_checkpoint_file_has(const struct checkpoint_file *file, const struct stat *st)
{
	struct stat own;

	if (fstat(file->lock_fd, &own) == 0 && is_inode(&own, st))
		return true;
	return fstatat(file->directory_fd, file->entry, &own, 0) == 0 && is_inode(&own, st);
}

static int
complain(struct ks_error *reterr, const char *path, int sys, const char *text)
{
	size_t len = strlen(path);
	int status = sys == ENOMEM ? KS_ERROR_MEMORY : KS_ERROR_FILE;

	*reterr = (struct ks_error){ .status = status, .sys = sys };
	if (len >= sizeof(reterr->file))
		path += len - sizeof(reterr->file) + 1;
	(void)snprintf(reterr->file, sizeof(reterr->file), "%s", path);
	(void)snprintf(reterr->text, sizeof(reterr->text), "%s", text ? text : strerror(sys));
	return status;
}

/* ------------------------------------------------------------------------ opening ---- */

static int
check_kind(const char *path, struct ks_error *reterr)
{
	struct stat st;

	if (stat(path, &st) == 0) {
		if (S_ISREG(st.st_mode))
			return KS_OK;
		return complain(reterr, path, 0,
		                "no regular file, so no checkpoint can be kept in it");
	}
	if (errno != ENOENT)
		return complain(reterr, path, errno, NULL);
	if (!*ks_directory_entry(path))
		return complain(reterr, path, EISDIR, NULL);
	if (lstat(path, &st) == 0)
		return complain(reterr, path, ENOENT, "a symbolic link to nothing");
	return KS_OK;
}

static int
set_names(struct checkpoint_file *file, const char *path)
{
	file->path = realpath(path, NULL);
	if (!file->path)
		file->path = strdup(path);
	if (!file->path || asprintf(&file->temporary, "%s.tmp", file->path) < 0)
		return -ENOMEM;
	file->entry = ks_directory_entry(file->path);
	file->temporary_entry = ks_directory_entry(file->temporary);
	return 0;
}

static int
lock(struct checkpoint_file *file, struct ks_error *reterr)
{
	char *name;
	int sys = 0;

	if (asprintf(&name, "%s.lock", file->entry) < 0)
		return complain(reterr, file->path, ENOMEM, NULL);
	file->lock_fd = openat(file->directory_fd, name,
	                       O_RDWR | O_CREAT | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK | O_CLOEXEC,
	                       0600);
	if (file->lock_fd < 0 || flock(file->lock_fd, LOCK_EX | LOCK_NB) < 0)
		sys = errno;
	free(name);
	if (sys == 0)
		return KS_OK;
	return complain(reterr, file->path, sys,
	                sys == EWOULDBLOCK ? "in use by another process" : NULL);
}

static int
open_temporary(struct checkpoint_file *file)
{
	int fd;

	(void)unlinkat(file->directory_fd, file->temporary_entry, 0);
	fd = openat(file->directory_fd, file->temporary_entry,
	            O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return fd < 0 ? -errno : fd;
}

/* Could a checkpoint be written? */
static int
probe(struct checkpoint_file *file, struct ks_error *reterr)
{
	int fd = open_temporary(file);

	if (fd < 0)
		return complain(reterr, file->path, -fd, NULL);
	(void)close(fd);
	if (unlinkat(file->directory_fd, file->temporary_entry, 0) < 0)
		return complain(reterr, file->path, errno, NULL);
	return KS_OK;
}

int
ks_checkpoint_file_open(const char *path, struct checkpoint_file **ret_file,
                        struct ks_error *reterr)
{
	struct checkpoint_file *file = NULL;
	int r = check_kind(path, reterr);

	if (r != KS_OK)
		return r;
	file = calloc(1, sizeof(*file));
	if (!file)
		return complain(reterr, path, ENOMEM, NULL);
	file->directory_fd = file->lock_fd = -1;
	if (set_names(file, path) < 0) {
		r = complain(reterr, path, ENOMEM, NULL);
		goto out;
	}
	file->directory_fd = ks_directory_open(file->path);
	if (file->directory_fd < 0) {
		r = complain(reterr, path, -file->directory_fd, NULL);
		goto out;
	}
	r = lock(file, reterr);
	if (r == KS_OK)
		r = probe(file, reterr);
out:
	if (r != KS_OK)
		ks_checkpoint_file_close(file);
	else
		*ret_file = file;
	return r;
}

void
ks_checkpoint_file_close(struct checkpoint_file *file)
{
	if (!file)
		return;
	if (file->lock_fd >= 0)
		(void)close(file->lock_fd);
	if (file->directory_fd >= 0)
		(void)close(file->directory_fd);
	free(file->path);
	free(file->temporary);
	free(file);
}

/* ------------------------------------------------------------------------ reading ---- */

/* *ret_text is the caller's to free. Returns 0 or a negative errno. */
static int
read_all(int fd, char **ret_text, size_t *ret_len)
{
	struct stat st;
	size_t len = 0;
	ssize_t n = 1;
	char *text;

	if (fstat(fd, &st) < 0)
		return -errno;
	if ((uintmax_t)st.st_size > SIZE_MAX_READ)
		return -EFBIG;
	text = malloc((size_t)st.st_size + 1);
	if (!text)
		return -ENOMEM;
	while (len < (size_t)st.st_size && n > 0) {
		n = ks_descriptor_read(fd, (uint8_t *)text + len, (size_t)st.st_size - len);
		len += n > 0 ? (size_t)n : 0;
	}
	if (n < 0) {
		free(text);
		return (int)n;
	}
	*ret_text = text;
	*ret_len = len;
	return 0;
}

int
ks_checkpoint_file_read(struct checkpoint_file *file, struct checkpoint *ret_checkpoint,
                        struct ks_error *reterr)
{
	struct ks_error error;
	char *text = NULL;
	size_t len = 0;
	int r, fd = openat(file->directory_fd, file->entry, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT) {
		*ret_checkpoint = (struct checkpoint){ 0 };
		return KS_OK;
	}
	if (fd < 0)
		return complain(reterr, file->path, errno, NULL);
	r = read_all(fd, &text, &len);
	(void)close(fd);
	if (r < 0)
		return complain(reterr, file->path, -r, NULL);
	r = ks_checkpoint_parse(text, len, ret_checkpoint, &error);
	free(text);
	if (r != KS_OK)
		return complain(reterr, file->path, r == KS_ERROR_MEMORY ? ENOMEM : 0, error.text);
	return KS_OK;
}

/* ------------------------------------------------------------------------ writing ---- */

/* Returns 0 or a negative errno. */
static int
replace(struct checkpoint_file *file, const char *text, size_t len)
{
	int r, fd = open_temporary(file);

	if (fd < 0)
		return fd;
	r = ks_descriptor_write(fd, (const uint8_t *)text, len);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (close(fd) < 0 && r == 0)
		r = -errno;
	if (r == 0 && renameat(file->directory_fd, file->temporary_entry, file->directory_fd,
	                       file->entry) < 0)
		r = -errno;
	if (r < 0) {
		(void)unlinkat(file->directory_fd, file->temporary_entry, 0);
		return r;
	}
	return ks_directory_sync(file->directory_fd);
}

int
ks_checkpoint_file_write(struct checkpoint_file *file, const struct checkpoint *checkpoint,
                         struct ks_error *reterr)
{
	char *text;
	size_t len;
	int r;

	if (ks_checkpoint_format(checkpoint, &text, &len) != KS_OK)
		return complain(reterr, file->path, ENOMEM, NULL);
	r = replace(file, text, len);
	free(text);
	return r < 0 ? complain(reterr, file->path, -r, NULL) : KS_OK;
}
