/* SPDX-License-Identifier: Apache-2.0 */
/* See follow_rules.h: a list, the newest first. */
#include "follow_rules.h"

#include <stdlib.h>

#include "masking.h"

/* A source_finding_fn. */
static void
note_finding(void *ctx, const char *path, const struct ks_finding *finding)
{
	struct follow_rules *rules = ctx;

	ks_observer_note(rules->observer, &rules->selection, &rules->stats, path, finding);
}

/* Positions in the output are positions in the source: masks keep the length. */
static int
prepare(struct follow_rules *rules, const struct options *options)
{
	struct rule_selection *s = &rules->selection;
	struct ks_stream_options *stream = &rules->masker.options.stream;
	int r = ks_statistics_init(&rules->stats, s->catalog, s->index, ks_ruleset_count(s->set));

	rules->masker.set = s->set;
	rules->masker.options.wants_restart = options->state != NULL;
	rules->masker.on_finding = note_finding;
	rules->masker.finding_ctx = rules;
	stream->keeps_length = 1;
	ks_masking_set(options, s, stream);
	ks_observer_set(rules->observer, stream);
	return r == KS_OK ? ks_scratch_new(s->set, &rules->masker.scratch) : r;
}

struct follow_rules *
ks_follow_rules_new(const struct rule_selection *selection, const struct options *options,
                    struct observer *observer, struct follow_rules *former)
{
	struct follow_rules *rules = calloc(1, sizeof(*rules));

	if (!rules)
		return NULL;
	rules->selection = *selection;
	rules->observer = observer;
	rules->masker.since = ks_passage_clock();
	if (prepare(rules, options) != KS_OK) {
		rules->selection = (struct rule_selection){ 0 };
		return ks_follow_rules_free(rules);
	}
	rules->former = former;
	if (former)
		rules->stats.started = former->stats.started;
	return rules;
}

struct follow_rules *
ks_follow_rules_free(struct follow_rules *rules)
{
	while (rules) {
		struct follow_rules *former = rules->former;

		ks_scratch_free(rules->masker.scratch);
		ks_statistics_done(&rules->stats);
		ks_rule_selection_done(&rules->selection);
		free(rules);
		rules = former;
	}
	return NULL;
}

void
ks_follow_rules_clean(struct follow_rules *rules)
{
	struct follow_rules *at = rules;

	while (at->former) {
		struct follow_rules *former = at->former;

		if (former->masker.users > 0) {
			at = former;
			continue;
		}
		(void)ks_statistics_take(&rules->stats, &former->stats);
		at->former = former->former;
		former->former = NULL;
		(void)ks_follow_rules_free(former);
	}
}

struct statistics *
ks_follow_rules_statistics(struct follow_rules *rules)
{
	for (struct follow_rules *former = rules->former; former; former = former->former)
		(void)ks_statistics_take(&rules->stats, &former->stats);
	return &rules->stats;
}
