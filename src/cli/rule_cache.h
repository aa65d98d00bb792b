/* SPDX-License-Identifier: Apache-2.0 */
/* Rules compiled by way of a cache, where the options and the system allow one. */
#pragma once

#include "keysieve.h"
#include "options.h"

/*
 * The directory in which compiled rules will be looked for and kept, which is the caller's to free. NULL: none will be, as the
 * options have it so, or ask for what is built in.
 */
char *ks_rule_cache_directory(const struct options *options);

/* Make it; to be called before anything else, as later a sandbox may forbid it. */
void ks_rule_cache_make(const struct options *options);

/* As ks_catalog_compile(). That a cache cannot be used is never an error; that others may write it is told. */
int ks_rule_cache_compile(const struct options *options, const struct ks_catalog *catalog,
                          struct ks_ruleset **ret_set, size_t *ret_index, struct ks_error *reterr);
/* The same for an array of rules, as ks_ruleset_new() takes it. */
int ks_rule_cache_compile_rules(const struct options *options, const struct ks_rule *rules,
                                size_t count, struct ks_ruleset **ret_set, struct ks_error *reterr);
