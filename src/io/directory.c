/* SPDX-License-Identifier: Apache-2.0 */
/* See directory.h. Paths are only cut at their last slash: links and ".." mean what they mean. */
#include "directory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC)

const char *
ks_directory_entry(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

int
ks_directory_open(const char *path)
{
	size_t len = (size_t)(ks_directory_entry(path) - path);
	char *directory = len ? strndup(path, len) : strdup(".");
	int fd;

	if (!directory)
		return -ENOMEM;
	fd = open(directory, FLAGS);
	if (fd < 0)
		fd = -errno;
	free(directory);
	return fd;
}

int
ks_directory_sync(int fd)
{
	return fsync(fd) < 0 && errno != EINVAL ? -errno : 0;
}
