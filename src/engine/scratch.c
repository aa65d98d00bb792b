/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory for the worst window is reserved when a scratch is made, so that no input can make a scan
 * run out of it. The operating system backs it with pages only as far as it is used: for logs, a
 * few kB.
 */
#include "scratch.h"

#include <stdlib.h>
#include <string.h>

#include "pages.h"

size_t
ks_window_max(const struct ks_ruleset *set)
{
	return SLICE_MAX + set->held_max;
}

static size_t
candidate_max(const struct ks_ruleset *set)
{
	/* and a lead that was open before the window, for each byte that it can have begun at */
	return (ks_window_max(set) + TRIGGER_WIDTH_MAX + 1) * set->rule_count;
}

static size_t
named_max(const struct ks_ruleset *set)
{
	return ks_window_max(set) * set->named_count;
}

static size_t
known_span_max(const struct ks_ruleset *set)
{
	return ks_window_max(set) / KS_KNOWN_MIN + 2;
}

static size_t
span_max(const struct ks_ruleset *set)
{
	return ks_window_max(set) / 2 + 2 + 2 * known_span_max(set);
}

size_t
ks_scratch_size_max(const struct ks_ruleset *set)
{
	return sizeof(struct ks_scratch) +
	       (candidate_max(set) + named_max(set)) * sizeof(struct candidate) +
	       ks_window_max(set) * sizeof(uint32_t) + set->named_count * sizeof(uint32_t) +
	       span_max(set) * sizeof(struct span);
}

int
ks_scratch_new(const struct ks_ruleset *set, struct ks_scratch **ret_scratch)
{
	struct ks_scratch *s = calloc(1, sizeof(*s));
	int r = KS_ERROR_MEMORY;

	if (!s)
		return r;
	s->candidate_max = candidate_max(set);
	s->named_max = named_max(set);
	s->span_max = span_max(set);
	s->known_span_max = known_span_max(set);
	s->candidates = ks_pages_reserve(s->candidate_max, sizeof(*s->candidates));
	s->named = ks_pages_reserve(s->named_max, sizeof(*s->named));
	s->nouns = malloc(ks_window_max(set) * sizeof(*s->nouns));
	s->names = malloc((set->named_count + 1) * sizeof(*s->names));
	s->spans = malloc(s->span_max * sizeof(*s->spans));
	if (!s->candidates || !s->named || !s->nouns || !s->names || !s->spans)
		goto out;
	for (unsigned d = 0; d < DATABASE_COUNT; d++) {
		if (set->databases[d] && hs_alloc_scratch(set->databases[d], &s->hs) != HS_SUCCESS)
			goto out;
	}
	*ret_scratch = s;
	return KS_OK;
out:
	ks_scratch_free(s);
	return r;
}

void
ks_scratch_free(struct ks_scratch *s)
{
	if (!s)
		return;
	(void)hs_free_scratch(s->hs);
	ks_pages_release(s->candidates, s->candidate_max, sizeof(*s->candidates));
	ks_pages_release(s->named, s->named_max, sizeof(*s->named));
	free(s->nouns);
	free(s->names);
	free(s->spans);
	explicit_bzero(&s->name_memo, sizeof(s->name_memo));
	free(s);
}
