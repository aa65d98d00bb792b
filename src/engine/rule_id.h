/* SPDX-License-Identifier: Apache-2.0 */
/* The ids of rules. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "keysieve.h"

bool ks_rule_id_is_valid(const char *id);

/* No two rules have the same. Errors: KS_ERROR_RULE, KS_ERROR_MEMORY. */
int ks_rule_ids_check(const struct ks_rule *rules, size_t count, struct ks_error *reterr);

/* Pointers, and behind them what they point at: one block, for free(). NULL: memory is out. */
char **ks_rule_ids_copy(const struct ks_rule *rules, size_t count);
