/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See standard_error.h. The open file description is shared with the shell and others, so it is never made one that does
 * not block: a pipe or terminal is opened once more, and a socket is sent to. What can be neither is looked at by
 * poll(2) first, and given no more than a pipe that can be written takes for sure.
 */
#include "standard_error.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "monotonic.h"

#define BOUND_MS 5000
#define PAUSE_MS 10 /* where room was told of, and there was none */

/* Messages come from everywhere, as there is one standard error. */
static struct {
	atomic_int patience; /* enum patience */
	atomic_int left_ms;  /* of the bound */
	int own;             /* the pipe or terminal, opened so that it does not block; or -1 */
	bool is_socket;
	atomic_ullong dropped;
} state = { .left_ms = BOUND_MS, .own = -1 };

void
ks_standard_error_set_patience(enum patience patience)
{
	state.patience = patience;
}

uint64_t
ks_standard_error_dropped(void)
{
	return atomic_load(&state.dropped);
}

void
ks_standard_error_prepare(void)
{
	struct stat st;

	if (state.own >= 0)
		(void)close(state.own);
	state.own = -1;
	if (fstat(STDERR_FILENO, &st) < 0)
		return;
	state.is_socket = S_ISSOCK(st.st_mode);
	if (S_ISFIFO(st.st_mode) || isatty(STDERR_FILENO) == 1)
		state.own = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

/* ----------------------------------------------------------------------- waiting ---- */

/* How long poll(2) may wait now: milliseconds, or -1. */
static int
time_left(void)
{
	switch ((enum patience)state.patience) {
	case PATIENCE_ENDLESS:
		return -1;
	case PATIENCE_BOUNDED:
		return state.left_ms;
	case PATIENCE_NONE:
		break;
	}
	return 0;
}

static void
note_waited(uint64_t since)
{
	uint64_t waited = ks_monotonic_milliseconds() - since;

	if (state.patience == PATIENCE_BOUNDED)
		state.left_ms = waited < (uint64_t)state.left_ms ? state.left_ms - (int)waited : 0;
}

/* poll(2), on the time that is left. fd < 0: nothing comes. Returns as it does; 0 too when a signal came. */
static int
wait_on(int fd, int timeout)
{
	struct pollfd out = { .fd = fd, .events = POLLOUT };
	uint64_t since = ks_monotonic_milliseconds();
	int r = poll(&out, 1, timeout);

	note_waited(since);
	return r < 0 && errno == EINTR ? 0 : r;
}

/* Wait until something can be written, or it is clear that nothing can. Returns false if the time is over. */
static bool
wait_for_room(int fd)
{
	for (;;) {
		int left = time_left(), r = wait_on(fd, left);

		if (r > 0)
			return true;
		if (r < 0)
			return state.own >= 0 || state.is_socket || left < 0;
		if (left == 0)
			return false;
	}
}

/* ----------------------------------------------------------------------- writing ---- */

static ssize_t
write_once(int fd, const char *text, size_t len)
{
	if (state.is_socket)
		return send(fd, text, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	return write(fd, text, len);
}

/* A write said that it would have to wait, or a signal came while it did. Returns false if there is no time for that. */
static bool
has_to_wait(int error)
{
	if (error == EINTR)
		return state.patience != PATIENCE_NONE;
	if (error != EAGAIN || time_left() == 0)
		return false;
	(void)wait_on(-1, PAUSE_MS);
	return true;
}

/* No more than PIPE_BUF bytes. Returns 0 or a negative errno: not all of it is written. */
static int
write_piece(const char *text, size_t len)
{
	int fd = state.own >= 0 ? state.own : STDERR_FILENO;

	while (len > 0) {
		ssize_t n;

		if (!wait_for_room(fd))
			return -EAGAIN;
		n = write_once(fd, text, len);
		if (n > 0) {
			text += n;
			len -= (size_t)n;
		} else if (n < 0 && !has_to_wait(errno)) {
			return -errno;
		}
	}
	return 0;
}

/*
 * The signal of a pipe that nobody reads comes to the thread that writes, which is to have it from the output only; the
 * other one would stop a process in the background of a terminal.
 */
static bool
write_unharmed(const char *text, size_t len)
{
	const struct timespec now = { 0 };
	sigset_t held, before, broken;
	int r;

	(void)sigemptyset(&broken);
	(void)sigaddset(&broken, SIGPIPE);
	held = broken;
	(void)sigaddset(&held, SIGTTOU);
	(void)pthread_sigmask(SIG_BLOCK, &held, &before);
	r = write_piece(text, len);
	while (r == -EPIPE && sigtimedwait(&broken, NULL, &now) < 0 && errno == EINTR)
		;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return r == 0;
}

/* Whole lines, as many as can be written at once; or a part of one that is longer. */
static size_t
length_of_piece(const char *text, size_t len)
{
	const char *end;

	if (len <= PIPE_BUF)
		return len;
	end = memrchr(text, '\n', PIPE_BUF);
	return end ? (size_t)(end - text) + 1 : PIPE_BUF;
}

void
ks_standard_error_write(const char *text, size_t len)
{
	while (len > 0) {
		size_t n = length_of_piece(text, len);

		if (!write_unharmed(text, n)) {
			atomic_fetch_add(&state.dropped, 1);
			return;
		}
		text += n;
		len -= n;
	}
}
