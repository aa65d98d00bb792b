/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The handler sets a bit, makes the event descriptor readable, and starts to knock: a timer signals again
 * and again until ks_signals_take() stops it. So whoever looks at the bits and then waits in a read(2), without a
 * poll(2) before every one, does not miss a signal that comes in between: the next knock ends the read.
 *
 * A bit can never be set without the descriptor being readable, or about to be.
 */
#include "signals.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define SAME_WISH 500000000LL /* nanoseconds */
#define KNOCK     100000000LL /* the same */
#define SIGTIMER  SIGRTMIN

/* A handler is given nothing but a number. */
static struct {
	atomic_uint bits;
	atomic_llong
		stopped; /* when the first stop came, in nanoseconds of the monotonic clock; or 0 */
	atomic_int stop_signal;
	int fd;
	timer_t knocker;
} raised = { .fd = -1 };

static const struct {
	int number;
	unsigned bit;
} caught[] = {
	{ SIGTERM, SIGNALS_STOP },
	{ SIGINT, SIGNALS_STOP },
	{ SIGHUP, SIGNALS_RELOAD },
	{ SIGUSR1, SIGNALS_REPORT },
};

_Static_assert(sizeof(caught) / sizeof(caught[0]) == SIGNALS_CAUGHT, "struct signals has room");

/* ----------------------------------------------------------------- in a handler ---- */

static long long
nanoseconds_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

/* The first process of a container does not die of a signal that it does not catch. */
static void
die_of(int number)
{
	const struct sigaction action = { .sa_handler = SIG_DFL };
	sigset_t set;

	(void)sigaction(number, &action, NULL);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, number);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
	(void)raise(number);
	_exit(128 + number);
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

/* The one that is not among them is that of the timers. */
static unsigned
bit_of(int number)
{
	for (size_t i = 0; i < SIGNALS_CAUGHT; i++) {
		if (caught[i].number == number)
			return caught[i].bit;
	}
	return SIGNALS_TICK;
}

/* Once after so many nanoseconds, and again each interval; 0: not. */
static void
set_timer(timer_t timer, uint64_t after, uint64_t interval)
{
	const struct itimerspec times = {
		.it_value = { (time_t)(after / 1000000000), (long)(after % 1000000000) },
		.it_interval = { (time_t)(interval / 1000000000), (long)(interval % 1000000000) },
	};

	(void)timer_settime(timer, 0, &times, NULL);
}

static void
raise_bit(unsigned bit)
{
	const uint64_t one = 1;

	atomic_fetch_or(&raised.bits, bit);
	(void)!write(raised.fd, &one, sizeof(one));
	set_timer(raised.knocker, KNOCK, 0);
}

static void
on_signal(int number)
{
	int saved = errno;
	unsigned bit = bit_of(number);

	if (bit == SIGNALS_STOP)
		note_stop(number);
	raise_bit(bit);
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

/* System calls are not restarted: a read that waits must end. */
static void
catch_signal(int number, struct sigaction *ret_before)
{
	struct sigaction action = { .sa_handler = on_signal };

	(void)sigfillset(&action.sa_mask);
	(void)sigaction(number, NULL, ret_before);
	if (ret_before->sa_handler != SIG_IGN || number == SIGTIMER)
		(void)sigaction(number, &action, NULL);
}

/* Whoever began this process may have blocked them, and then nobody could stop it. */
static void
unblock_all(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTIMER);
	for (size_t i = 0; i < SIGNALS_CAUGHT; i++)
		(void)sigaddset(&set, caught[i].number);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static int
make_timer(timer_t *ret_timer)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGTIMER };

	return timer_create(CLOCK_MONOTONIC, &event, ret_timer) < 0 ? -errno : 0;
}

int
ks_signals_init(struct signals *s)
{
	int r;

	*s = (struct signals){ .wake = { .fd = -1, .raised = &raised.bits } };
	raised_clear();
	r = make_timer(&raised.knocker);
	if (r < 0)
		return r;
	r = make_timer(&s->ticker);
	s->wake.fd = r < 0 ? -1 : eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->wake.fd < 0)
		return r < 0 ? r : -errno;
	raised.fd = s->wake.fd;
	catch_signal(SIGTIMER, &s->before_timer);
	for (size_t i = 0; i < SIGNALS_CAUGHT; i++)
		catch_signal(caught[i].number, &s->before[i]);
	unblock_all();
	return 0;
}

void
ks_signals_done(struct signals *s)
{
	if (s->wake.fd < 0)
		return;
	for (size_t i = 0; i < SIGNALS_CAUGHT; i++)
		(void)sigaction(caught[i].number, &s->before[i], NULL);
	(void)timer_delete(raised.knocker);
	(void)timer_delete(s->ticker);
	(void)sigaction(SIGTIMER, &s->before_timer, NULL);
	(void)close(s->wake.fd);
	s->wake.fd = -1;
	raised_clear();
}

/* --------------------------------------------------------------------------- use ---- */

void
ks_signals_tick(struct signals *s, uint64_t usec)
{
	set_timer(s->ticker, usec * 1000, usec * 1000);
}

void
ks_signals_raise(struct signals *s, unsigned bit)
{
	(void)s;
	raise_bit(bit);
	set_timer(raised.knocker, 1, 0); /* nothing else ends a read that waits in another thread */
}

unsigned
ks_signals_take(struct signals *s)
{
	uint64_t count;

	set_timer(raised.knocker, 0, 0);
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
	if (n < 0) { /* interrupted: poll() has not filled it in */
		n = 0;
		memset(all, 0, sizeof(all));
	}
	for (size_t i = 0; i < count; i++)
		fds[i].revents = all[i + 1].revents;
	return n - (all[0].revents != 0);
}

void
ks_signals_die(struct signals *s)
{
	int number = atomic_load(&raised.stop_signal);

	(void)s;
	if (number != 0)
		die_of(number);
}
