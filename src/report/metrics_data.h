/* SPDX-License-Identifier: Apache-2.0 */
/* What metrics.c counts and metrics_text.c shows. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "metrics.h"

#define DELAY_BUCKETS 19U /* 10 us to 10 s: 1, 2.5, 5 */

/* Never removed, so that a reader can walk the list while one is added in front. */
struct metric_rule {
	struct metric_rule *next;
	char *id;
	char *provider; /* NULL: nobody in particular */
	atomic_uint_fast64_t findings;
};

struct metric_file {
	char *path;
	uint64_t behind;
};

struct metric_files {
	struct metric_file *items;
	size_t count, size;
};

struct metrics {
	atomic_uint_fast64_t counters[METRIC_COUNTERS];
	atomic_uint_fast64_t gauges[METRIC_GAUGES];
	atomic_uint_fast64_t delays[DELAY_BUCKETS + 1]; /* the last one: longer than all limits */
	atomic_uint_fast64_t delay_sum;                 /* nanoseconds */
	atomic_uint_fast64_t masked_bytes;
	atomic_uint_fast64_t rule_count; /* of those in use */
	_Atomic(struct metric_rule *) rules;
	atomic_uint_fast64_t
		write_began; /* nanoseconds of the monotonic clock; 0: it does not wait */
	atomic_uint_fast64_t beat;
	atomic_bool is_ready, is_exposed;
	double started; /* seconds since 1970 */
	struct metric_files gathered;
	pthread_mutex_t lock; /* of what follows */
	struct metric_files files;
};

/* Limits of the buckets, in nanoseconds and as Prometheus shows them. */
struct delay_limit {
	uint64_t nanoseconds;
	const char *text;
};
extern const struct delay_limit ks_delay_limits[DELAY_BUCKETS];

uint64_t ks_metrics_clock(void);

static inline uint64_t
metric_load(const atomic_uint_fast64_t *value)
{
	return atomic_load_explicit(value, memory_order_relaxed);
}
