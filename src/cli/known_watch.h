/* SPDX-License-Identifier: Apache-2.0 */
/* Files and directories of known values are looked after: when they change, SIGNALS_KNOWN is raised. */
#pragma once

#include "options.h"
#include "signals.h"

/* Zeros: nothing is watched. */
struct known_watch {
	struct path_watch *watch;
	const char **paths;
};

/*
 * To be called before the values are read, so that no change is missed. Borrows options and signals until it is done.
 * That they cannot be watched is told, and no error: SIGHUP has them read again.
 */
void ks_known_watch_begin(struct known_watch *watch, const struct options *options,
                          struct signals *signals);
/* Begin to tell: after the sandbox has closed. A change since ks_known_watch_begin() is told then. */
void ks_known_watch_start(struct known_watch *watch);
/* Is nothing being changed since it was told of last? NULL, or nothing is watched: yes. */
bool ks_known_watch_is_current(const struct known_watch *watch);
/* Before the signals are done. */
void ks_known_watch_done(struct known_watch *watch);
