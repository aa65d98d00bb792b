/* SPDX-License-Identifier: Apache-2.0 */
/* A redactor that gives masked bytes together with what they were. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keysieve.h"

struct comparison;

/* Called with masked bytes, in order, and what they were; lends both. Non-zero: KS_ERROR_SINK. */
typedef int (*ks_comparison_fn)(void *ctx, const uint8_t *masked, const uint8_t *original,
                                size_t len);

/*
 * Begin. Borrows set until freed; of options, the sink is not used, and masks are all fills. Errors: as for ks_redactor_new().
 */
int ks_comparison_new(const struct ks_ruleset *set, const struct ks_redactor_options *options,
                      ks_comparison_fn fn, void *ctx, struct comparison **ret_comparison);
/* Wipes what it held. NULL is fine. */
void ks_comparison_free(struct comparison *comparison);

/* As the functions of the same names of a redactor. */
int ks_comparison_feed(struct comparison *comparison, struct ks_scratch *scratch,
                       const uint8_t *data, size_t len);
int ks_comparison_end(struct comparison *comparison, struct ks_scratch *scratch);
bool ks_comparison_is_idle(const struct comparison *comparison);

/* Findings so far, and the bytes of payload that they mask. */
uint64_t ks_comparison_findings(const struct comparison *comparison);
uint64_t ks_comparison_masked(const struct comparison *comparison);
