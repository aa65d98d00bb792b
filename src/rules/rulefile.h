/* SPDX-License-Identifier: Apache-2.0 */
/* Rule files: from YAML text (docs/rules.md) to rules. */
#pragma once

#include "keysieve.h"

/* A rule as its file describes it. All strings belong to the rule. */
struct file_rule {
	struct ks_rule rule;
	char **examples, **counterexamples; /* ended by NULL; or NULL */
	const char *file;
	unsigned line;
	char **owned; /* every string and list above */
	size_t owned_count;
};

struct rulefile {
	struct file_rule *rules;
	size_t count, max;
};

/* Told of each thing that is wrong, with its place. Borrows error until return. */
typedef void (*rulefile_error_fn)(void *ctx, const struct ks_error *error);

enum rulefile_check {
	RULEFILE_CHECKED, /* check each rule by itself */
	RULEFILE_TRUSTED  /* do not: it has been done */
};

/*
 * Parse text[0, len), borrowed until return; name stands for the file in errors. Everything that is
 * wrong is told to on_error, in order of place for one kind of mistake. Returns 0, or the first
 * error's status; then *ret_file is untouched.
 */
int ks_rulefile_parse(const char *name, const char *text, size_t len, enum rulefile_check check,
                      rulefile_error_fn on_error, void *ctx, struct rulefile *ret_file);

/* Free what a file owns. */
void ks_rulefile_done(struct rulefile *file);

/* Free one rule's strings. */
void ks_file_rule_done(struct file_rule *rule);
