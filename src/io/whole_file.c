/* SPDX-License-Identifier: Apache-2.0 */
/* stdio on a descriptor of its own: the sibling keeps the one that it has on the disk before it is named. */
#include "whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

static bool
is_special(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

/* Returns a descriptor to write to, or a negative errno. */
static int
open_output(struct whole_file *file)
{
	int fd, r;

	if (is_special(file->path)) {
		fd = open(file->path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	} else {
		r = ks_sibling_create(&file->sibling, file->path);
		if (r < 0)
			return r;
		fd = fcntl(file->sibling.fd, F_DUPFD_CLOEXEC, 0);
	}
	return fd < 0 ? -errno : fd;
}

int
ks_whole_file_open(struct whole_file *file, const char *path)
{
	int fd;

	*file = (struct whole_file){ .path = path, .sibling = SIBLING_NONE };
	fd = open_output(file);
	if (fd >= 0)
		file->out = fdopen(fd, "w");
	if (file->out)
		return 0;
	if (fd >= 0)
		(void)close(fd);
	ks_sibling_done(&file->sibling);
	return fd < 0 ? fd : -ENOMEM;
}

void
ks_whole_file_abandon(struct whole_file *file)
{
	if (file->out)
		(void)fclose(file->out);
	file->out = NULL;
	ks_sibling_done(&file->sibling);
}

int
ks_whole_file_commit(struct whole_file *file)
{
	int r = 0;

	errno = 0;
	if (fflush(file->out) != 0 || ferror(file->out))
		r = errno ? -errno : -EIO;
	if (r == 0 && file->sibling.path)
		r = ks_sibling_name(&file->sibling, file->path, true);
	ks_whole_file_abandon(file);
	return r;
}
