/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of sources as they may be shown. Files and containers are called what others want, and that may be a key: a
 * name is masked by the rules and known values that are in use.
 */
#pragma once

#include "keysieve.h"

#define SOURCE_NAMES 64U /* that are kept, for they come again and again */

struct source_name {
	const struct ks_ruleset *set;
	const struct ks_known *known;
	char *name, *shown;
};

/* Zeros: none. */
struct source_names {
	struct source_name kept[SOURCE_NAMES];
};

void ks_source_names_done(struct source_names *names);

/*
 * Lent until the next call. Never NULL: a name that cannot be masked is "?". Not to be called with the set freed, nor with
 * the known values, which may be NULL.
 */
const char *ks_source_names_show(struct source_names *names, const struct ks_ruleset *set,
                                 const struct ks_known *known, const char *name);
