/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is to be used next, read and compiled in a thread beside the masking, which goes on with what is in use: rules of
 * the user's take a second, and so do many known values.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "known_watch.h"
#include "options.h"
#include "rule_selection.h"
#include "signals.h"

struct preparation {
	const struct options *options;   /* borrowed, as are the next three */
	const struct known_watch *watch; /* NULL: there is none */
	struct signals *signals;
	const struct known_values *former;
	bool has_rules; /* else known values only */

	/* What comes of it. It is the thread's until ks_preparation_end(). */
	struct rule_selection next; /* whoever takes a part leaves zeros in its place */
	bool rules_are_right, known_are_right;
	bool known_are_same; /* the known values that were read are those in use already */

	pthread_t thread;
	bool is_begun, has_thread;
	atomic_bool is_over;
};

/*
 * Begin to prepare the known values, and the rules too if has_rules. former: the values in use (NULL: none), which must stay
 * until it has ended. Prints what is wrong. When all is done, SIGNALS_PREPARED is raised. Where no thread can be
 * started it is done before this returns. None may have begun that has not ended.
 */
void ks_preparation_begin(struct preparation *preparation, bool has_rules,
                          const struct known_values *former);
/* Has begun, and not ended? */
bool ks_preparation_has_begun(const struct preparation *preparation);
/* Is it at work, so that ks_preparation_end() would wait? It cannot be stopped: libhs does not let itself be. */
bool ks_preparation_is_busy(const struct preparation *preparation);
/* Wait until it is at work no more, or so long, in nanoseconds. Returns whether it is. */
bool ks_preparation_wait(struct preparation *preparation, uint64_t patience);
/* What has come of it is the caller's from now on. */
void ks_preparation_end(struct preparation *preparation);
/* Free what was not taken. Zeros are fine, and what has not begun. */
void ks_preparation_done(struct preparation *preparation);
