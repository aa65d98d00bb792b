/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See hook_runner.h. Messages keep their bounds: each one is a letter and, behind it, the text. The text is put into a file
 * without a name, in memory: it is there as a whole before the command begins, so that neither waits for the other,
 * and a command that does not read it does no harm. Its standard output is our standard error, for ours is the masked
 * text; of other descriptors it gets none.
 *
 * The runner ends when the other end of its socket is closed, and by nothing else but force: a service manager sends
 * its signals to all processes of a service, and the last findings come after them.
 */
#include "hook_runner.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LOOK_MS   20 /* between two looks at the command */
#define RUN       'r'
#define KILL      'k'
#define SOCKET_FD 3

struct runner {
	const char *command;
	char *const *environment;
	pid_t pid; /* of the command, and its process group; 0: nothing runs */
};

/* --------------------------------------------------------------------- beginning ---- */

/* Returns a descriptor to read the text from, or a negative errno. */
static int
make_input(const char *text, size_t len)
{
	int fd = memfd_create("finding", MFD_CLOEXEC);
	size_t done = 0;
	ssize_t n = 1;

	if (fd < 0)
		return -errno;
	while (n > 0 && done < len) {
		n = pwrite(fd, text + done, len - done, (off_t)done);
		done += n > 0 ? (size_t)n : 0;
	}
	if (done == len)
		return fd;
	n = n < 0 ? -errno : -EIO;
	(void)close(fd);
	return (int)n;
}

static int
set_descriptors(posix_spawn_file_actions_t *actions, int input)
{
	int r = posix_spawn_file_actions_adddup2(actions, input, STDIN_FILENO);

	if (r == 0)
		r = posix_spawn_file_actions_adddup2(actions, STDERR_FILENO, STDOUT_FILENO);
	if (r == 0)
		r = posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
	return r;
}

/* No signal is caught, blocked or ignored, and a stop from the terminal is not for the command. */
static int
set_attributes(posix_spawnattr_t *attributes)
{
	sigset_t set;
	int r = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF |
	                                                     POSIX_SPAWN_SETSIGMASK);

	(void)sigfillset(&set);
	if (r == 0)
		r = posix_spawnattr_setsigdefault(attributes, &set);
	(void)sigemptyset(&set);
	return r == 0 ? posix_spawnattr_setsigmask(attributes, &set) : r;
}

