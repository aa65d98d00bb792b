/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the rules and the known values anew while data flows:
 *
 *     SIGHUP, a change -> prepared, beside the masking if it takes long -> waits -> in use
 *
 * What is wrong with new ones leaves those in use as they are; right ones wait here until their time has come: where a line
 * begins and nothing of the last one is open. What comes while something is prepared has it prepared once more.
 */
#pragma once

#include <stdbool.h>

#include "preparation.h"
#include "statistics.h"
#include "telemetry.h"

/* Zeros: ks_reload_done() does nothing. */
struct reload {
	struct preparation preparation;
	unsigned wanted;   /* SIGNALS_RELOAD, SIGNALS_KNOWN: when it has ended */
	bool is_reloading; /* so the service manager was told */
	uint64_t patience_max;
	uint64_t patience;  /* nanoseconds that the log could still wait, */
	uint64_t waited_at; /* when it last did: ks_passage_clock() */
	struct rule_selection next;
	bool is_ready;  /* next waits to be used */
	uint64_t since; /* as long as this, of the first that was not used: ks_passage_clock() */
};

/* Borrows all of them until it is done. watch: of the known values. */
void ks_reload_init(struct reload *reload, const struct options *options,
                    const struct known_watch *watch, struct signals *signals);

/*
 * Do what was raised, as ks_signals_take() says: begin to prepare, or make that ready which was prepared, and tell the
 * service manager. It waits up to two seconds for what it has begun, but for a tenth of the time at most. rules: those in use,
 * which stay until others that were ready here take their place. Prints what is wrong.
 */
void ks_reload_attend(struct reload *reload, unsigned raised, struct rule_selection *rules,
                      struct telemetry *telemetry);

/*
 * Use the rules that wait, which is_ready says: *rules are reload->next from now on, and stats goes on by
 * their numbers. Nothing may use the old ones any more, which are freed. Returns 0, or KS_ERROR_MEMORY,
 * and the old ones stay.
 */
int ks_reload_apply(struct reload *reload, struct rule_selection *rules, struct statistics *stats);

/*
 * At the end nobody waits for what is being prepared: the process exits here with this status, if something is. All else must
 * be done by then, but what the rules in use have must still be there.
 */
void ks_reload_leave(const struct reload *reload, int status);
void ks_reload_done(struct reload *reload);
