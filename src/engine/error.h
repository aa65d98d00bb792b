/* SPDX-License-Identifier: Apache-2.0 */
/* Filling struct ks_error. */
#pragma once

#include "keysieve.h"

/* Fill *err (NULL is fine) and return status, which is negative. No place, no errno. */
int ks_error_set(struct ks_error *err, int status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * The same for a rule: KS_ERROR_RULE, with the text "rule ID: KEY: ..." and err->key. key may be
 * NULL.
 */
int ks_error_rule(struct ks_error *err, const char *id, const char *key, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Put a place into *err (NULL is fine). A long name of a file keeps its end. */
void ks_error_place(struct ks_error *err, const char *file, unsigned line, unsigned column);
