/* SPDX-License-Identifier: Apache-2.0 */
/* A wake ends a read(2) that waits with EINTR, so that no poll(2) is needed before every one. */
#include "inlet.h"

#include <errno.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

static bool
is_file(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (S_ISREG(st.st_mode) || S_ISBLK(st.st_mode));
}

int
ks_inlet_init(struct inlet *in, int fd, const struct wake *wake)
{
	*in = (struct inlet){ .wake = wake, .fd = fd, .is_file = is_file(fd) };
	in->input = ks_input_open(fd);
	return in->input ? 0 : -ENOMEM;
}

void
ks_inlet_done(struct inlet *in)
{
	ks_input_close(in->input);
	in->input = NULL;
}

/* ---------------------------------------------------------------------- reading ---- */

/* For what does not wait in read(2). Returns 0 or a negative errno: -EINTR if it was woken. */
static int
wait_for_input(const struct inlet *in)
{
	struct pollfd fds[] = { { .fd = ks_input_descriptor(in->input), .events = POLLIN },
		                { .fd = in->wake->fd, .events = POLLIN } };

	if (poll(fds, 2, -1) < 0)
		return -errno;
	return fds[1].revents ? -EINTR : 0;
}

static ssize_t
read_awake(struct inlet *in, uint8_t *buf, size_t len)
{
	for (;;) {
		ssize_t n = ks_wake_is_raised(in->wake) ? -EINTR
		                                        : ks_input_read(in->input, buf, len);

		if (n == -EAGAIN)
			n = wait_for_input(in);
		else
			return n;
		if (n < 0)
			return n;
	}
}

/* Is there something that was there when it was asked to stop? */
static bool
has_left(struct inlet *in)
{
	if (in->is_file)
		return false;
	return (in->left > 0 || ks_input_is_gzip(in->input)) && ks_input_is_ready(in->input);
}

static ssize_t
read_left(struct inlet *in, uint8_t *buf, size_t len)
{
	while (has_left(in)) {
		ssize_t n = ks_input_read(in->input, buf, len);

		if (n == -EAGAIN || n == -EINTR)
			continue;
		if (n > 0)
			in->left -= (uint64_t)n < in->left ? (uint64_t)n : in->left;
		return n;
	}
	in->is_broken_off = in->is_file;
	return 0;
}

ssize_t
ks_inlet_read(struct inlet *in, uint8_t *buf, size_t len)
{
	return in->is_stopping ? read_left(in, buf, len) : read_awake(in, buf, len);
}

bool
ks_inlet_is_ready(const struct inlet *in)
{
	return (in->is_file && !ks_input_is_gzip(in->input)) || ks_input_is_ready(in->input);
}

/* --------------------------------------------------------------------- stopping ---- */

/*
 * What a writer adds from now on is not counted, or one that never stops would keep us from it. Of
 * gzip data nobody can tell how much text it is: it is read until nothing is there.
 */
void
ks_inlet_stop(struct inlet *in)
{
	int ready = 0;

	if (in->is_stopping)
		return;
	in->is_stopping = true;
	if (!in->is_file && ioctl(in->fd, FIONREAD, &ready) == 0 && ready > 0)
		in->left = (uint64_t)ready;
}

bool
ks_inlet_is_broken_off(const struct inlet *in)
{
	return in->is_broken_off;
}
