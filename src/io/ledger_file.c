/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See ledger_file.h. Of a line that was written in part the next line begins with the end, so that only one is spoilt.
 * A line that goes to a pipe is not longer than what pipes take as a whole or not at all.
 */
#include "ledger_file.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define KNOWN_MAX  (16L << 20) /* bytes that are read for fingerprints */
#define OPEN_FLAGS (O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)

struct ledger_file {
	const char *place;
	int number; /* of the descriptor; -1: it is a path */
	int fd;
	struct stat st;
	uint64_t limit;
	bool is_torn; /* the last line has no end */
};

int
ks_ledger_file_number(const char *place)
{
	char *end;
	long number;

	if (strncmp(place, "fd:", 3) != 0)
		return -1;
	errno = 0;
	number = strtol(place + 3, &end, 10);
	if (!isdigit((unsigned char)place[3]) || *end || errno || number > INT_MAX)
		return -2;
	return (int)number;
}

/* ---------------------------------------------------------------------- opening ---- */

/*
 * Of a pipe or a terminal an open file of our own is taken: that it does not block is nobody else's business. Where
 * that is forbidden, it is asked for room before every line.
 */
static int
open_number(int number)
{
	char path[64];
	struct stat st;
	int flags = fcntl(number, F_GETFL), fd = -1;

	if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY || (flags & O_PATH) ||
	    fstat(number, &st) < 0)
		return -EBADF;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", number);
	if (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode))
		fd = open(path, OPEN_FLAGS);
	if (fd < 0)
		fd = fcntl(number, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return -errno;
	if (number > 2)
		(void)fcntl(number, F_SETFD, FD_CLOEXEC);
	return fd;
}

static int
open_place(const struct ledger_file *file)
{
	int fd;

	if (file->number >= 0)
		return open_number(file->number);
	fd = open(file->place, OPEN_FLAGS | O_CREAT, 0600);
	return fd < 0 ? -errno : fd;
}

