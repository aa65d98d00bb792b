/* SPDX-License-Identifier: Apache-2.0 */
/* A catalog's own test: its examples and counterexamples, cut at every position. */
#pragma once

#include "keysieve.h"

/* A text that did not come out as it should. Never holds the text itself. */
struct selftest_failure {
	const char *id;
	const char *what; /* constant text */
	int is_counterexample;
	size_t number; /* of the text in its list, from 1 */
	size_t cut;    /* position at which the text was cut in two */
	size_t at;     /* first byte that is wrong */
};

typedef void (*selftest_fn)(void *ctx, const struct selftest_failure *failure);

struct selftest_result {
	size_t rules, texts, runs, failures; /* of each text, the first failure only */
};

/*
 * Try the texts of every rule of the catalog that is on and comes from pack (NULL: any) against all
 * rules that are on.
 * Errors: those of ks_catalog_compile(), and KS_ERROR_RULE for a template that is wrong.
 */
int ks_selftest_run(const struct ks_catalog *catalog, const char *pack, selftest_fn on_failure,
                    void *ctx, struct selftest_result *ret_result, struct ks_error *reterr);
