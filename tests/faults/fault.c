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
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define FRAMES     24
#define PATH_SHOWN 512
#define HIGH       900

static const char *const kind_names[FAULT_KINDS] = {
	"alloc", "map",      "read",   "write", "sync",   "rename",  "open",
	"stat",  "truncate", "link",   "poll",  "thread", "watch",   "match",
	"hash",  "close",    "socket", "start", "timer",  "control", "journal",
};

/* Written by prepare() only, before there are threads; the counts by all. */
static struct {
	int kind; /* -1: none */
	unsigned long from, to;
	int error;
	char path[PATH_SHOWN];
	int log, counts; /* descriptors, or -1: a sandbox lets nobody open more */
	uintptr_t base;
	atomic_bool is_on;
	atomic_ulong calls[FAULT_KINDS];
	_Atomic(const char *) last; /* which failed last */
	const char *matcher;        /* libhs's version */
	int (*main)(int, char **, char **);
} faults = { .kind = -1, .log = -1, .counts = -1 };

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

/* A number that the program would not have by chance. */
static int
take_file(const char *name)
{
	const char *path = getenv(name);
	int high, fd = path ? (int)syscall(SYS_openat, AT_FDCWD, path,
	                                   O_WRONLY | O_CREAT | O_APPEND, 0600)
	                    : -1;

	(void)unsetenv(name);
	if (fd < 0)
		return -1;
	high = (int)syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, HIGH);
	(void)syscall(SYS_close, fd);
	return high;
}

static void
take_variable(const char *name, char *ret, size_t size)
{
	const char *value = getenv(name);

	(void)snprintf(ret, size, "%s", value ? value : "");
	(void)unsetenv(name);
}

/* What a signal's handler calls: to be looked for then, while another is, would be to wait for dlsym(3)'s lock for ever. */
static void
find_early(void)
{
	const struct itimerspec none = { 0 };

	(void)!write(-1, "", 0);
	(void)timer_settime(NULL, 0, &none, NULL);
}

__attribute__((constructor)) static void
prepare(void)
{
	char text[64];
	void *frames[2];

	take_variable("KEYSIEVE_FAULT_PATH", faults.path, sizeof(faults.path));
	faults.log = take_file("KEYSIEVE_FAULT_LOG");
	faults.counts = take_file("KEYSIEVE_FAULT_COUNTS");
	take_variable("KEYSIEVE_FAULT", text, sizeof(text));
	read_fault(text);
	(void)unsetenv("LD_PRELOAD");
	(void)backtrace(frames, 2); /* the first time it allocates */
	find_early();
	faults.base = (uintptr_t)getauxval(AT_PHDR) & ~(uintptr_t)0xfff;
}

/* -------------------------------------------------------------------- what is told ---- */

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
	(void)syscall(SYS_write, faults.log, text, len);
}

static void
tell_counts(void)
{
	char text[1024];
	size_t len = 0;

	for (int kind = 0; kind < FAULT_KINDS; kind++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s %lu\n",
		                        kind_names[kind], atomic_load(&faults.calls[kind]));
	(void)syscall(SYS_write, faults.counts, text, len);
}

/* -------------------------------------------------------------------------- death ---- */

static const char *
file_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* In whose code it was: libc's is called by others, and so is this. */
static const char *
find_place(void)
{
	void *frames[FRAMES];
	int count = backtrace(frames, FRAMES);
	Dl_info info;

	for (int i = 1; i < count; i++) {
		if (dladdr(frames[i], &info) && !strstr(info.dli_fname, "/libc.so") &&
		    !strstr(info.dli_fname, "/libfaults.so"))
			return file_name(info.dli_fname);
	}
	return "?";
}

/* Afterwards the signal is what it was: the call that led to it does so again. */
static void
tell_death(int number)
{
	char text[256];
	const char *last = atomic_load(&faults.last);
	int len = snprintf(text, sizeof(text), "signal %d in %s %s after %s\n", number,
	                   find_place(), faults.matcher, last ? last : "nothing");

	(void)syscall(SYS_write, faults.log, text, (size_t)len);
}

static void
catch_death(void)
{
	const struct sigaction action = { .sa_handler = tell_death, .sa_flags = (int)SA_RESETHAND };
	const char *(*version)(void) = (const char *(*)(void))(uintptr_t)dlsym(RTLD_DEFAULT,
	                                                                       "hs_version");

	faults.matcher = version ? version() : "";
	(void)sigaction(SIGSEGV, &action, NULL);
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
	atomic_store(&faults.last, name);
	if (faults.log >= 0 && n == faults.from)
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

/* Of an eventfd and the like, which is but a number of the kernel's: nothing on it can fail. */
static bool
is_nameless(int fd)
{
	struct stat st;

	return syscall(SYS_fstat, fd, &st) == 0 && (st.st_mode & S_IFMT) == 0;
}

int
fault_of_fd(enum fault_kind kind, const char *name, int fd)
{
	char link[64], path[PATH_SHOWN] = "";
	int saved = errno, fault = 0;

	if ((int)kind != faults.kind && faults.counts < 0)
		return 0;
	if (*faults.path) {
		(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		(void)syscall(SYS_readlinkat, AT_FDCWD, link, path, sizeof(path) - 1);
	}
	if (!is_nameless(fd))
		fault = fault_of_path(kind, name, path);
	errno = saved;
	return fault;
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
typedef int (*start_fn)(main_fn, int, char **, void (*)(void), void (*)(void), void (*)(void),
                        void *);

static int
run_main(int argc, char **argv, char **envp)
{
	int status;

	if (faults.log >= 0)
		catch_death();
	atomic_store(&faults.is_on, true);
	status = faults.main(argc, argv, envp);
	atomic_store(&faults.is_on, false);
	if (faults.counts >= 0)
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
