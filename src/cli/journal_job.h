/* SPDX-License-Identifier: Apache-2.0 */
/* What keysieve journal has open. */
#pragma once

#include "journal_stream.h"
#include "observer.h"
#include "options.h"
#include "reload.h"
#include "rule_selection.h"
#include "state.h"
#include "statistics.h"
#include "telemetry.h"

struct journal_job {
	const struct options *options;
	enum journal_format format;
	struct observer *observer; /* borrowed */
	struct rule_selection rules;
	struct reload reload;
	struct statistics stats;
	struct ks_scratch *scratch;
	struct journal *journal;
	size_t damaged; /* files that cannot be read */
	struct state state;
	struct checkpoint checkpoint; /* the last one */
	struct output *output;
	struct journal_stream stream;
	uint64_t unreadable; /* entries */
	struct telemetry telemetry;
	struct passage passage;
	bool is_reopening; /* the output, when an entry has ended */
	bool is_unsaved;   /* something came out since the last checkpoint */
	uint64_t saved;    /* when that was: milliseconds of the monotonic clock */
	int status;        /* exit status: the first that is not 0 */
};

/*
 * Functions that return int from here on: 0, or an exit status, and what is wrong is printed.
 */

/* Open all of it, and go to where the first entry is. ks_journal_job_close() is right after both. */
int ks_journal_job_init(struct journal_job *job, const struct options *options,
                        struct observer *observer);
/* Close all of it, but for the rules: ks_journal_job_done() follows. */
void ks_journal_job_close(struct journal_job *job);
void ks_journal_job_done(struct journal_job *job);

/* Write a checkpoint, if any are kept. is_final: nothing will be written after it. */
int ks_journal_job_save(struct journal_job *job, bool is_final);

/* The present point is an idle one: use the rules that wait. */
int ks_journal_job_use_next_rules(struct journal_job *job);

/* An entry cannot be read, for this errno: the journal goes on without it. */
void ks_journal_job_tell_unreadable(struct journal_job *job, int error);
