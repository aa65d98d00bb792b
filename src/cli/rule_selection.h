/* SPDX-License-Identifier: Apache-2.0 */
/* Which rules the command line asks for, compiled. */
#pragma once

#include "keysieve.h"
#include "options.h"

struct rule_selection {
	struct ks_catalog *catalog;
	struct ks_ruleset *set;
	size_t *index; /* the set's rule n is the catalog's index[n] */
};

/*
 * Prints what is wrong. Returns 0, or an exit status; ks_rule_selection_done() is right after both.
 */
int ks_rule_selection_init(struct rule_selection *rules, const struct options *options);
void ks_rule_selection_done(struct rule_selection *rules);
