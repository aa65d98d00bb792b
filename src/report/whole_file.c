/* SPDX-License-Identifier: Apache-2.0 */
/* Invariant: until it is whole, the file has a name of its own, in the directory where it belongs. */
#include "whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool
is_special(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

static int
open_temporary(struct whole_file *file)
{
	const char *slash = strrchr(file->path, '/');
	int directory = slash ? (int)(slash - file->path) + 1 : 0;
	int fd;

	if (asprintf(&file->temporary, "%.*s.keysieve-XXXXXX", directory, file->path) < 0) {
		file->temporary = NULL;
		return -ENOMEM;
	}
	fd = mkostemp(file->temporary, O_CLOEXEC);
	if (fd >= 0)
		return fd;
	fd = -errno;
	free(file->temporary);
	file->temporary = NULL;
	return fd;
}

int
ks_whole_file_open(struct whole_file *file, const char *path)
{
	int fd;

	*file = (struct whole_file){ .path = path };
	if (is_special(path)) {
		fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
		fd = fd < 0 ? -errno : fd;
	} else {
		fd = open_temporary(file);
	}
	if (fd < 0)
		return fd;
	file->out = fdopen(fd, "w");
	if (file->out)
		return 0;
	(void)close(fd);
	ks_whole_file_abandon(file);
	return -ENOMEM;
}

void
ks_whole_file_abandon(struct whole_file *file)
{
	if (file->out)
		(void)fclose(file->out);
	if (file->temporary)
		(void)unlink(file->temporary);
	free(file->temporary);
	*file = (struct whole_file){ 0 };
}

/* Have all of it written, on the disk if it is a file. Returns 0 or a negative errno. */
static int
finish(struct whole_file *file)
{
	errno = 0;
	if (fflush(file->out) != 0 || ferror(file->out))
		return errno ? -errno : -EIO;
	if (file->temporary && fsync(fileno(file->out)) < 0)
		return -errno;
	return 0;
}

int
ks_whole_file_commit(struct whole_file *file)
{
	int r = finish(file);

	if (r == 0 && file->temporary) {
		if (rename(file->temporary, file->path) < 0) {
			r = -errno;
		} else {
			free(file->temporary);
			file->temporary = NULL;
		}
	}
	ks_whole_file_abandon(file);
	return r;
}