/* Returns 0 or an errno. */
static int
spawn(struct runner *runner, int input)
{
	char shell[] = "sh", option[] = "-c";
	char *const arguments[] = { shell, option, (char *)(uintptr_t)runner->command, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int r = posix_spawn_file_actions_init(&actions);

	if (r != 0)
		return r;
	r = posix_spawnattr_init(&attributes);
	if (r != 0)
		goto out;
	r = set_descriptors(&actions, input);
	if (r == 0)
		r = set_attributes(&attributes);
	if (r == 0)
		r = posix_spawn(&runner->pid, "/bin/sh", &actions, &attributes, arguments,
		                runner->environment);
	if (r != 0)
		runner->pid = 0;
	(void)posix_spawnattr_destroy(&attributes);
out:
	(void)posix_spawn_file_actions_destroy(&actions);
	return r;
}

/* ------------------------------------------------------------------- the runner ---- */

static void
tell_end(struct runner *runner, struct hook_end end)
{
	runner->pid = 0;
	(void)send(SOCKET_FD, &end, sizeof(end), MSG_NOSIGNAL);
}

static void
run(struct runner *runner, const char *text, size_t len)
{
	int input = runner->pid > 0 ? -EBUSY : make_input(text, len);
	int r = input < 0 ? -input : spawn(runner, input);

	if (input >= 0)
		(void)close(input);
	if (r != 0 && r != EBUSY)
		tell_end(runner, (struct hook_end){ .error = r });
}

/* Returns false at the end. */
static bool
take_message(struct runner *runner)
{
	static char message[1 + HOOK_TEXT_MAX];
	ssize_t n = recv(SOCKET_FD, message, sizeof(message), MSG_DONTWAIT);

	if (n < 0)
		return errno == EINTR || errno == EAGAIN;
	if (n > 0 && *message == RUN)
		run(runner, message + 1, (size_t)n - 1);
	if (n > 0 && *message == KILL && runner->pid > 0)
		(void)kill(-runner->pid, SIGKILL);
	return n > 0;
}

static void
attend(struct runner *runner)
{
	int status = 0;
	pid_t r = runner->pid > 0 ? waitpid(runner->pid, &status, WNOHANG) : 0;

	if (r > 0)
		tell_end(runner, (struct hook_end){ .status = status });
	else if (r < 0)
		tell_end(runner, (struct hook_end){ .error = errno });
}

/* Wait for a message, or for a moment. Where nothing can be waited for, it is looked for now and then. */
static void
wait_for_message(const struct runner *runner)
{
	const struct timespec moment = { .tv_nsec = LOOK_MS * 1000000L };
	struct pollfd fd = { .fd = SOCKET_FD, .events = POLLIN };

	if (poll(&fd, 1, runner->pid > 0 ? LOOK_MS : -1) < 0)
		(void)nanosleep(&moment, NULL);
}

static void
work(struct runner *runner)
{
	do {
		attend(runner);
		wait_for_message(runner);
	} while (take_message(runner));
}

/* Whoever reads our output or writes our input must not wait for this process. */
static bool
leave_descriptors(int fd)
{
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
	bool is_right = nothing >= 0 && dup2(nothing, STDIN_FILENO) >= 0 &&
	                dup2(nothing, STDOUT_FILENO) >= 0 && dup2(fd, SOCKET_FD) >= 0;

	closefrom(SOCKET_FD + 1);
	return is_right && fcntl(SOCKET_FD, F_SETFD, FD_CLOEXEC) == 0;
}

static void
ignore_signals(void)
{
	static const int ignored[] = { SIGHUP,  SIGINT,  SIGQUIT, SIGTERM, SIGPIPE,
		                       SIGUSR1, SIGUSR2, SIGTSTP, SIGTTIN, SIGTTOU };
	sigset_t none;

	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		(void)signal(ignored[i], SIG_IGN);
	(void)signal(SIGCHLD, SIG_DFL); /* or nobody could wait for the command */
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void
be_runner(struct runner *runner, int fd)
{
	ignore_signals();
	(void)setpgid(0, 0);
	if (leave_descriptors(fd))
		work(runner);
	_exit(0);
}

/* Nobody has to wait for a child that is nobody's. Returns 0 or a negative errno. */
static int
fork_runner(struct runner *runner, int fd)
{
	pid_t child = fork(), r;

	if (child == 0) {
		pid_t grandchild = fork();

		if (grandchild == 0)
			be_runner(runner, fd);
		_exit(grandchild < 0 ? errno : 0);
	}
	if (child < 0)
		return -errno;
	do
		r = waitpid(child, NULL, 0);
	while (r < 0 && errno == EINTR);
	return 0; /* if there is none, the first message tells */
}

/* ------------------------------------------------------------------ its master ---- */

int
ks_hook_runner_new(const char *command, char *const *environment)
{
	struct runner runner = { .command = command, .environment = environment };
	int ends[2], r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	r = fork_runner(&runner, ends[1]);
	(void)close(ends[1]);
	if (r == 0)
		return ends[0];
	(void)close(ends[0]);
	return r;
}

int
ks_hook_runner_begin(int runner, const char *text, size_t len)
{
	char *message;
	ssize_t n;

	if (len > HOOK_TEXT_MAX)
		return -EMSGSIZE;
	message = malloc(len + 1);
	if (!message)
		return -ENOMEM;
	*message = RUN;
	memcpy(message + 1, text, len);
	n = send(runner, message, len + 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0)
		n = -errno;
	free(message);
	return n < 0 ? (int)n : 0;
}

void
ks_hook_runner_kill(int runner)
{
	const char message = KILL;

	(void)send(runner, &message, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

int
ks_hook_runner_poll(int runner, struct hook_end *ret_end)
{
	ssize_t n;

	do
		n = recv(runner, ret_end, sizeof(*ret_end), MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n == (ssize_t)sizeof(*ret_end))
		return 1;
	if (n < 0 && errno == EAGAIN)
		return 0;
	return n < 0 ? -errno : -ECHILD;
}
