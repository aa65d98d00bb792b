/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Statistics know rules and numbers only: there is nothing of the stream in them.
 */
#include "statistics.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double
seconds_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* ------------------------------------------------------------------------- rules ---- */

static void
rules_free(struct rule_count *rules, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(rules[i].id);
	free(rules);
}

static bool
set_id(struct rule_count *rule, const char *id)
{
	rule->id = strdup(id);
	return rule->id != NULL;
}

/*
 * The rules of a set and one for known values, with room for more of them, which are empty. Returns NULL when memory is
 * out.
 */
static struct rule_count *
rules_new(const struct ks_catalog *catalog, const size_t *index, size_t count, size_t more)
{
	struct rule_count *rules = calloc(count + more + 2, sizeof(*rules));
	bool is_right = rules != NULL;

	for (size_t i = 0; is_right && i < count; i++) {
		struct ks_catalog_entry entry;

		ks_catalog_get(catalog, index[i], &entry);
		is_right = set_id(&rules[i], entry.rule.id);
	}
	if (is_right && set_id(&rules[count], KS_KNOWN_ID))
		return rules;
	if (rules)
		rules_free(rules, count);
	return NULL;
}

static struct rule_count *
rules_find(struct rule_count *rules, size_t count, const char *id)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(rules[i].id, id) == 0)
			return &rules[i];
	}
	return NULL;
}

/* --------------------------------------------------------------------- life cycle ---- */

int
ks_statistics_init(struct statistics *stats, const struct ks_catalog *catalog, const size_t *index,
                   size_t count)
{
	*stats = (struct statistics){ .started = seconds_now() };
	return ks_statistics_change(stats, catalog, index, count);
}

int
ks_statistics_change(struct statistics *stats, const struct ks_catalog *catalog,
                     const size_t *index, size_t count)
{
	struct rule_count *rules = rules_new(catalog, index, count, stats->count);
	size_t all = count + 1;

	if (!rules)
		return KS_ERROR_MEMORY;
	for (size_t i = 0; i < stats->count; i++) {
		struct rule_count *old = &stats->rules[i], *same;

		if (old->findings == 0)
			continue;
		same = rules_find(rules, count + 1, old->id);
		if (same) {
			same->findings = old->findings;
		} else {
			rules[all++] = *old;
			old->id = NULL;
		}
	}
	rules_free(stats->rules, stats->count);
	stats->rules = rules;
	stats->count = all;
	return KS_OK;
}

/* The rules that stats does not have are counted behind its own. */
static int
add_missing(struct statistics *stats, const struct statistics *from)
{
	struct rule_count *grown = reallocarray(stats->rules, stats->count + from->count + 1,
	                                        sizeof(*grown));

	if (!grown)
		return KS_ERROR_MEMORY;
	stats->rules = grown;
	for (size_t i = 0; i < from->count; i++) {
		const struct rule_count *rule = &from->rules[i];

		if (rule->findings == 0 || rules_find(grown, stats->count, rule->id))
			continue;
		grown[stats->count] = (struct rule_count){ .id = strdup(rule->id) };
		if (!grown[stats->count].id)
			return KS_ERROR_MEMORY;
		stats->count++;
	}
	return KS_OK;
}

int
ks_statistics_take(struct statistics *stats, struct statistics *from)
{
	int r = add_missing(stats, from);

	if (r != KS_OK)
		return r;
	for (size_t i = 0; i < from->count; i++) {
		struct rule_count *rule = &from->rules[i];

		if (rule->findings > 0)
			rules_find(stats->rules, stats->count, rule->id)->findings +=
				rule->findings;
		rule->findings = 0;
	}
	stats->findings += from->findings;
	stats->masked += from->masked;
	from->findings = from->masked = 0;
	return KS_OK;
}

void
ks_statistics_done(struct statistics *stats)
{
	rules_free(stats->rules, stats->count);
	*stats = (struct statistics){ 0 };
}

/* -------------------------------------------------------------------------- counts ---- */

void
ks_statistics_count(void *ctx, const struct ks_finding *finding)
{
	struct statistics *stats = ctx;

	stats->rules[finding->rule].findings++;
	stats->findings++;
	stats->masked += finding->length;
}

/* The rule with most findings of those after previous in the order (findings, number). */
static size_t
next_rule(const struct statistics *stats, size_t previous)
{
	size_t best = SIZE_MAX;

	for (size_t i = 0; i < stats->count; i++) {
		uint64_t n = stats->rules[i].findings;

		if (previous != SIZE_MAX &&
		    (n > stats->rules[previous].findings ||
		     (n == stats->rules[previous].findings && i <= previous)))
			continue;
		if (n > 0 && (best == SIZE_MAX || n > stats->rules[best].findings))
			best = i;
	}
	return best;
}

void
ks_statistics_print(const struct statistics *stats, uint64_t bytes, FILE *out)
{
	double seconds = seconds_now() - stats->started;
	double speed = seconds > 0 ? (double)bytes / 1e6 / seconds : 0;

	(void)fprintf(out,
	              "keysieve: %" PRIu64 " bytes, %" PRIu64 " findings, %" PRIu64
	              " bytes masked, %.3f s, %.1f MB/s\n",
	              bytes, stats->findings, stats->masked, seconds, speed);
	for (size_t i = next_rule(stats, SIZE_MAX); i != SIZE_MAX; i = next_rule(stats, i))
		(void)fprintf(out, "keysieve: %10" PRIu64 "  %s\n", stats->rules[i].findings,
		              stats->rules[i].id);
}
