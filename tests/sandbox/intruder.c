/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What somebody would try who has taken over the process. Loaded with LD_PRELOAD: as soon as the sandbox is closed, it tries what
 * INTRUDER names, and writes to the standard error what came of it: "intruder: done", or the number of an error. With
 * INTRUDER_EARLY it does so when the process begins, to see that the try itself is right.
 *
 * With INTRUDER_KERNEL=landlock,seccomp the kernel seems to lack these; with =forbidden they are forbidden, with
 * =no-rules only that files are allowed. With INTRUDER_LANDLOCK=2 it seems to have that version of Landlock.
 */
#include "intruder.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

long syscall(long number, ...);

intruder_call_fn
intruder_real_call(void)
{
	return (intruder_call_fn)(uintptr_t)dlsym(RTLD_NEXT, "syscall");
}

/* Asked for before the sandbox closes. */
static pid_t parent;
static uid_t user;

/* ------------------------------------------------------------------------- tries ---- */

static long
try_execute(void)
{
	char *arguments[] = { (char *)(uintptr_t) "true", NULL };

	return CALL(SYS_execve, "/bin/true", arguments, arguments + 1);
}

static long
try_fork(void)
{
	long child = CALL(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	if (child == 0)
		_exit(0);
	return child;
}

static long
try_vfork(void)
{
	long child = CALL(SYS_clone, CLONE_VFORK | SIGCHLD, 0, 0, 0, 0);

	if (child == 0)
		_exit(0);
	return child;
}

static long
try_clone3(void)
{
	uint64_t arguments[8] = { [4] = SIGCHLD };
	long child = CALL(SYS_clone3, arguments, sizeof(arguments));

	if (child == 0)
		_exit(0);
	return child;
}

static long
try_namespace(void)
{
	return CALL(SYS_unshare, CLONE_NEWUSER);
}

static long
try_internet(void)
{
	return CALL(SYS_socket, AF_INET, SOCK_STREAM, 0);
}

static long
try_datagrams(void)
{
	return CALL(SYS_socket, AF_INET6, SOCK_DGRAM, 0);
}

static long
try_local_socket(void)
{
	return CALL(SYS_socket, AF_UNIX, SOCK_DGRAM, 0);
}

static long
try_connect(void)
{
	const struct sockaddr_un address = { AF_UNIX, "/dev/log" };

	return CALL(SYS_connect, STDERR_FILENO, &address, sizeof(address));
}

static long
try_send_elsewhere(void)
{
	const struct sockaddr_un address = { AF_UNIX, "/dev/log" };

	return CALL(SYS_sendto, STDERR_FILENO, "x", 1, 0, &address, sizeof(address));
}

static long
try_trace(void)
{
	return CALL(SYS_ptrace, 0, 0, 0, 0);
}

static long
try_memory_of_others(void)
{
	char byte;
	struct iovec here = { &byte, 1 }, there = { &byte, 1 };

	return CALL(SYS_process_vm_readv, parent, &here, 1, &there, 1, 0);
}

static long
try_signal_others(void)
{
	return CALL(SYS_kill, parent, 0);
}

static long
try_signal_thread(void)
{
	return CALL(SYS_tgkill, parent, parent, 0);
}

static long
try_map_code(void)
{
	return CALL(SYS_mmap, 0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
	            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static long
try_make_code(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return CALL(SYS_mprotect, page, 4096, PROT_READ | PROT_EXEC);
}

static long
try_ring(void)
{
	char parameters[120] = "";

	return CALL(SYS_io_uring_setup, 1, parameters);
}

static long
try_kernel_code(void)
{
	return CALL(SYS_bpf, 0, NULL, 0);
}

static long
try_user(void)
{
	return CALL(SYS_setuid, user);
}

static long
try_be_dumpable(void)
{
	return CALL(SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0);
}

static long
try_type(void)
{
	return CALL(SYS_ioctl, STDERR_FILENO, TIOCSTI, "x");
}

static long
try_handle(void)
{
	unsigned handle[4] = { 8, 1 };

	return CALL(SYS_open_by_handle_at, AT_FDCWD, handle, O_RDONLY);
}

static long
try_raise_limits(void)
{
	const uint64_t none[] = { 0, 0 };

	return CALL(SYS_prlimit64, 0, 4, none, NULL);
}

static long
try_newer_call(void)
{
	return CALL(500, 0, 0, 0);
}

#if defined(__x86_64__)
/* The 32-bit way in: getpid. */
static long
try_other_way_in(void)
{
	long r;

	__asm__ volatile("int $0x80" : "=a"(r) : "a"(20) : "r8", "r9", "r10", "r11", "memory");
	if (r < 0)
		errno = (int)-r;
	return r < 0 ? -1 : r;
}
#endif

static const struct attempt tries[] = {
	{ "execute", try_execute },
	{ "fork", try_fork },
	{ "vfork", try_vfork },
	{ "clone3", try_clone3 },
	{ "namespace", try_namespace },
	{ "internet", try_internet },
	{ "datagrams", try_datagrams },
	{ "local-socket", try_local_socket },
	{ "connect", try_connect },
	{ "send-elsewhere", try_send_elsewhere },
	{ "trace", try_trace },
	{ "memory-of-others", try_memory_of_others },
	{ "signal-others", try_signal_others },
	{ "signal-thread", try_signal_thread },
	{ "map-code", try_map_code },
	{ "make-code", try_make_code },
	{ "ring", try_ring },
	{ "kernel-code", try_kernel_code },
	{ "user", try_user },
	{ "be-dumpable", try_be_dumpable },
	{ "type", try_type },
	{ "handle", try_handle },
	{ "raise-limits", try_raise_limits },
	{ "newer-call", try_newer_call },
#if defined(__x86_64__)
	{ "other-way-in", try_other_way_in },
#endif
	{ NULL, NULL },
};

static void
intrude_with(const struct attempt *list, const char *wanted)
{
	char text[64];
	int len;

	for (; list->name; list++) {
		long r;

		if (strcmp(list->name, wanted) != 0)
			continue;
		errno = 0;
		r = list->make();
		if (r < 0)
			len = snprintf(text, sizeof(text), "intruder: error %d\n", errno);
		else
			len = snprintf(text, sizeof(text), "intruder: done\n");
		(void)!write(STDERR_FILENO, text, (size_t)len);
		_exit(9);
	}
}

static void
intrude(void)
{
	const char *wanted = getenv("INTRUDER");

	if (!wanted)
		return;
	intrude_with(intruder_files, wanted);
	intrude_with(tries, wanted);
}

static void
list_names(const struct attempt *list)
{
	for (; list->name; list++)
		(void)puts(list->name);
}

__attribute__((constructor)) static void
begin(void)
{
	parent = getppid();
	user = getuid();
	if (getenv("INTRUDER_EARLY"))
		intrude();
	if (getenv("INTRUDER_LIST")) {
		list_names(intruder_files);
		list_names(tries);
		(void)fflush(stdout);
		_exit(0);
	}
}

/* ----------------------------------------------------------------------- the kernel ---- */

/* Returns an errno, or 0: it is as it is. */
static int
missing(long number)
{
	const char *kernel = getenv("INTRUDER_KERNEL");
	bool is_landlock = number >= 444 && number <= 446;

	if (!kernel || (!is_landlock && number != SYS_seccomp))
		return 0;
	if (strstr(kernel, "no-rules"))
		return number == 445 ? EPERM : 0;
	if (strstr(kernel, "forbidden"))
		return EPERM;
	return strstr(kernel, is_landlock ? "landlock" : "seccomp") ? ENOSYS : 0;
}

long
syscall(long number, ...)
{
	long a[6], r;
	va_list list;

	va_start(list, number);
	for (size_t i = 0; i < 6; i++)
		a[i] = va_arg(list, long);
	va_end(list);
	errno = missing(number);
	if (errno)
		return -1;
	if (number == 444 && a[0] == 0 && getenv("INTRUDER_LANDLOCK"))
		return atol(getenv("INTRUDER_LANDLOCK"));
	r = CALL(number, a[0], a[1], a[2], a[3], a[4], a[5]);
	if (number == SYS_seccomp && a[0] == SECCOMP_SET_MODE_FILTER && r == 0)
		intrude();
	return r;
}
