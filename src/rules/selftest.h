/* SPDX-License-Identifier: Apache-2.0 */
/* A catalog's own test: its examples and counterexamples, cut at every position. */
#pragma once

#include <stdbool.h>

#include "keysieve.h"

/* Are this rule's texts to be tried? Borrows entry until return. */
typedef bool (*selftest_wanted_fn)(void *ctx, const struct ks_catalog_entry *entry);

struct selftest_result {
	size_t rules, texts, runs, failures; /* of each text, the first failure only */
};

/* What ks_catalog_compile() made of a catalog. */
struct selftest_set {
	const struct ks_ruleset *rules;
	const size_t *index;
};

/*
 * Try the texts of every rule of the catalog that is on and wanted (NULL: all are) against the set, which
 * was compiled from it. on_failure is told of each text that fails, with its place and without its bytes:
 * rule, number in its list, position of the cut, first wrong byte.
 * Errors: KS_ERROR_MEMORY, KS_ERROR_INTERNAL.
 */
int ks_selftest_run(const struct ks_catalog *catalog, struct selftest_set set,
                    selftest_wanted_fn is_wanted, ks_error_fn on_failure, void *ctx,
                    struct selftest_result *ret_result);
