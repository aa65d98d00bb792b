/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See output.h. The length that a checkpoint holds is the file's own, not a count of what was written: after
 * somebody has emptied the file (copytruncate), only that one is right.
 *
 * Where a former file must be found again, it is opened before anything is known about it; so it is opened in a
 * way that does nothing to devices and pipes, and nothing is cut that is not known to be the file.
 */
#include "output.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "descriptor.h"
#include "directory.h"

struct output {
	const char *path;          /* NULL: the standard output */
	const struct meter *meter; /* NULL: nothing is measured */
	int fd;
	bool has_checkpoints, is_regular;
	bool is_recorded; /* ks_output_record() has told of this file */
};

void
ks_output_set_meter(struct output *output, const struct meter *meter)
{
	output->meter = meter;
}

const char *
ks_output_name(const struct output *output)
{
	return output->path ? output->path : "standard output";
}

int
ks_output_descriptor(const struct output *output)
{
	return output->fd;
}

bool
ks_output_is_exact(const struct output *output)
{
	return output->path && output->has_checkpoints && output->is_regular;
}

/* -------------------------------------------------------------------- opening ---- */

static bool
is_regular(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

static bool
is_same_file(int a, int b)
{
	struct stat st_a, st_b;

	return fstat(a, &st_a) == 0 && fstat(b, &st_b) == 0 && st_a.st_dev == st_b.st_dev &&
	       st_a.st_ino == st_b.st_ino;
}

/* A lock that the file system cannot give is done without. Returns 0 or -EBUSY. */
static int
lock(int fd)
{
	return flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK ? -EBUSY : 0;
}

/*
 * Open what is at a path, or make a file. Pipes are opened for writing only, so that the end of their
 * reader shows. Returns a descriptor or a negative errno.
 */
static int
open_path(const char *path, bool must_read)
{
	struct stat st;
	bool is_file = stat(path, &st) < 0 || S_ISREG(st.st_mode);
	int fd = open(path,
	              (must_read && is_file ? O_RDWR : O_WRONLY) | O_APPEND | O_CREAT | O_CLOEXEC |
	                      O_NOCTTY,
	              0666);

	return fd < 0 ? -errno : fd;
}

int
ks_output_open(const char *path, bool has_checkpoints, struct output **ret_output)
{
	struct output *output = calloc(1, sizeof(*output));
	int r = 0;

	if (!output)
		return -ENOMEM;
	output->path = path;
	output->has_checkpoints = has_checkpoints;
	output->fd = path ? open_path(path, has_checkpoints) : STDOUT_FILENO;
	if (output->fd < 0)
		r = output->fd;
	else {
		output->is_regular = is_regular(output->fd);
		if (ks_output_is_exact(output))
			r = lock(output->fd);
	}
	if (r == 0)
		*ret_output = output;
	else
		(void)ks_output_close(output);
	return r;
}

int
ks_output_close(struct output *output)
{
	int r = 0;

	if (!output)
		return 0;
	if (output->fd >= 0 && close(output->fd) < 0)
		r = -errno;
	free(output);
	return r;
}

/* ------------------------------------------------------------------ cutting back ---- */

static int
cut(int fd, uint64_t length)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if ((uint64_t)st.st_size < length)
		return OUTPUT_GONE;
	if ((uint64_t)st.st_size == length)
		return 0;
	return ftruncate(fd, (off_t)length) < 0 || fsync(fd) < 0 ? -errno : 0;
}

/*
 * Is it certainly the checkpoint's file? Where it is looked for, the number of the inode alone does not
 * tell: it may have been used again.
 */
static bool
is_certain(const struct file_identity *identity)
{
	return identity->birth != 0 || identity->head_length > 0;
}

