/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is done with a finding, whichever command made it: it is counted, noted in the ledger, and the first of
 * a key runs the user's command. Nothing that goes wrong with that keeps a byte from being masked.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "complaint.h"
#include "keysieve.h"
#include "options.h"
#include "rule_selection.h"
#include "source_names.h"
#include "statistics.h"

/* Zeros: there is neither a ledger nor a command. */
struct observer {
	const struct options *options;
	struct ledger_file *file; /* NULL: no ledger */
	struct ledger *ledger;    /* the same */
	struct hook *hook;        /* NULL: no command */
	struct seen *seen;        /* what the command was run for */
	char **environment;       /* of the command; the texts are borrowed */
	struct ks_key *key;       /* for fingerprints where the user has none: this run's own */
	struct ks_fingerprint *fingerprint;
	struct source_names names;
	struct complaint unwritten; /* lines of the ledger */
	struct complaint troubles;  /* of the command */
	struct complaint dropped;   /* keys that it was not run for */
};

/*
 * To be called before anything is opened. Borrows options. Prints what is wrong. Returns 0, or an exit status and there
 * is neither ledger nor command; ks_observer_done() is right after both.
 */
int ks_observer_init(struct observer *observer, const struct options *options);
/* The stream is over: write what is left to be written, and wait for the command, some seconds at most. */
void ks_observer_done(struct observer *observer);

/* Is there a ledger, or a command? */
bool ks_observer_is_on(const struct observer *observer);

/* Have a stream's findings tell what is needed. Borrows observer as long as the stream lives. */
void ks_observer_set(const struct observer *observer, struct ks_stream_options *stream);

/*
 * A finding, with its offset and line in source. Borrows all until return. rules are those that finding->rule
 * is one of.
 */
void ks_observer_note(struct observer *observer, const struct rule_selection *rules,
                      struct statistics *stats, const char *source,
                      const struct ks_finding *finding);

/* How often ks_observer_tick() is to be called, in microseconds; other: how often something else wants to be. 0: not. */
uint64_t ks_observer_interval(const struct observer *observer, uint64_t other);
/* It costs little. */
void ks_observer_tick(struct observer *observer);

/* Another file may be where the ledger was. */
void ks_observer_reopen(struct observer *observer);

/* Print what went wrong up to now, as a part of the statistics. */
void ks_observer_print(struct observer *observer);

/* Is it the ledger, which must not be read as a log? */
bool ks_observer_has_file(const struct observer *observer, int fd);
