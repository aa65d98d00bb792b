/* SPDX-License-Identifier: Apache-2.0 */
/* Examples: templates in rule files (docs/rules.md, "examples") into text with made-up secrets. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keysieve.h"

#define EXAMPLE_SECRET_MAX 8

struct example {
	uint8_t *text; /* freed by ks_example_done() */
	size_t len;
	struct {
		size_t from, to;
	} secrets[EXAMPLE_SECRET_MAX]; /* the drawn parts */
	size_t secret_count;
};

/*
 * Expand template for rule; the same each time. Both are borrowed until return.
 * Errors: KS_ERROR_MEMORY; KS_ERROR_RULE (a placeholder that cannot be drawn, or too many of them).
 */
int ks_example_expand(const struct ks_rule *rule, const char *template, struct example *ret_example,
                      struct ks_error *reterr);
void ks_example_done(struct example *example);
