/* SPDX-License-Identifier: Apache-2.0 */
/* The Hyperscan databases of a set of rules: compiled, or prepared at build time. */
#pragma once

#include "ruleset.h"

/* Compile set->triggers and set->anchored; the rest of set is there. Errors: as ks_ruleset_new(). */
int ks_databases_compile(struct ks_ruleset *set, const struct ks_rule *rules,
                         struct ks_error *reterr);

/*
 * The widths of the rules' triggers, one a rule, if prepared holds what ks_ruleset_save() gave for the
 * same triggers; else NULL. They are not aligned. Borrows all; lends as long as prepared is there.
 */
const uint8_t *ks_prepared_widths(const struct ks_prepared *prepared, const struct ks_rule *rules,
                                  size_t count);

/*
 * Take set's databases from prepared, for which ks_prepared_widths() is not NULL. False if this
 * libhs or this processor cannot use them.
 */
bool ks_databases_load(struct ks_ruleset *set, const struct ks_prepared *prepared);
