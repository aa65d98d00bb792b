/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See hook.h. The text is in a file without a name, in memory: it is there as a whole before the command begins, so that
 * neither waits for the other, and a command that does not read it does no harm. Its standard output is our standard
 * error, for ours is the masked text; of other descriptors it gets none.
 *
 * Invariants: waiting[0, count) are texts, the oldest first. pid is a child that was not waited for, and its own
 * process group; 0: none.
 */
#include "hook.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "rate.h"

#define WAITING  16U
#define A_MINUTE 10U
#define SECONDS  30U
#define LOOK_MS  20 /* between two looks at what is waited for */

struct text {
	char *bytes;
	size_t len;
};

struct hook {
	struct hook_options options;
	struct rate rate;
	struct text *waiting;
	unsigned count;
	pid_t pid;
	uint64_t begun; /* when, in milliseconds */
	bool is_killed; /* it had its time */
};

/* -------------------------------------------------------------------- life cycle ---- */

struct hook *
ks_hook_new(const struct hook_options *options)
{
	struct hook *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->options = *options;
	if (options->waiting == 0)
		h->options.waiting = WAITING;
	if (options->seconds == 0)
		h->options.seconds = SECONDS;
	h->rate.a_minute = options->a_minute ? options->a_minute : A_MINUTE;
	h->rate.burst = options->burst ? options->burst : h->rate.a_minute;
	h->waiting = calloc(h->options.waiting, sizeof(*h->waiting));
	if (h->waiting)
		return h;
	free(h);
	return NULL;
}

static void
drop_first(struct hook *h)
{
	free(h->waiting[0].bytes);
	h->count--;
	memmove(h->waiting, h->waiting + 1, h->count * sizeof(*h->waiting));
}

static void
note(const struct hook *h, enum hook_note what, int number)
{
	h->options.note(h->options.note_ctx, what, number);
}

/* --------------------------------------------------------------------- beginning ---- */

/* Returns a descriptor to read the text from, or a negative errno. */
static int
make_input(const struct text *text)
{
	int fd = memfd_create("finding", MFD_CLOEXEC);
	size_t done = 0;
	ssize_t n = 1;

	if (fd < 0)
		return -errno;
	for (; n > 0 && done<text->len; done += n> 0 ? (size_t)n : 0)
		n = pwrite(fd, text->bytes + done, text->len - done, (off_t)done);
	if (n > 0)
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
spawn(struct hook *h, int input)
{
	char shell[] = "sh", option[] = "-c";
	char *const arguments[] = { shell, option, (char *)(uintptr_t)h->options.command, NULL };
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
		r = posix_spawn(&h->pid, "/bin/sh", &actions, &attributes, arguments,
		                h->options.environment);
	if (r != 0)
		h->pid = 0;
	(void)posix_spawnattr_destroy(&attributes);
out:
	(void)posix_spawn_file_actions_destroy(&actions);
	return r;
}

/* The text that waits for the longest is used up. */
static void
begin(struct hook *h, uint64_t now)
{
	int input = make_input(&h->waiting[0]), r = input < 0 ? -input : spawn(h, input);

	if (input >= 0)
		(void)close(input);
	drop_first(h);
	h->begun = now;
	h->is_killed = false;
	if (r != 0)
		note(h, HOOK_FAILED, r);
}

static void
begin_next(struct hook *h, uint64_t now)
{
	if (h->pid == 0 && h->count > 0 && ks_rate_take(&h->rate, now))
		begin(h, now);
}

/* ------------------------------------------------------------------------ ending ---- */

static void
tell_end(const struct hook *h, int status)
{
	if (WIFSIGNALED(status))
		note(h, HOOK_KILLED, WTERMSIG(status));
	else if (WEXITSTATUS(status) != 0)
		note(h, HOOK_EXITED, WEXITSTATUS(status));
}

/* It is waited for later: what hangs in the kernel dies when that lets go of it. */
static void
end_by_force(struct hook *h, unsigned seconds)
{
	if (h->is_killed)
		return;
	(void)kill(-h->pid, SIGKILL);
	h->is_killed = true;
	note(h, HOOK_TIMEOUT, (int)seconds);
}

/* See whether the command has ended. */
static void
attend(struct hook *h, uint64_t now)
{
	int status = 0;
	pid_t r = h->pid > 0 ? waitpid(h->pid, &status, WNOHANG) : 0;

	if (r != 0) { /* it is an error where SIGCHLD was ignored when this process began */
		h->pid = 0;
		if (r > 0 && !h->is_killed)
			tell_end(h, status);
	} else if (h->pid > 0 && now - h->begun >= h->options.seconds * UINT64_C(1000)) {
		end_by_force(h, h->options.seconds);
	}
}

void
ks_hook_free(struct hook *h)
{
	if (!h)
		return;
	if (h->pid > 0)
		(void)kill(-h->pid, SIGKILL);
	while (h->count > 0)
		drop_first(h);
	free(h->waiting);
	free(h);
}

/* ------------------------------------------------------------------------ public ---- */

void
ks_hook_tick(struct hook *h, uint64_t now)
{
	attend(h, now);
	begin_next(h, now);
}

bool
ks_hook_has_room(const struct hook *h)
{
	return h->count < h->options.waiting;
}

bool
ks_hook_push(struct hook *h, const char *text, size_t len, uint64_t now)
{
	char *copy;

	ks_hook_tick(h, now);
	copy = ks_hook_has_room(h) ? malloc(len) : NULL;
	if (!copy)
		return false;
	memcpy(copy, text, len);
	h->waiting[h->count++] = (struct text){ copy, len };
	begin_next(h, now);
	return true;
}

bool
ks_hook_is_busy(const struct hook *h)
{
	return h->pid > 0 || h->count > 0;
}

static uint64_t
milliseconds_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

unsigned
ks_hook_finish(struct hook *h, unsigned seconds)
{
	uint64_t now = milliseconds_now(), end = now + seconds * UINT64_C(1000);
	unsigned left;

	for (; ks_hook_is_busy(h) && now < end; now = milliseconds_now()) {
		attend(h, now);
		if (h->pid == 0 && h->count > 0)
			begin(h, now);
		(void)poll(NULL, 0, LOOK_MS);
	}
	left = h->count;
	if (h->pid > 0)
		end_by_force(h, seconds);
	while (h->count > 0)
		drop_first(h);
	return left;
}
