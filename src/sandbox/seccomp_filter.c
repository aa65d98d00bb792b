/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The filters were made when keysieve was built; all that is left to do is to put in the number of the process, which may
 * signal itself only. A call that is not on the list is not made: the kernel sends SIGSYS, and its handler tells which
 * it was. A thread that has blocked that signal is ended by it, with all others, without a word.
 */
#include "seccomp_filter.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "seccomp_program.h"

/* The process runs nobody else's code, so it needs no protection from what it could learn by speculation. */
#ifndef SECCOMP_FILTER_FLAG_SPEC_ALLOW
#define SECCOMP_FILTER_FLAG_SPEC_ALLOW (1UL << 2)
#endif

/* A handler is given nothing but a number. */
static int exit_status;

/* ----------------------------------------------------------------- in a handler ---- */

/* snprintf(3) may wait for a lock that the interrupted code holds. */
static size_t
put(char *text, size_t size, size_t at, const char *piece)
{
	while (*piece && at < size)
		text[at++] = *piece++;
	return at;
}

static size_t
put_number(char *text, size_t size, size_t at, unsigned number)
{
	char digits[12] = "";
	size_t first = sizeof(digits) - 1;

	do
		digits[--first] = (char)('0' + number % 10);
	while ((number /= 10) > 0);
	return put(text, size, at, digits + first);
}

/* Nothing is told to somebody who does not read. SIGPIPE is blocked, as all signals are here. */
static void
tell(const char *text, size_t len)
{
	struct pollfd fd = { .fd = STDERR_FILENO, .events = POLLOUT };

	if (poll(&fd, 1, 0) > 0)
		(void)!write(STDERR_FILENO, text, len);
}

static void
on_forbidden_call(int number, siginfo_t *info, void *context)
{
	unsigned call = (unsigned)info->si_syscall;
	const char *name = call < ks_seccomp_name_count ? ks_seccomp_names[call] : NULL;
	char text[160];
	size_t len = put(text, sizeof(text), 0, "keysieve: sandbox: the system call ");

	(void)number;
	(void)context;
	len = put_number(text, sizeof(text), len, call);
	len = put(text, sizeof(text), len, " (");
	len = put(text, sizeof(text), len, name ? name : "unknown");
	len = put(text, sizeof(text), len, ") is not allowed; see docs/sandbox.md\n");
	tell(text, len);
	_exit(exit_status);
}

/* ------------------------------------------------------------------------ filters ---- */

bool
ks_seccomp_is_there(void)
{
	unsigned action = SECCOMP_RET_KILL_PROCESS;

	return ks_seccomp_program_count > 0 &&
	       syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

static const struct seccomp_program *
find(unsigned parts)
{
	for (size_t i = 0; i < ks_seccomp_program_count; i++) {
		if (ks_seccomp_programs[i].parts == parts)
			return &ks_seccomp_programs[i];
	}
	return NULL;
}

static void
put_own_pid(struct sock_filter *code, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (BPF_CLASS(code[i].code) == BPF_JMP && code[i].k == SECCOMP_OWN_PID)
			code[i].k = (unsigned)getpid();
	}
}

/* Kernels before 4.17 do not know the flag. */
static int
load(const struct sock_fprog *program)
{
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW,
	            program) == 0 ||
	    (errno == EINVAL && syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, program) == 0))
		return 0;
	return -errno;
}

int
ks_seccomp_enforce(unsigned parts, int status)
{
	struct sigaction action = { .sa_sigaction = on_forbidden_call, .sa_flags = SA_SIGINFO };
	const struct seccomp_program *found = find(parts);
	struct sock_filter code[BPF_MAXINSNS];
	struct sock_fprog program = { .filter = code };
	sigset_t set;

	if (!ks_seccomp_is_there() || !found || found->count > BPF_MAXINSNS)
		return -ENOSYS;
	program.len = (unsigned short)found->count;
	memcpy(code, found->code, found->count * sizeof(*code));
	put_own_pid(code, found->count);
	exit_status = status;
	(void)sigfillset(&action.sa_mask);
	(void)sigaction(SIGSYS, &action, NULL);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGSYS);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
	return load(&program);
}
