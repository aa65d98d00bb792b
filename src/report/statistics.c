/* SPDX-License-Identifier: Apache-2.0 */
/* Statistics know rules and numbers only: there is nothing of the stream in them. */
#include "statistics.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

static double
seconds_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int
ks_statistics_init(struct statistics *stats, size_t rule_count)
{
	*stats = (struct statistics){ .rule_count = rule_count, .started = seconds_now() };
	stats->by_rule = calloc(rule_count, sizeof(*stats->by_rule));
	return stats->by_rule ? KS_OK : KS_ERROR_MEMORY;
}

void
ks_statistics_done(struct statistics *stats)
{
	free(stats->by_rule);
	*stats = (struct statistics){ 0 };
}

void
ks_statistics_count(void *ctx, const struct ks_finding *finding)
{
	struct statistics *stats = ctx;

	stats->by_rule[finding->rule]++;
	stats->findings++;
	stats->masked += finding->length;
}

/* The rule with most findings of those after previous in the order (findings, number). */
static size_t
next_rule(const struct statistics *stats, size_t previous)
{
	size_t best = SIZE_MAX;

	for (size_t i = 0; i < stats->rule_count; i++) {
		uint64_t n = stats->by_rule[i];

		if (previous != SIZE_MAX && (n > stats->by_rule[previous] ||
		                             (n == stats->by_rule[previous] && i <= previous)))
			continue;
		if (n > 0 && (best == SIZE_MAX || n > stats->by_rule[best]))
			best = i;
	}
	return best;
}

void
ks_statistics_print(const struct statistics *stats, uint64_t bytes,
                    const struct ks_catalog *catalog, const size_t *index, FILE *out)
{
	double seconds = seconds_now() - stats->started;
	double speed = seconds > 0 ? (double)bytes / 1e6 / seconds : 0;

	(void)fprintf(out,
	              "keysieve: %" PRIu64 " bytes, %" PRIu64 " findings, %" PRIu64
	              " bytes masked, %.3f s, %.1f MB/s\n",
	              bytes, stats->findings, stats->masked, seconds, speed);
	for (size_t i = next_rule(stats, SIZE_MAX); i != SIZE_MAX; i = next_rule(stats, i)) {
		struct ks_catalog_entry entry;

		ks_catalog_get(catalog, index[i], &entry);
		(void)fprintf(out, "keysieve: %10" PRIu64 "  %s\n", stats->by_rule[i],
		              entry.rule.id);
	}
}
