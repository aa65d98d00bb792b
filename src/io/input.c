/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first three bytes decide; as long as fewer have come and they may still be gzip's, they are kept
 * back. Nothing else ever is.
 */
#include "input.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive.h"
#include "gunzip.h"

struct input {
	int fd;
	bool is_known;         /* whether it is gzip */
	struct gunzip *gunzip; /* NULL: it is not */
	uint8_t front[GZIP_MAGIC_SIZE - 1];
	size_t front_len;
	uint64_t position;
};

struct input *
ks_input_open(int fd)
{
	struct input *in = calloc(1, sizeof(*in));

	if (in)
		in->fd = fd;
	return in;
}

void
ks_input_close(struct input *in)
{
	if (!in)
		return;
	ks_gunzip_free(in->gunzip);
	free(in);
}

int
ks_input_descriptor(const struct input *in)
{
	return in->gunzip ? ks_gunzip_descriptor(in->gunzip) : in->fd;
}

static ssize_t
read_raw(struct input *in, uint8_t *buf, size_t len)
{
	ssize_t n = read(in->fd, buf, len);

	if (n < 0)
		return -errno;
	in->position += (uint64_t)n;
	return n;
}

/* As ks_input_read(), as long as it is not known what it is. */
static ssize_t
read_first(struct input *in, uint8_t *buf, size_t len)
{
	size_t have = in->front_len;
	size_t room = (len < GUNZIP_READ_SIZE ? len : GUNZIP_READ_SIZE) - have;
	ssize_t n = read_raw(in, buf + have, room);

	if (n < 0)
		return n;
	memcpy(buf, in->front, have);
	have += (size_t)n;
	if (n > 0 && have < GZIP_MAGIC_SIZE && memcmp(buf, ks_gzip_magic, have) == 0) {
		memcpy(in->front, buf, have);
		in->front_len = have;
		return -EAGAIN;
	}
	in->is_known = true;
	if (have < GZIP_MAGIC_SIZE || memcmp(buf, ks_gzip_magic, GZIP_MAGIC_SIZE) != 0)
		return (ssize_t)have;
	in->gunzip = ks_gunzip_new(in->fd, buf, have);
	return in->gunzip ? -EAGAIN : -ENOMEM;
}

ssize_t
ks_input_read(struct input *in, uint8_t *buf, size_t len)
{
	if (!in->is_known)
		return read_first(in, buf, len);
	return in->gunzip ? ks_gunzip_read(in->gunzip, buf, len) : read_raw(in, buf, len);
}

int
ks_input_wait(struct input *in)
{
	struct pollfd fd = { .fd = ks_input_descriptor(in), .events = POLLIN };

	while (poll(&fd, 1, -1) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return 0;
}

bool
ks_input_is_ready(struct input *in)
{
	struct pollfd fd = { .fd = in->fd, .events = POLLIN };

	return in->gunzip ? ks_gunzip_is_ready(in->gunzip) : poll(&fd, 1, 0) != 0;
}

bool
ks_input_is_gzip(const struct input *in)
{
	return in->gunzip != NULL;
}

uint64_t
ks_input_position(struct input *in)
{
	return in->gunzip ? ks_gunzip_position(in->gunzip) : in->position;
}

void
ks_input_reason(const struct input *in, int code, char *text, size_t size)
{
	if (code == EBADMSG && in->gunzip)
		ks_gunzip_reason(in->gunzip, text, size);
	else
		(void)snprintf(text, size, "%s", strerror(code));
}
