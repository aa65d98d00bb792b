/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Working memory for one thread: what a window needs while it is looked at. Between calls nothing matters in it: what is
 * remembered there only saves time.
 */
#pragma once

#include <hs.h>

#include "name_memo.h"
#include "ruleset.h"
#include "run.h"
#include "span.h"

/* A match whose run has not been judged yet, or whose verdict is open. */
struct candidate {
	uint32_t end; /* of the trigger, in the window; the run begins here */
	uint32_t rule;
};

/* The last run of a class that was found in the window, so that none is walked twice. */
struct run_memo {
	size_t from;
	struct run run;
	bool is_set;
};

struct ks_scratch {
	hs_scratch_t *hs;
	struct candidate
		*candidates; /* room for candidate_max: every rule at every byte of a window */
	size_t candidate_max;
	struct candidate *named; /* those of rules that go by nouns: room for named_max */
	size_t named_max;
	uint32_t *nouns;    /* where nouns end: room for every byte of a window */
	uint32_t *names;    /* rules whose names end at a noun: room for every named rule */
	struct span *spans; /* room for span_max: every other byte of a window, and known values */
	size_t span_max;
	size_t known_span_max; /* that a window can have */
	struct run_memo memos[CLASS_MAX];
	struct name_memo name_memo;
};

/* The largest window: a slice, and what was held before it. */
size_t ks_window_max(const struct ks_ruleset *set);

/* Behind what is used of spans, and room for as many as there can be here: room for spans of known values. */
static inline struct span *
ks_scratch_spare_spans(const struct ks_scratch *scratch)
{
	return scratch->spans + scratch->span_max - scratch->known_span_max;
}

size_t ks_scratch_size_max(const struct ks_ruleset *set);
