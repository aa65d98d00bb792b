/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals as things to be done when there is time for them: SIGTERM and SIGINT ask to stop, SIGHUP to reload
 * the rules, SIGUSR1 to report, and a clock ticks.
 *
 * They are caught, not blocked: one that waited for a write to a reader that is stuck would be seen by
 * nobody, and neither would the next. System calls are not restarted: whoever waits gets EINTR, once or
 * again and again, until ks_signals_take() was called. A second stop that comes later than half a second after the
 * first one ends the process at once, as if it had never been caught. (What comes sooner is the same
 * wish twice: timeout(1) signals the process and its group.) A program that is executed gets its
 * signals back as they were, and one that was ignored when this process began stays ignored: nohup.
 */
#pragma once

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "wake.h"

/* What ks_signals_take() returns. */
enum {
	SIGNALS_STOP = 1,
	SIGNALS_RELOAD = 2,
	SIGNALS_REPORT = 4,
	SIGNALS_TICK = 8,
	SIGNALS_KNOWN = 16,   /* known values have changed; no signal, but as good as one */
	SIGNALS_PREPARED = 32 /* what a reload has prepared is ready; the same */
};

#define SIGNALS_CAUGHT   4
#define SIGNALS_WAIT_MAX 7U

/* There can be one at a time in a process. */
struct signals {
	struct wake
		wake; /* wake.fd can be read as long as ks_signals_take() has something to say */
	struct sigaction before[SIGNALS_CAUGHT], before_timer;
	timer_t ticker;
};

#define SIGNALS_NONE                \
	{                           \
		.wake = {.fd = -1 } \
	} /* ks_signals_done() does nothing */

/* Catch them from now on. Returns 0 or a negative errno. ks_signals_done() is right after both. */
int ks_signals_init(struct signals *signals);
/* All as it was before. What was raised and not taken is forgotten. */
void ks_signals_done(struct signals *signals);

/* Raise SIGNALS_TICK every so many microseconds; 0: no more. */
void ks_signals_tick(struct signals *signals, uint64_t usec);

/* As if a signal had come that means bit. From any thread. */
void ks_signals_raise(struct signals *signals, unsigned bit);

/* What was raised since the last call, as bits; 0: nothing. */
unsigned ks_signals_take(struct signals *signals);

/* Would it return something? This takes no system call. */
bool ks_signals_are_raised(const struct signals *signals);

/*
 * poll() on fds, count <= SIGNALS_WAIT_MAX, that also returns when there is something to take.
 * timeout_ms -1: no limit. Returns how many of fds are ready, 0 also for a signal or the timeout; or a
 * negative errno.
 */
int ks_signals_wait(struct signals *signals, struct pollfd *fds, size_t count, int timeout_ms);

/*
 * End the process by the signal that asked it to stop, for work that is not done: whoever waits for it
 * must not take it for success. Returns only if none did.
 */
void ks_signals_die(struct signals *signals);
