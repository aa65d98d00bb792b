/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The handler sets a bit, then makes the event descriptor readable; ks_signals_take() goes the other
 * way. So a bit can never be set without the descriptor being readable, or about to be.
 */
#include "signals.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SAME_WISH 500000000LL /* nanoseconds */

/* A handler is given nothing but a number. */
static struct {
	atomic_uint bits;
	atomic_llong
		stopped; /* when the first stop came, in nanoseconds of the monotonic clock; or 0 */
	atomic_int stop_signal;
	int fd;
} raised = { .fd = -1 };

static const struct {
	int number;
	unsigned bit;
} caught[SIGNALS_CAUGHT] = {
	{ SIGTERM, SIGNALS_STOP },   { SIGINT, SIGNALS_STOP },  { SIGHUP, SIGNALS_RELOAD },
	{ SIGUSR1, SIGNALS_REPORT }, { SIGALRM, SIGNALS_TICK },
};

/* ----------------------------------------------------------------- in a handler ---- */

static long long
nanoseconds_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

/* It takes effect when the handler returns, for until then the signal is blocked. */
static void
die_of(int number)
{
	const struct sigaction action = { .sa_handler = SIG_DFL };

	(void)sigaction(number, &action, NULL);
	(void)raise(number);
}

static void
note_stop(int number)
{
	long long now = nanoseconds_now(), first = 0;

	if (atomic_compare_exchange_strong(&raised.stopped, &first, now))
		atomic_store(&raised.stop_signal, number);
	else if (now - first > SAME_WISH)
		die_of(number);
}

static unsigned
bit_of(int number)
{
	for (size_t i = 0; i < SIGNALS_CAUGHT; i++) {
		if (caught[i].number == number)
			return caught[i].bit;
	}
	return 0;
}

static void
on_signal(int number)
{
	const uint64_t one = 1;
	int saved = errno;
	unsigned bit = bit_of(number);

	if (bit == SIGNALS_STOP)
		note_stop(number);
	atomic_fetch_or(&raised.bits, bit);
	(void)!write(raised.fd, &one, sizeof(one));
	errno = saved;
}

/* -------------------------------------------------------------------- life cycle ---- */

static void
raised_clear(void)
{
	raised.fd = -1;
	atomic_store(&raised.bits, 0);
	atomic_store(&raised.stopped, 0);
	atomic_store(&raised.stop_signal, 0);
}

/* Whoever began this process may have blocked them, and then nobody could stop it. */
static void
unblock_all(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < SIGNALS_CAUGHT; i++)
		(void)sigaddset(&set, caught[i].number);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void
catch_all(struct signals *s)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };

	(void)sigfillset(&action.sa_mask);
	for (size_t i = 0; i < SIGNALS_CAUGHT; i++) {
		(void)sigaction(caught[i].number, NULL, &s->before[i]);
		if (s->before[i].sa_handler != SIG_IGN || caught[i].number == SIGALRM)
			(void)sigaction(caught[i].number, &action, NULL);
	}
}

int
ks_signals_init(struct signals *s)
{
	*s = (struct signals){ .wake = { .fd = -1, .raised = &raised.bits } };
	raised_clear();
	s->wake.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->wake.fd < 0)
		return -errno;
	raised.fd = s->wake.fd;
	catch_all(s);
	unblock_all();
	return 0;
}

void
ks_signals_done(struct signals *s)
{
	if (s->wake.fd < 0)
		return;
	ks_signals_tick(s, 0);
	for (size_t i = 0; i < SIGNALS_CAUGHT; i++)
		(void)sigaction(caught[i].number, &s->before[i], NULL);
	(void)close(s->wake.fd);
	s->wake.fd = -1;
	raised_clear();
}

/* --------------------------------------------------------------------------- use ---- */

void
ks_signals_tick(struct signals *s, uint64_t usec)
{
	const struct timeval interval = { .tv_sec = (time_t)(usec / 1000000),
		                          .tv_usec = (suseconds_t)(usec % 1000000) };
	const struct itimerval timer = { interval, interval };

	(void)s;
	(void)setitimer(ITIMER_REAL, &timer, NULL);
}

unsigned
ks_signals_take(struct signals *s)
{
	uint64_t count;

	(void)!read(s->wake.fd, &count, sizeof(count));
	return atomic_exchange(&raised.bits, 0);
}

bool
ks_signals_are_raised(const struct signals *s)
{
	return ks_wake_is_raised(&s->wake);
}

int
ks_signals_wait(struct signals *s, struct pollfd *fds, size_t count, int timeout_ms)
{
	struct pollfd all[SIGNALS_WAIT_MAX + 1] = { { .fd = s->wake.fd, .events = POLLIN } };
	int n;

	if (count > SIGNALS_WAIT_MAX)
		return -EINVAL;
	if (count > 0)
		memcpy(all + 1, fds, count * sizeof(*fds));
	n = poll(all, count + 1, timeout_ms);
	if (n < 0 && errno != EINTR)
		return -errno;
	for (size_t i = 0; i < count; i++)
		fds[i].revents = n > 0 ? all[i + 1].revents : 0;
	return n > 0 ? n - (all[0].revents != 0) : 0;
}

void
ks_signals_die(struct signals *s)
{
	int number = atomic_load(&raised.stop_signal);

	(void)s;
	if (number != 0)
		die_of(number);
}