/* Cut back the entry of a directory, if it is the checkpoint's file; OUTPUT_GONE: it is not. */
static int
cut_entry(int directory_fd, const char *name, const struct checkpoint *checkpoint)
{
	struct stat st;
	int fd, r = OUTPUT_GONE;

	if (fstatat(directory_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode) ||
	    st.st_ino != checkpoint->output.inode)
		return OUTPUT_GONE;
	fd = openat(directory_fd, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? OUTPUT_GONE : -errno;
	r = ks_file_identity_matches(&checkpoint->output, fd);
	if (r == 0)
		r = OUTPUT_GONE;
	else if (r == 1 && (r = lock(fd)) == 0)
		r = cut(fd, checkpoint->output_length);
	(void)close(fd);
	return r;
}

/* path: of a file in that directory. */
static int
cut_renamed(const char *path, const struct checkpoint *checkpoint)
{
	int r = OUTPUT_GONE, fd = ks_directory_open(path);
	struct dirent *entry;
	DIR *directory;

	if (fd < 0)
		return fd;
	directory = fdopendir(fd);
	if (!directory) {
		r = -errno;
		(void)close(fd);
		return r;
	}
	while (r == OUTPUT_GONE && (entry = readdir(directory)))
		r = cut_entry(fd, entry->d_name, checkpoint);
	(void)closedir(directory);
	return r;
}

int
ks_output_restore(struct output *output, const struct checkpoint *checkpoint)
{
	char *path;
	int r;

	if (!ks_output_is_exact(output) || !checkpoint->has_output)
		return 0;
	r = ks_file_identity_matches(&checkpoint->output, output->fd);
	if (r != 0)
		return r < 0 ? r : cut(output->fd, checkpoint->output_length);
	r = OUTPUT_GONE;
	/* Renamed by what made the present file, so next to where that really is. */
	path = realpath(output->path, NULL);
	if (!path)
		return -errno;
	if (is_certain(&checkpoint->output))
		r = cut_renamed(path, checkpoint);
	free(path);
	return r == OUTPUT_GONE && checkpoint->is_final ? 0 : r;
}

/* ---------------------------------------------------------------------- writing ---- */

int
ks_output_write(struct output *output, const uint8_t *data, size_t len)
{
	const struct meter *meter = output->meter;
	int r;

	assert(output->is_recorded || !ks_output_is_exact(output));
	if (meter)
		meter->on_write(meter->ctx);
	r = ks_descriptor_write(output->fd, data, len);
	if (meter)
		meter->on_written(meter->ctx, r == 0 ? len : 0);
	return r;
}

/* What is no regular file has nothing to be synced. */
static int
synchronize(const struct output *output)
{
	if (!output->has_checkpoints || !output->is_regular)
		return 0;
	return fdatasync(output->fd) < 0 ? -errno : 0;
}

int
ks_output_reopen(struct output *output)
{
	int fd, r;

	if (!output->path || !output->is_regular)
		return 0;
	r = synchronize(output);
	if (r < 0)
		return r;
	fd = open_path(output->path, output->has_checkpoints);
	if (fd < 0)
		return fd;
	if (is_same_file(fd, output->fd)) {
		(void)close(fd);
		return 0;
	}
	if (!is_regular(fd))
		r = -EINVAL;
	else if (output->has_checkpoints)
		r = lock(fd);
	if (r == 0 && close(output->fd) < 0)
		r = -errno;
	if (r < 0) {
		(void)close(fd);
		return r;
	}
	output->fd = fd;
	output->is_recorded = false;
	return 0;
}

/* ---------------------------------------------------------------------- telling ---- */

/* The file's entry must be on the disk too, before a checkpoint tells of the file. */
static int
synchronize_directory(const char *path)
{
	char *real = realpath(path, NULL);
	int r, fd;

	if (!real)
		return errno == ENOENT ? 0
		                       : -errno; /* just being renamed: not our entry any more */
	fd = ks_directory_open(real);
	free(real);
	if (fd < 0)
		return fd;
	r = ks_directory_sync(fd);
	(void)close(fd);
	return r;
}

static int
describe(const struct output *output, struct checkpoint *checkpoint)
{
	struct file_identity identity;
	struct stat st;
	char *path;
	int r = ks_file_identity_read(output->fd, &identity);

	if (r < 0)
		return r;
	if (fstat(output->fd, &st) < 0)
		return -errno;
	path = strdup(output->path);
	if (!path)
		return -ENOMEM;
	free(checkpoint->output_path);
	checkpoint->output_path = path;
	checkpoint->has_output = true;
	checkpoint->output = identity;
	checkpoint->output_length = (uint64_t)st.st_size;
	return 0;
}

int
ks_output_record(struct output *output, struct checkpoint *checkpoint)
{
	int r = synchronize(output);

	if (r < 0)
		return r;
	if (!ks_output_is_exact(output)) {
		checkpoint->has_output = false;
		return 0;
	}
	if (!output->is_recorded)
		r = synchronize_directory(output->path);
	if (r == 0)
		r = describe(output, checkpoint);
	if (r == 0)
		output->is_recorded = true;
	return r;
}
