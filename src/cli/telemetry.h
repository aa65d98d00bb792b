/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the options --metrics-file, --metrics-listen and --canary ask for, of a command that masks. Whatever fails in it
 * once it has begun is counted and told once; masking goes on.
 */
#pragma once

#include <stdbool.h>

#include "metrics.h"
#include "metrics_server.h"
#include "observer.h"
#include "options.h"
#include "passage.h"
#include "rule_selection.h"
#include "signals.h"

struct telemetry {
	const struct options *options;
	struct metrics *metrics; /* NULL: nobody wants to know, and nothing is counted */
	struct metrics_server *server;
	struct meter meter;
	char *label; /* of this process in the file */
	char *draft; /* the file until it is whole */
	uint64_t canary_every, canary_number;
	uint64_t file_due, canary_due; /* nanoseconds of the monotonic clock */
	struct complaint file_failed;
	bool has_begun, canary_has_failed, canary_is_missing;
};

/*
 * Begin to count, and to listen; borrows options. Prints what is wrong, returns 0 or an exit status;
 * ks_telemetry_done() is right after both, and of zeros.
 */
int ks_telemetry_init(struct telemetry *telemetry, const struct options *options);
/* No more. What is counted is written to the file a last time. */
void ks_telemetry_done(struct telemetry *telemetry);

/* What the way of the bytes is measured with; NULL: it is not. */
const struct meter *ks_telemetry_meter(const struct telemetry *telemetry);

/*
 * These rules are in use, from the start or after a reload. Returns 0 or KS_ERROR_MEMORY.
 */
int ks_telemetry_use_rules(struct telemetry *telemetry, const struct rule_selection *rules);
/* What went wrong with the ledger and the user's command up to now. */
void ks_telemetry_note_observer(struct telemetry *telemetry, const struct observer *observer);
/* Rules were read anew, well or not. */
void ks_telemetry_note_reload(struct telemetry *telemetry, bool is_right);

/*
 * All is open, the rules are in use: the first canary, the first file; then ticks, as often as others need them, in
 * microseconds, or more often. Prints what is wrong, returns 0 or an exit status.
 */
int ks_telemetry_begin(struct telemetry *telemetry, const struct rule_selection *rules,
                       struct signals *signals, uint64_t interval);
/* Work has begun; and comes to its end. */
void ks_telemetry_set_ready(struct telemetry *telemetry, bool is_ready);

/* Is there something to do, for these bits that ks_signals_take() gave? Then what is counted elsewhere is to be set. */
bool ks_telemetry_wants(const struct telemetry *telemetry, unsigned raised);
/* Do what is due: the canary, the file. */
void ks_telemetry_attend(struct telemetry *telemetry, unsigned raised,
                         const struct rule_selection *rules);
