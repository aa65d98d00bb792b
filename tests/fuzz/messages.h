/* SPDX-License-Identifier: Apache-2.0 */
/* What the command line's code writes to the standard error, for targets that look at it. */
#pragma once

#include "target.h"

#define MESSAGES_MAX 65536U

struct messages {
	int fd, stderr_fd;
	char text[MESSAGES_MAX];
	size_t len;
};

/* From now on the standard error is a file, until the messages are ended. */
static inline void
messages_begin(struct messages *m)
{
	if (m->fd == 0) {
		m->fd = memfd_create("messages", MFD_CLOEXEC | MFD_ALLOW_SEALING);
		m->stderr_fd = dup(STDERR_FILENO);
		require(m->fd > 0 && m->stderr_fd > 0, "no file for messages");
	}
	require(ftruncate(m->fd, 0) == 0 && lseek(m->fd, 0, SEEK_SET) == 0, "no file");
	(void)dup2(m->fd, STDERR_FILENO);
}

/* Every message is a line that begins with the program's name and cannot steer a terminal. */
static inline void
messages_end(struct messages *m)
{
	ssize_t n = pread(m->fd, m->text, sizeof(m->text) - 1, 0);

	(void)dup2(m->stderr_fd, STDERR_FILENO);
	require(n >= 0, "no messages");
	m->len = (size_t)n;
	m->text[n] = '\0';
	require(n == 0 || m->text[n - 1] == '\n' || n == MESSAGES_MAX - 1, "half a line");
	for (char *line = m->text, *end; *line && (end = strchr(line, '\n')); line = end + 1) {
		require(strncmp(line, "keysieve: ", 10) == 0, "a line without the name");
		for (char *p = line; p < end; p++)
			require((unsigned char)*p >= ' ' && *p != 0x7f, "a control byte");
	}
}
