/* SPDX-License-Identifier: Apache-2.0 */
/* The Hyperscan databases of a set of rules. */
#pragma once

#include "ruleset.h"

/* What databases are compiled for. */
extern const hs_platform_info_t ks_database_platform;

/* Compile set->databases; the rest of set is there. Errors: as ks_ruleset_new(). */
int ks_databases_compile(struct ks_ruleset *set, const struct ks_rule *rules,
                         struct ks_error *reterr);

void ks_databases_free(struct ks_ruleset *set);
