/* SPDX-License-Identifier: Apache-2.0 */
/* Counting findings, and showing the counts. They go by the rules' ids, and so outlive a reload. */
#pragma once

#include <stdint.h>
#include <stdio.h>

#include "keysieve.h"

struct rule_count {
	char *id;
	uint64_t findings;
};

struct statistics {
	struct rule_count
		*rules; /* those of the set by number, known values, then others that were in one */
	size_t count;
	uint64_t findings;
	uint64_t masked; /* bytes */
	double started;  /* seconds of the monotonic clock */
};

/*
 * Begin to count. index[n] is the number of the set's rule n in catalog, count of them. Returns 0, or
 * KS_ERROR_MEMORY; ks_statistics_done() is right after both.
 */
int ks_statistics_init(struct statistics *stats, const struct ks_catalog *catalog,
                       const size_t *index, size_t count);
void ks_statistics_done(struct statistics *stats);

/*
 * Go on with another set's rules. Nothing of the old set may be counted any more. Returns 0, or
 * KS_ERROR_MEMORY, and all is as it was.
 */
int ks_statistics_change(struct statistics *stats, const struct ks_catalog *catalog,
                         const size_t *index, size_t count);

/* Count what 'from' has counted, which begins anew. Returns 0, or KS_ERROR_MEMORY, and all is as it was. */
int ks_statistics_take(struct statistics *stats, struct statistics *from);

/* A ks_finding_fn whose ctx is a struct statistics. */
void ks_statistics_count(void *ctx, const struct ks_finding *finding);

/* Print a line of totals and one for each rule with findings, most first. */
void ks_statistics_print(const struct statistics *stats, uint64_t bytes, FILE *out);
