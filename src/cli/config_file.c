/* SPDX-License-Identifier: Apache-2.0 */
/* It is looked at after it is opened, so that it is the file that is read. */
#include "config_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "message.h"
#include "options.h"

#define SIZE_MAX_OF_FILE (1U << 20) /* bytes */

static int
complain(const char *path, const char *reason)
{
	ks_message_file(path, reason);
	return EXIT_CONFIG;
}

static int
complain_system(const char *path, int sys)
{
	int r = complain(path, strerror(sys));

	return sys == ENOMEM ? EXIT_INTERNAL : r;
}

static int
check_mode(const char *path, int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return complain_system(path, errno);
	if (S_ISREG(st.st_mode) && (st.st_mode & S_IWOTH))
		return complain(path, "everybody may write it; make it chmod o-w");
	return 0;
}

static int
read_text(const char *path, FILE *file, char **ret_text, size_t *ret_len)
{
	char *text = malloc(SIZE_MAX_OF_FILE + 1);
	size_t len;

	if (!text) {
		ks_message("out of memory");
		return EXIT_INTERNAL;
	}
	errno = 0;
	len = fread(text, 1, SIZE_MAX_OF_FILE + 1, file);
	if (ferror(file) || len > SIZE_MAX_OF_FILE) {
		free(text);
		return complain_system(path, ferror(file) ? errno : EFBIG);
	}
	*ret_text = text;
	*ret_len = len;
	return 0;
}

int
ks_config_file_read(const char *path, char **ret_text, size_t *ret_len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY), r;
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");

	if (!file) {
		r = complain_system(path, errno);
		if (fd >= 0)
			(void)close(fd);
		return r;
	}
	r = check_mode(path, fd);
	if (r == 0)
		r = read_text(path, file, ret_text, ret_len);
	(void)fclose(file);
	return r;
}
