/* SPDX-License-Identifier: Apache-2.0 */
/* Rules compiled, or what was compiled of them found again. */
#pragma once

#include "keysieve.h"

/*
 * Compile rules: from what is built in if that is of the same rules, else from store (NULL: there is none), else
 * afresh, and then it is saved in store. Errors: as ks_ruleset_new().
 */
int ks_stored_compile(const struct ks_rule *rules, size_t count,
                      const struct ks_prepared_store *store, struct ks_ruleset **ret_set,
                      struct ks_error *reterr);
