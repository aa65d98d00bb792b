/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See hook.h. What waits, how often it runs and when its time is over is decided here; the process that runs it is
 * hook_runner.c's.
 *
 * Invariants: waiting[0, count) are texts, the oldest first. While is_running the runner has a text of whose end it
 * has not told yet.
 */
#include "hook.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hook_runner.h"
#include "monotonic.h"
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
	int runner;
	bool is_running;
	uint64_t begun; /* when, in milliseconds */
	bool is_killed; /* it had its time */
};

/* -------------------------------------------------------------------- life cycle ---- */

int
ks_hook_new(const struct hook_options *options, struct hook **ret_hook)
{
	struct hook *h = calloc(1, sizeof(*h));

	if (!h)
		return -ENOMEM;
	h->options = *options;
	if (options->waiting == 0)
		h->options.waiting = WAITING;
	if (options->seconds == 0)
		h->options.seconds = SECONDS;
	h->rate.a_minute = options->a_minute ? options->a_minute : A_MINUTE;
	h->rate.burst = options->burst ? options->burst : h->rate.a_minute;
	h->waiting = calloc(h->options.waiting, sizeof(*h->waiting));
	h->runner = h->waiting ? ks_hook_runner_new(options->command, options->environment)
	                       : -ENOMEM;
	if (h->runner < 0) {
		int r = h->runner;

		free(h->waiting);
		free(h);
		return r;
	}
	*ret_hook = h;
	return 0;
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

/* The text that waits for the longest is used up. */
static void
begin(struct hook *h, uint64_t now)
{
	int r = ks_hook_runner_begin(h->runner, h->waiting[0].bytes, h->waiting[0].len);

	drop_first(h);
	h->begun = now;
	h->is_running = r == 0;
	h->is_killed = false;
	if (r < 0)
		note(h, HOOK_FAILED, -r);
}

static void
begin_next(struct hook *h, uint64_t now)
{
	if (!h->is_running && h->count > 0 && ks_rate_take(&h->rate, now))
		begin(h, now);
}

/* ------------------------------------------------------------------------ ending ---- */

static void
tell_end(const struct hook *h, const struct hook_end *end)
{
	if (h->is_killed)
		return;
	if (end->error)
		note(h, HOOK_FAILED, end->error);
	else if (WIFSIGNALED(end->status))
		note(h, HOOK_KILLED, WTERMSIG(end->status));
	else if (WEXITSTATUS(end->status) != 0)
		note(h, HOOK_EXITED, WEXITSTATUS(end->status));
	else
		note(h, HOOK_DONE, 0);
}

/* Its end comes later: what hangs in the kernel dies when that lets go of it. */
static void
end_by_force(struct hook *h, unsigned seconds)
{
	if (h->is_killed)
		return;
	ks_hook_runner_kill(h->runner);
	h->is_killed = true;
	note(h, HOOK_TIMEOUT, (int)seconds);
}

/* See whether the command has ended. */
static void
attend(struct hook *h, uint64_t now)
{
	struct hook_end end = { 0 };
	int r = h->is_running ? ks_hook_runner_poll(h->runner, &end) : 0;

	if (r < 0)
		end.error = -r;
	if (r != 0) {
		h->is_running = false;
		tell_end(h, &end);
	} else if (h->is_running && now - h->begun >= h->options.seconds * UINT64_C(1000)) {
		end_by_force(h, h->options.seconds);
	}
}

void
ks_hook_free(struct hook *h)
{
	if (!h)
		return;
	if (h->is_running)
		ks_hook_runner_kill(h->runner);
	(void)close(h->runner);
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
	return h->is_running || h->count > 0;
}

unsigned
ks_hook_finish(struct hook *h, unsigned seconds)
{
	uint64_t now = ks_monotonic_milliseconds(), end = now + seconds * UINT64_C(1000);
	unsigned left;

	for (; ks_hook_is_busy(h) && now < end; now = ks_monotonic_milliseconds()) {
		attend(h, now);
		if (!h->is_running && h->count > 0)
			begin(h, now);
		(void)poll(NULL, 0, LOOK_MS);
	}
	left = h->count;
	if (h->is_running)
		end_by_force(h, seconds);
	while (h->count > 0)
		drop_first(h);
	return left;
}
