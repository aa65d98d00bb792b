/* SPDX-License-Identifier: Apache-2.0 */
/* Calls on files and descriptors that fail, or do half of what was asked for. */

/* Both names of a function are meant here: that of old, and the one for large files. */
#undef _FILE_OFFSET_BITS
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "wrap.h"

#define STREAM_FAILED 0x20 /* what glibc sets in a FILE whose descriptor has failed */

/* ---------------------------------------------------------------- reading and writing ---- */

/* A call that may do half: len is the parameter that says how much is asked for. */
#define WRAP_COUNT(name, kind, parameters, ...)           \
	ssize_t name parameters;                          \
	ssize_t name parameters                           \
	{                                                 \
		static ssize_t(*next) parameters;         \
		int fault = fault_of_fd(kind, #name, fd); \
		NEXT(#name, next);                        \
		if (fault_is_error(fault))                \
			return -1;                        \
		len = fault_length(fault, len);           \
		return next(__VA_ARGS__);                 \
	}

WRAP_COUNT(read, FAULT_READ, (int fd, void *buf, size_t len), fd, buf, len)
WRAP_COUNT(pread, FAULT_READ, (int fd, void *buf, size_t len, off_t at), fd, buf, len, at)
WRAP_COUNT(pread64, FAULT_READ, (int fd, void *buf, size_t len, off_t at), fd, buf, len, at)
WRAP_COUNT(pwrite, FAULT_WRITE, (int fd, const void *buf, size_t len, off_t at), fd, buf, len, at)
WRAP_COUNT(pwrite64, FAULT_WRITE, (int fd, const void *buf, size_t len, off_t at), fd, buf, len, at)
WRAP_COUNT(copy_file_range, FAULT_WRITE,
           (int from, off64_t *from_at, int fd, off64_t *at, size_t len, unsigned flags), from,
           from_at, fd, at, len, flags)

/* A pipe is opened once more for messages. */
static int
is_standard_error(int fd)
{
	struct stat a, b;

	return fd == STDERR_FILENO ||
	       (fd > STDERR_FILENO && syscall(SYS_fstat, fd, &a) == 0 &&
	        syscall(SYS_fstat, STDERR_FILENO, &b) == 0 && S_ISFIFO(a.st_mode) &&
	        a.st_dev == b.st_dev && a.st_ino == b.st_ino);
}

/* Messages are let through: nothing follows from one that is lost. */
static int
write_fault(int fd, const char *name)
{
	return is_standard_error(fd) ? 0 : fault_of_fd(FAULT_WRITE, name, fd);
}

ssize_t
write(int fd, const void *buf, size_t len)
{
	static ssize_t (*next)(int, const void *, size_t);
	int fault = write_fault(fd, "write");

	NEXT("write", next);
	return fault_is_error(fault) ? -1 : next(fd, buf, fault_length(fault, len));
}

/* Half is the first part only. */
ssize_t
writev(int fd, const struct iovec *parts, int count)
{
	static ssize_t (*next)(int, const struct iovec *, int);
	int fault = write_fault(fd, "writev");
	struct iovec last;

	NEXT("writev", next);
	if (fault_is_error(fault))
		return -1;
	if (fault != FAULT_SHORT || count == 0)
		return next(fd, parts, count);
	last = parts[count - 1];
	last.iov_len = fault_length(fault, last.iov_len);
	return next(fd, &last, 1);
}

WRAP(ssize_t, sendmsg, (int fd, const struct msghdr *message, int flags), (fd, message, flags),
     fault_of_fd(FAULT_WRITE, "sendmsg", fd), -1)

/* ------------------------------------------------------------------------ standard I/O ---- */

/*
 * What these do inside is glibc's own affair. A stream that has failed says so. None is interrupted: who uses them
 * catches no signals.
 */
static bool
stream_fails(enum fault_kind kind, const char *name, FILE *stream)
{
	int fault = stream && fileno(stream) >= 0 ? fault_of_fd(kind, name, fileno(stream)) : 0;

	if (fault == EINTR || !fault_is_error(fault))
		return false;
	stream->_flags |= STREAM_FAILED;
	return true;
}

ssize_t __getdelim(char **line, size_t *size, int end, FILE *in);

ssize_t
__getdelim(char **line, size_t *size, int end, FILE *in)
{
	static ssize_t (*next)(char **, size_t *, int, FILE *);

	NEXT("__getdelim", next);
	return stream_fails(FAULT_READ, "getdelim", in) ? -1 : next(line, size, end, in);
}

size_t
fread(void *data, size_t size, size_t count, FILE *in)
{
	static size_t (*next)(void *, size_t, size_t, FILE *);

	NEXT("fread", next);
	return stream_fails(FAULT_READ, "fread", in) ? 0 : next(data, size, count, in);
}

int
fflush(FILE *out)
{
	static int (*next)(FILE *);

	NEXT("fflush", next);
	return out && out != stderr && stream_fails(FAULT_WRITE, "fflush", out) ? EOF : next(out);
}

int
fclose(FILE *stream)
{
	static int (*next)(FILE *);
	int r, fault = fault_of_fd(FAULT_CLOSE, "fclose", fileno(stream));

	NEXT("fclose", next);
	r = next(stream);
	return fault_is_error(fault) ? EOF : r;
}

WRAP(FILE *, fopen, (const char *path, const char *mode), (path, mode),
     fault_of_path(FAULT_OPEN, "fopen", path), NULL)
WRAP(FILE *, fopen64, (const char *path, const char *mode), (path, mode),
     fault_of_path(FAULT_OPEN, "fopen", path), NULL)
WRAP(FILE *, fdopen, (int fd, const char *mode), (fd, mode), fault_of_fd(FAULT_OPEN, "fdopen", fd),
     NULL)

/* ----------------------------------------------------------------------------- opening ---- */

#define WRAP_OPEN(name)                                                       \
	int name(const char *path, int flags, ...)                            \
	{                                                                     \
		static int (*next)(const char *, int, ...);                   \
		va_list rest;                                                 \
		mode_t mode = 0;                                              \
		NEXT(#name, next);                                            \
		va_start(rest, flags);                                        \
		if (flags & (O_CREAT | __O_TMPFILE))                          \
			mode = va_arg(rest, mode_t);                          \
		va_end(rest);                                                 \
		return fault_is_error(fault_of_path(FAULT_OPEN, #name, path)) \
		               ? -1                                           \
		               : next(path, flags, mode);                     \
	}

#define WRAP_OPENAT(name)                                                     \
	int name(int directory, const char *path, int flags, ...)             \
	{                                                                     \
		static int (*next)(int, const char *, int, ...);              \
		va_list rest;                                                 \
		mode_t mode = 0;                                              \
		NEXT(#name, next);                                            \
		va_start(rest, flags);                                        \
		if (flags & (O_CREAT | __O_TMPFILE))                          \
			mode = va_arg(rest, mode_t);                          \
		va_end(rest);                                                 \
		return fault_is_error(fault_of_path(FAULT_OPEN, #name, path)) \
		               ? -1                                           \
		               : next(directory, path, flags, mode);          \
	}

WRAP_OPEN(open)
WRAP_OPEN(open64)
WRAP_OPENAT(openat)
WRAP_OPENAT(openat64)
WRAP(int, mkostemp, (char *path, int flags), (path, flags),
     fault_of_path(FAULT_OPEN, "mkostemp", path), -1)
WRAP(int, mkostemp64, (char *path, int flags), (path, flags),
     fault_of_path(FAULT_OPEN, "mkostemp", path), -1)
WRAP(int, memfd_create, (const char *name, unsigned flags), (name, flags),
     fault_of(FAULT_OPEN, "memfd_create"), -1)
WRAP(int, eventfd, (unsigned value, int flags), (value, flags), fault_of(FAULT_OPEN, "eventfd"), -1)
WRAP(DIR *, opendir, (const char *path), (path), fault_of_path(FAULT_OPEN, "opendir", path), NULL)
WRAP(DIR *, fdopendir, (int fd), (fd), fault_of_fd(FAULT_OPEN, "fdopendir", fd), NULL)
WRAP(struct dirent *, readdir, (DIR * directory), (directory), fault_of(FAULT_READ, "readdir"),
     NULL)
WRAP(struct dirent64 *, readdir64, (DIR * directory), (directory), fault_of(FAULT_READ, "readdir"),
     NULL)

int
close(int fd)
{
	static int (*next)(int);
	int r, fault = fault_of_fd(FAULT_CLOSE, "close", fd);

	NEXT("close", next);
	r = next(fd);
	return fault_is_error(fault) ? -1 : r;
}

/* ------------------------------------------------------------------- what is with a file ---- */

WRAP(int, fstat, (int fd, struct stat *st), (fd, st), fault_of_fd(FAULT_STAT, "fstat", fd), -1)
WRAP(int, fstat64, (int fd, struct stat64 *st), (fd, st), fault_of_fd(FAULT_STAT, "fstat", fd), -1)
WRAP(int, stat64, (const char *path, struct stat64 *st), (path, st),
     fault_of_path(FAULT_STAT, "stat", path), -1)
WRAP(int, lstat64, (const char *path, struct stat64 *st), (path, st),
     fault_of_path(FAULT_STAT, "lstat", path), -1)
WRAP(int, fstatat64, (int fd, const char *path, struct stat64 *st, int flags),
     (fd, path, st, flags), fault_of_path(FAULT_STAT, "fstatat", path), -1)
WRAP(int, statx, (int fd, const char *path, int flags, unsigned mask, struct statx *st),
     (fd, path, flags, mask, st), fault_of_path(FAULT_STAT, "statx", path), -1)
WRAP(int, access, (const char *path, int mode), (path, mode),
     fault_of_path(FAULT_STAT, "access", path), -1)
WRAP(ssize_t, readlink, (const char *path, char *text, size_t size), (path, text, size),
     fault_of_path(FAULT_STAT, "readlink", path), -1)
WRAP(char *, realpath, (const char *path, char *real), (path, real),
     fault_of_path(FAULT_STAT, "realpath", path), NULL)

WRAP(int, fsync, (int fd), (fd), fault_of_fd(FAULT_SYNC, "fsync", fd), -1)
WRAP(int, fdatasync, (int fd), (fd), fault_of_fd(FAULT_SYNC, "fdatasync", fd), -1)
WRAP(int, ftruncate, (int fd, off_t len), (fd, len), fault_of_fd(FAULT_TRUNCATE, "ftruncate", fd),
     -1)
WRAP(int, ftruncate64, (int fd, off64_t len), (fd, len),
     fault_of_fd(FAULT_TRUNCATE, "ftruncate", fd), -1)

WRAP(int, rename, (const char *from, const char *to), (from, to),
     fault_of_path(FAULT_RENAME, "rename", from), -1)
WRAP(int, renameat, (int from_fd, const char *from, int to_fd, const char *to),
     (from_fd, from, to_fd, to), fault_of_path(FAULT_RENAME, "renameat", from), -1)
WRAP(int, renameat2, (int from_fd, const char *from, int to_fd, const char *to, unsigned flags),
     (from_fd, from, to_fd, to, flags), fault_of_path(FAULT_RENAME, "renameat2", from), -1)
WRAP(int, link, (const char *from, const char *to), (from, to),
     fault_of_path(FAULT_LINK, "link", from), -1)
WRAP(int, unlink, (const char *path), (path), fault_of_path(FAULT_LINK, "unlink", path), -1)
WRAP(int, unlinkat, (int fd, const char *path, int flags), (fd, path, flags),
     fault_of_path(FAULT_LINK, "unlinkat", path), -1)

WRAP(int, fchmod, (int fd, mode_t mode), (fd, mode), fault_of_fd(FAULT_CONTROL, "fchmod", fd), -1)
WRAP(int, fchown, (int fd, uid_t user, gid_t group), (fd, user, group),
     fault_of_fd(FAULT_CONTROL, "fchown", fd), -1)
WRAP(int, futimens, (int fd, const struct timespec times[2]), (fd, times),
     fault_of_fd(FAULT_CONTROL, "futimens", fd), -1)
WRAP(int, flock, (int fd, int operation), (fd, operation), fault_of_fd(FAULT_CONTROL, "flock", fd),
     -1)
WRAP(off64_t, lseek64, (int fd, off64_t at, int whence), (fd, at, whence),
     fault_of_fd(FAULT_CONTROL, "lseek", fd), -1)
WRAP(ssize_t, flistxattr, (int fd, char *list, size_t size), (fd, list, size),
     fault_of_fd(FAULT_CONTROL, "flistxattr", fd), -1)
WRAP(ssize_t, fgetxattr, (int fd, const char *name, void *value, size_t size),
     (fd, name, value, size), fault_of_fd(FAULT_CONTROL, "fgetxattr", fd), -1)
WRAP(int, fsetxattr, (int fd, const char *name, const void *value, size_t size, int flags),
     (fd, name, value, size, flags), fault_of_fd(FAULT_CONTROL, "fsetxattr", fd), -1)

/* Whatever it is, its argument is a word. */
int
fcntl64(int fd, int command, ...)
{
	static int (*next)(int, int, ...);
	va_list rest;
	void *argument;

	NEXT("fcntl64", next);
	va_start(rest, command);
	argument = va_arg(rest, void *);
	va_end(rest);
	return fault_is_error(fault_of_fd(FAULT_CONTROL, "fcntl", fd))
	               ? -1
	               : next(fd, command, argument);
}

/* ------------------------------------------------------------------- waiting and sockets ---- */

WRAP(int, poll, (struct pollfd * fds, nfds_t count, int timeout), (fds, count, timeout),
     fault_of(FAULT_POLL, "poll"), -1)
WRAP(int, inotify_init1, (int flags), (flags), fault_of(FAULT_WATCH, "inotify_init1"), -1)
WRAP(int, inotify_add_watch, (int fd, const char *path, uint32_t mask), (fd, path, mask),
     fault_of_path(FAULT_WATCH, "inotify_add_watch", path), -1)
WRAP(int, inotify_rm_watch, (int fd, int watch), (fd, watch),
     fault_of(FAULT_WATCH, "inotify_rm_watch"), -1)

WRAP(int, socket, (int family, int type, int protocol), (family, type, protocol),
     fault_of(FAULT_SOCKET, "socket"), -1)
WRAP(int, bind, (int fd, const struct sockaddr *address, socklen_t len), (fd, address, len),
     fault_of(FAULT_SOCKET, "bind"), -1)
WRAP(int, listen, (int fd, int backlog), (fd, backlog), fault_of(FAULT_SOCKET, "listen"), -1)
WRAP(int, setsockopt, (int fd, int level, int name, const void *value, socklen_t len),
     (fd, level, name, value, len), fault_of(FAULT_SOCKET, "setsockopt"), -1)
WRAP(int, accept4, (int fd, struct sockaddr *address, socklen_t *len, int flags),
     (fd, address, len, flags), fault_of(FAULT_SOCKET, "accept4"), -1)

/* ------------------------------------------------------------------------------ memory ---- */

WRAP(void *, mmap, (void *at, size_t len, int protection, int flags, int fd, off_t from),
     (at, len, protection, flags, fd, from), fault_of(FAULT_MAP, "mmap"), MAP_FAILED)
WRAP(void *, mmap64, (void *at, size_t len, int protection, int flags, int fd, off64_t from),
     (at, len, protection, flags, fd, from), fault_of(FAULT_MAP, "mmap"), MAP_FAILED)
