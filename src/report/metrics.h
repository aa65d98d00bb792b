/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers about the process for whoever watches it. One thread counts; any others may read at the same time.
 *
 * Functions that count take NULL for "nobody wants to know".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "keysieve.h"
#include "statistics.h"

struct metrics;

enum metric_counter {
	METRIC_BYTES_IN,
	METRIC_BYTES_OUT,
	METRIC_LINES,
	METRIC_RELOADS,
	METRIC_FAILED_RELOADS,
	METRIC_INPUT_ERRORS,
	METRIC_LOST_FILES,
	METRIC_OUTPUT_ERRORS,
	METRIC_LEDGER_ERRORS, /* lines that could not be written */
	METRIC_HOOK_ERRORS,   /* of the user's command */
	METRIC_HOOK_DROPS,    /* keys for which it was not run: there were too many */
	METRIC_REPORT_ERRORS, /* of these metrics themselves */
	METRIC_STATE_ERRORS,  /* checkpoints that could not be written */
	METRIC_MESSAGE_DROPS, /* messages that could not be written */
	METRIC_CANARY_RUNS,
	METRIC_CANARY_FAILURES,
	METRIC_CANARY_ERRORS, /* it could not be put through */
	METRIC_COUNTERS
};

enum metric_gauge {
	METRIC_HELD_BYTES,
	METRIC_FOLLOWED_FILES,
	METRIC_LAST_RELOAD_OK, /* 1 or 0 */
	METRIC_KNOWN_VALUES,
	METRIC_GAUGES
};

/* Returns NULL when memory is out. */
struct metrics *ks_metrics_new(void);
/* Nobody may read any more. Returns NULL. */
struct metrics *ks_metrics_free(struct metrics *metrics);

/* ----------------------------------------------------------------------- counting ---- */

void ks_metrics_add(struct metrics *metrics, enum metric_counter counter, uint64_t n);
/* What was counted elsewhere. */
void ks_metrics_set_count(struct metrics *metrics, enum metric_counter counter, uint64_t n);
void ks_metrics_set(struct metrics *metrics, enum metric_gauge gauge, uint64_t value);
/* How long bytes were inside. */
void ks_metrics_delay(struct metrics *metrics, uint64_t nanoseconds);

/*
 * These rules are in use, as for ks_statistics_init(): from now on each of them has a count, which may be 0. Those of
 * former rules stay. Returns 0 or KS_ERROR_MEMORY.
 */
int ks_metrics_use_rules(struct metrics *metrics, const struct ks_catalog *catalog,
                         const size_t *index, size_t count);
/* So many known values are in use besides, which have a count too. Returns as above. */
int ks_metrics_use_known(struct metrics *metrics, size_t count);
/* What was found up to now; statistics of the same rules. */
void ks_metrics_set_findings(struct metrics *metrics, const struct statistics *stats);

/*
 * Bytes of a followed file that are not in the output yet. is_more: they are added to those of the same path. What was
 * added since the last publication takes the place of all before when it is published.
 */
void ks_metrics_add_file(struct metrics *metrics, const char *path, uint64_t bytes, bool is_more);
void ks_metrics_publish_files(struct metrics *metrics);

/* ------------------------------------------------------------------------- health ---- */

/* The process does what it is for, or does so no more. */
void ks_metrics_set_ready(struct metrics *metrics, bool is_ready);
/* It has come round to its duties. To be called every few seconds. */
void ks_metrics_beat(struct metrics *metrics);
/* Between these two it waits for whoever reads its output. */
void ks_metrics_begin_write(struct metrics *metrics);
void ks_metrics_end_write(struct metrics *metrics, size_t len);
/* A synthetic key came out unmasked; or rules are in use of which that is not known. */
void ks_metrics_set_exposed(struct metrics *metrics, bool is_exposed);

bool ks_metrics_is_ready(const struct metrics *metrics);
/* Returns NULL if all is well, or one line about what is not. */
const char *ks_metrics_ailment(const struct metrics *metrics);

/* ------------------------------------------------------------------------- showing ---- */

/*
 * Write all in the text format of Prometheus. label: a name of this process, which every line carries; or
 * NULL. Errors stay with the stream.
 */
void ks_metrics_print(struct metrics *metrics, const char *label, FILE *out);
