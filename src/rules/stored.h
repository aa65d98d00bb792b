/* SPDX-License-Identifier: Apache-2.0 */
/* Rules compiled, or what was compiled of them found again. */
#pragma once

#include "keysieve.h"

/*
 * What is built in if that is of the same rules, else what is in store (NULL: there is none). Returns KS_OK,
 * RULESET_UNPREPARED if there is neither, or an error as ks_ruleset_new().
 */
int ks_stored_load(const struct ks_rule *rules, size_t count, const struct ks_prepared_store *store,
                   struct ks_ruleset **ret_set, struct ks_error *reterr);

/* Compile afresh, and save it in store. Errors: as ks_ruleset_new(). */
int ks_stored_make(const struct ks_rule *rules, size_t count, const struct ks_prepared_store *store,
                   struct ks_ruleset **ret_set, struct ks_error *reterr);

/* The first, or else the second. */
int ks_stored_compile(const struct ks_rule *rules, size_t count,
                      const struct ks_prepared_store *store, struct ks_ruleset **ret_set,
                      struct ks_error *reterr);
