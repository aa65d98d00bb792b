/* SPDX-License-Identifier: Apache-2.0 */
/* Counting findings, and showing the counts. */
#pragma once

#include <stdint.h>
#include <stdio.h>

#include "keysieve.h"

struct statistics {
	uint64_t *by_rule; /* findings, by rule of the set */
	size_t rule_count;
	uint64_t findings;
	uint64_t masked; /* bytes */
	double started;  /* seconds of the monotonic clock */
};

/* Returns 0, or KS_ERROR_MEMORY. */
int ks_statistics_init(struct statistics *stats, size_t rule_count);
void ks_statistics_done(struct statistics *stats);

/* A ks_finding_fn whose ctx is a struct statistics. */
void ks_statistics_count(void *ctx, const struct ks_finding *finding);

/*
 * Print a line of totals and one for each rule with findings, most first. index[n] is the number of
 * the set's rule n in catalog.
 */
void ks_statistics_print(const struct statistics *stats, uint64_t bytes,
                         const struct ks_catalog *catalog, const size_t *index, FILE *out);
