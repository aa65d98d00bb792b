/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See fault.h. Nothing here allocates, nor calls what fails: what is told is written by system calls of its own. The
 * trace is of return addresses in the program, to be read with addr2line.
 */
#include "fault.h"

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FRAMES     24
#define PATH_SHOWN 512

static const char *const kind_names[FAULT_KINDS] = {
	"alloc", "map",    "read",  "write", "sync",  "rename", "open",  "stat",    "truncate", "link", "poll",
	"thread", "watch", "match", "hash",  "close", "socket", "start", "timer", "control",  "journal",
};

/* Written by prepare() only, before there are threads; the counts by all. */
static struct {
	int kind; /* -1: none */
	unsigned long from, to;
	int error;
	char path[PATH_SHOWN], log[PATH_SHOWN], counts[PATH_SHOWN];
	uintptr_t base;
	atomic_bool is_on;
	atomic_ulong calls[FAULT_KINDS];
	int (*main)(int, char **, char **);
} faults = { .kind = -1 };

void *
fault_next(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

/* ------------------------------------------------------------------------ what fails ---- */

static int
kind_of(const char *name, size_t len)
{
	for (int kind = 0; kind < FAULT_KINDS; kind++) {
		if (strlen(kind_names[kind]) == len && strncmp(kind_names[kind], name, len) == 0)
			return kind;
	}
	return -1;
}

/* "KIND:FROM-TO:ERROR" */
static void
read_fault(const char *text)
{
	const char *colon = strchr(text, ':');
	char *end;

	if (!colon)
		return;
	faults.from = strtoul(colon + 1, &end, 10);
	faults.to = *end == '-' ? strtoul(end + 1, &end, 10) : faults.from;
	if (*end != ':')
		return;
	faults.error = strcmp(end + 1, "short") == 0 ? FAULT_SHORT : atoi(end + 1);
	faults.kind = kind_of(text, (size_t)(colon - text));
}

static void
take_variable(const char *name, char *ret, size_t size)
{
	const char *value = getenv(name);

	(void)snprintf(ret, size, "%s", value ? value : "");
	(void)unsetenv(name);
}

__attribute__((constructor)) static void
prepare(void)
{
	char text[64];
	void *frames[2];

	take_variable("KEYSIEVE_FAULT_PATH", faults.path, sizeof(faults.path));
	take_variable("KEYSIEVE_FAULT_LOG", faults.log, sizeof(faults.log));
	take_variable("KEYSIEVE_FAULT_COUNTS", faults.counts, sizeof(faults.counts));
	take_variable("KEYSIEVE_FAULT", text, sizeof(text));
	read_fault(text);
	(void)unsetenv("LD_PRELOAD");
	(void)backtrace(frames, 2); /* the first time it allocates */
	faults.base = (uintptr_t)getauxval(AT_PHDR) & ~(uintptr_t)0xfff;
}

/* -------------------------------------------------------------------- what is told ---- */

static void
put(const char *path, const char *text, size_t len)
{
	long fd = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	if (fd < 0)
		return;
	(void)syscall(SYS_write, (int)fd, text, len);
	(void)syscall(SYS_close, (int)fd);
}

static void
tell(enum fault_kind kind, const char *name)
{
	char text[1024];
	void *frames[FRAMES];
	int count = backtrace(frames, FRAMES);
	size_t len = (size_t)snprintf(text, sizeof(text), "%s %s", kind_names[kind], name);

	for (int i = 2; i < count && len + 24 < sizeof(text); i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, " %#lx",
		                        (unsigned long)((uintptr_t)frames[i] - faults.base));
	text[len++] = '\n';
	put(faults.log, text, len);
}

static void
tell_counts(void)
{
	char text[1024];
	size_t len = 0;

	for (int kind = 0; kind < FAULT_KINDS; kind++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s %lu\n", kind_names[kind],
		                        atomic_load(&faults.calls[kind]));
	put(faults.counts, text, len);
}

/* ------------------------------------------------------------------------ counting ---- */

int
fault_of(enum fault_kind kind, const char *name)
{
	int saved = errno;
	unsigned long n;

	if (!atomic_load(&faults.is_on))
		return 0;
	n = atomic_fetch_add(&faults.calls[kind], 1) + 1;
	if ((int)kind != faults.kind || n < faults.from || n > faults.to)
		return 0;
	if (*faults.log && n == faults.from)
		tell(kind, name);
	errno = saved;
	return faults.error;
}

int
fault_of_path(enum fault_kind kind, const char *name, const char *path)
{
	if (*faults.path && !strstr(path, faults.path))
		return 0;
	return fault_of(kind, name);
}

/* An eventfd is but a number of the kernel's: nothing on it can fail. */
int
fault_of_fd(enum fault_kind kind, const char *name, int fd)
{
	char link[64], path[PATH_SHOWN] = "";
	int saved = errno;

	if ((int)kind != faults.kind && !*faults.counts)
		return 0;
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	(void)syscall(SYS_readlinkat, AT_FDCWD, link, path, sizeof(path) - 1);
	errno = saved;
	return strcmp(path, "anon_inode:[eventfd]") == 0 ? 0 : fault_of_path(kind, name, path);
}

bool
fault_is_error(int fault)
{
	if (fault > 0)
		errno = fault;
	return fault > 0;
}

size_t
fault_length(int fault, size_t len)
{
	return fault == FAULT_SHORT && len > 1 ? len / 2 : len;
}

/* ------------------------------------------------------------------------ begin and end ---- */

typedef int (*main_fn)(int, char **, char **);
typedef int (*start_fn)(main_fn, int, char **, void (*)(void), void (*)(void), void (*)(void), void *);

static int
run_main(int argc, char **argv, char **envp)
{
	int status;

	atomic_store(&faults.is_on, true);
	status = faults.main(argc, argv, envp);
	atomic_store(&faults.is_on, false);
	if (*faults.counts)
		tell_counts();
	return status;
}

int __libc_start_main(main_fn main, int argc, char **argv, void (*init)(void), void (*fini)(void),
                      void (*rtld_fini)(void), void *stack_end);

int
__libc_start_main(main_fn main, int argc, char **argv, void (*init)(void), void (*fini)(void),
                  void (*rtld_fini)(void), void *stack_end)
{
	start_fn next = (start_fn)(uintptr_t)fault_next("__libc_start_main");

	faults.main = main;
	return next(run_main, argc, argv, init, fini, rtld_fini, stack_end);
}
