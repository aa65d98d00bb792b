/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the rules anew while data flows. What is wrong with new rules leaves those in use as they are;
 * right ones wait here until their time has come: where a line begins and nothing of the last one is open.
 */
#pragma once

#include <stdbool.h>

#include "known_watch.h"
#include "options.h"
#include "rule_selection.h"
#include "statistics.h"

/* Zeros: nothing waits. */
struct reload {
	const struct known_watch *watch; /* of the known values; NULL: there is none */
	struct rule_selection next;
	bool is_ready;  /* next waits to be used */
	uint64_t since; /* as long as this, of the first that was not used: ks_passage_clock() */
};

/*
 * Gather and compile what the options ask for, which takes a second with rules of the user's, and tell the
 * service manager. rules: those in use. Prints what is wrong, and returns false.
 */
bool ks_reload_prepare(struct reload *reload, struct rule_selection *rules,
                       const struct options *options);
/* The same for known values alone, which have changed. If somebody is changing them again, nothing happens: it will be told. */
bool ks_reload_prepare_known(struct reload *reload, struct rule_selection *rules,
                             const struct options *options);

/*
 * Use the rules that wait, which is_ready says: *rules are reload->next from now on, and stats goes on by
 * their numbers. Nothing may use the old ones any more, which are freed. Returns 0, or KS_ERROR_MEMORY,
 * and the old ones stay.
 */
int ks_reload_apply(struct reload *reload, struct rule_selection *rules, struct statistics *stats);

void ks_reload_done(struct reload *reload);
