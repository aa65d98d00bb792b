/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules that sources are masked with, and what they have found. After a reload former ones stay in use
 * until the last source has come to a place where it can change.
 */
#pragma once

#include "observer.h"
#include "rule_selection.h"
#include "source.h"
#include "statistics.h"

struct follow_rules {
	struct observer *observer; /* borrowed */
	struct rule_selection selection;
	struct statistics stats;
	struct masker masker;
	struct follow_rules *former; /* or NULL */
};

/* Take a selection; borrows options and observer. Returns NULL when memory is out, and the selection stays the caller's. */
struct follow_rules *ks_follow_rules_new(const struct rule_selection *selection,
                                         const struct options *options, struct observer *observer,
                                         struct follow_rules *former);
/* With the former ones; nothing may use them. Returns NULL. */
struct follow_rules *ks_follow_rules_free(struct follow_rules *rules);

/* Free the former ones that have no users. */
void ks_follow_rules_clean(struct follow_rules *rules);

/* What these and the former ones have found. */
struct statistics *ks_follow_rules_statistics(struct follow_rules *rules);