/* A process may have been killed while it wrote the last line. */
static bool
ends_in_a_line(const struct ledger_file *file)
{
	int fd = file->number < 0 ? open(file->place, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
	char last = '\n';

	if (fd >= 0 && file->st.st_size > 0)
		(void)!pread(fd, &last, 1, file->st.st_size - 1);
	if (fd >= 0)
		(void)close(fd);
	return last == '\n';
}

int
ks_ledger_file_reopen(struct ledger_file *file)
{
	int fd = open_place(file);

	if (fd < 0)
		return fd;
	if (file->fd >= 0)
		(void)close(file->fd);
	file->fd = fd;
	if (fstat(fd, &file->st) < 0)
		return -errno;
	file->is_torn = S_ISREG(file->st.st_mode) && !ends_in_a_line(file);
	return 0;
}

int
ks_ledger_file_open(const char *place, struct ledger_file **ret_file)
{
	struct ledger_file *file = calloc(1, sizeof(*file));
	int r;

	if (!file)
		return -ENOMEM;
	file->place = place;
	file->number = ks_ledger_file_number(place);
	file->fd = -1;
	file->limit = UINT64_MAX;
	r = file->number == -2 ? -EBADF : ks_ledger_file_reopen(file);
	if (r < 0)
		ks_ledger_file_close(file);
	else
		*ret_file = file;
	return r;
}

void
ks_ledger_file_close(struct ledger_file *file)
{
	if (!file)
		return;
	if (file->fd >= 0)
		(void)close(file->fd);
	free(file);
}

void
ks_ledger_file_limit(struct ledger_file *file, uint64_t bytes)
{
	file->limit = bytes;
}

bool
ks_ledger_file_is(const struct ledger_file *file, const struct stat *st)
{
	return S_ISREG(st->st_mode) && st->st_dev == file->st.st_dev &&
	       st->st_ino == file->st.st_ino;
}

/* ---------------------------------------------------------------------- writing ---- */

/* One call for each part, as sendmsg(2) can name another receiver, and so is not allowed by the sandbox. */
static ssize_t
put_to_socket(int fd, const struct iovec *parts, int count)
{
	ssize_t done = 0;

	for (int i = 0; i < count; i++) {
		ssize_t n = 0;

		if (parts[i].iov_len > 0)
			n = send(fd, parts[i].iov_base, parts[i].iov_len,
			         MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0)
			return done > 0 ? done : n;
		done += n;
	}
	return done;
}

static ssize_t
put(const struct ledger_file *file, struct iovec *parts, int count)
{
	struct pollfd ready = { .fd = file->fd, .events = POLLOUT };
	ssize_t n;

	if (S_ISSOCK(file->st.st_mode))
		n = put_to_socket(file->fd, parts, count);
	else if (!S_ISREG(file->st.st_mode) && poll(&ready, 1, 0) == 0)
		return -EAGAIN;
	else
		n = writev(file->fd, parts, count);
	return n < 0 ? -errno : n;
}

/* A pipe that nobody reads any more ends the program otherwise. */
static ssize_t
put_quietly(const struct ledger_file *file, struct iovec *parts, int count)
{
	const struct timespec now = { 0 };
	sigset_t held, pending, before;
	ssize_t n;

	(void)sigemptyset(&held);
	(void)sigaddset(&held, SIGPIPE);
	(void)sigemptyset(&pending);
	(void)sigpending(&pending);
	(void)sigprocmask(SIG_BLOCK, &held, &before);
	do
		n = put(file, parts, count);
	while (n == -EINTR);
	if (n == -EPIPE && sigismember(&pending, SIGPIPE) != 1)
		(void)sigtimedwait(&held, NULL, &now);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	return n;
}

/* What a full disk or a limit has cut short is tried again for the rest, to learn why. Returns how much was written. */
static ssize_t
put_all(const struct ledger_file *file, struct iovec *parts, int count, int *ret_error)
{
	ssize_t n, done = 0;

	*ret_error = -ENOSPC;
	while (count > 0 && (n = put_quietly(file, parts, count)) != 0) {
		if (n < 0) {
			*ret_error = (int)n;
			break;
		}
		done += n;
		for (; count > 0 && (size_t)n >= parts->iov_len; count--, parts++)
			n -= (ssize_t)parts->iov_len;
		if (count > 0) {
			parts->iov_base = (char *)parts->iov_base + n;
			parts->iov_len -= (size_t)n;
		}
	}
	return done;
}

/* Others may write to it too, and a rotation may cut it, so its size is asked for each time. */
static bool
has_room(const struct ledger_file *file, size_t len)
{
	struct stat st;

	if (!S_ISREG(file->st.st_mode) || file->limit == UINT64_MAX || fstat(file->fd, &st) < 0)
		return true;
	return (uint64_t)st.st_size < file->limit && len <= file->limit - (uint64_t)st.st_size;
}

/* To a file that nobody can find any more nothing need be written. */
static bool
was_removed(const struct ledger_file *file)
{
	struct stat now;

	return file->number < 0 && S_ISREG(file->st.st_mode) && fstat(file->fd, &now) == 0 &&
	       now.st_nlink == 0;
}

int
ks_ledger_file_write(struct ledger_file *file, const char *line, size_t len)
{
	char end[] = "\n";
	struct iovec parts[] = { { end, 0 }, { (char *)(uintptr_t)line, len } };
	int error, r = was_removed(file) ? ks_ledger_file_reopen(file) : 0;
	size_t wanted;
	ssize_t n;

	if (r < 0)
		return r;
	parts[0].iov_len = file->is_torn ? 1 : 0;
	wanted = len + parts[0].iov_len;
	if (!S_ISREG(file->st.st_mode) && len > PIPE_BUF)
		return -EMSGSIZE;
	if (!has_room(file, wanted))
		return -EFBIG;
	n = put_all(file, parts, 2, &error);
	if (n == 0)
		return error;
	file->is_torn = (size_t)n < wanted && n > (file->is_torn ? 1 : 0);
	return (size_t)n < wanted ? error : 0;
}

/* ---------------------------------------------------------------------- reading ---- */

static bool
is_fingerprint(const char *text)
{
	for (unsigned i = 0; i + 1 < KS_FINGERPRINT_SIZE; i++) {
		if (i == KS_KEY_ID_SIZE - 1 ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
			return false;
	}
	return text[KS_FINGERPRINT_SIZE - 1] == '"';
}

static void
find_fingerprints(const char *text, size_t len, ledger_fingerprint_fn fn, void *ctx)
{
	static const char name[] = "\"fingerprint\":\"";
	const char *end = text + len, *at;

	while ((at = memmem(text, (size_t)(end - text), name, strlen(name)))) {
		char fingerprint[KS_FINGERPRINT_SIZE];

		text = at + strlen(name);
		if ((size_t)(end - text) < sizeof(fingerprint) || !is_fingerprint(text))
			continue;
		memcpy(fingerprint, text, sizeof(fingerprint) - 1);
		fingerprint[sizeof(fingerprint) - 1] = '\0';
		fn(ctx, fingerprint);
	}
}

static void
read_fingerprints(FILE *in, ledger_fingerprint_fn fn, void *ctx)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t n;

	while ((n = getline(&line, &size, in)) > 0)
		find_fingerprints(line, (size_t)n, fn, ctx);
	free(line);
}

/* The file that is written, if it is still there: what is in its place would be waited for, if it is a pipe. */
static FILE *
open_again(const struct ledger_file *file)
{
	int fd = open(file->place, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	FILE *in = NULL;

	if (fd >= 0 && fstat(fd, &st) == 0 && ks_ledger_file_is(file, &st))
		in = fdopen(fd, "r");
	if (fd >= 0 && !in)
		(void)close(fd);
	return in;
}

void
ks_ledger_file_each(const struct ledger_file *file, ledger_fingerprint_fn fn, void *ctx)
{
	FILE *in;

	if (file->number >= 0 || !S_ISREG(file->st.st_mode))
		return;
	in = open_again(file);
	if (!in)
		return;
	if (file->st.st_size > KNOWN_MAX)
		(void)fseek(in, file->st.st_size - KNOWN_MAX, SEEK_SET);
	read_fingerprints(in, fn, ctx);
	(void)fclose(in);
}
