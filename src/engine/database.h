/* SPDX-License-Identifier: Apache-2.0 */
/* The Hyperscan databases of a set of rules: compiled, or prepared at build time. */
#pragma once

#include "ruleset.h"

/* What databases are compiled for. */
extern const hs_platform_info_t ks_database_platform;

/* Compile set->databases; the rest of set is there. Errors: as ks_ruleset_new(). */
int ks_databases_compile(struct ks_ruleset *set, const struct ks_rule *rules,
                         struct ks_error *reterr);

void ks_databases_free(struct ks_ruleset *set);

/* A hash of all that the databases and the widths of rules depend on: triggers, macros, version. */
uint64_t ks_prepared_hash(const struct ks_rule *rules, size_t count);

/*
 * The widths of the triggers of a set, one a rule, if prepared holds what ks_ruleset_save() gave for
 * a set of that hash and size; else NULL. They are not aligned. Lent as long as prepared is there.
 */
const uint8_t *ks_prepared_widths(const struct ks_prepared *prepared, uint64_t hash, size_t count);

/*
 * Take set's databases from prepared, for which ks_prepared_widths() is not NULL. Returns KS_OK,
 * KS_ERROR_MEMORY, or KS_ERROR_INTERNAL if this libhs or this processor cannot use them.
 */
int ks_databases_load(struct ks_ruleset *set, const struct ks_prepared *prepared);
