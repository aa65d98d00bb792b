/* SPDX-License-Identifier: Apache-2.0 */
/* Macros: names in braces that stand for a longer expression in a trigger (docs/rules.md). */
#pragma once

#include <stddef.h>

/* What {separator} stands for, and how many bytes it can match. A constant. */
extern const char ks_macro_separator[];
#define SEPARATOR_WIDTH_MIN 1U
#define SEPARATOR_WIDTH_MAX 249U

/* What macro number i stands for, a constant; NULL behind the last. */
const char *ks_macro_text(size_t i);

/* trigger with its macros replaced; the caller frees it. NULL when memory is out. */
char *ks_macro_expand(const char *trigger);

/*
 * The part of a trigger that stands for the name of a setting: "(?i)api[_-]?key" of "(?i)api[_-]?key{separator}",
 * with its own macros replaced; the caller frees it. *ret_name is NULL if the trigger does not end in
 * {separator}. Errors: KS_ERROR_MEMORY.
 */
int ks_macro_split_name(const char *trigger, char **ret_name);
