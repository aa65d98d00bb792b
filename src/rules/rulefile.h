/* SPDX-License-Identifier: Apache-2.0 */
/* Rule files: from YAML text (docs/rules.md) to rules. */
#pragma once

#include <stdbool.h>

#include "keysieve.h"

/* In a file, from 1. */
struct place {
	unsigned line, column;
};

/* Examples or counterexamples. */
struct file_texts {
	const char *const *items; /* ended by NULL; or NULL: there are none */
	const struct place *places;
};

/* A rule as its file describes it. All strings and lists belong to the rule. */
struct file_rule {
	struct ks_rule rule;
	struct file_texts examples, counterexamples;
	const char *file;
	struct place place, trigger_place;
	void **owned;
	size_t owned_count;
};

/* What a file says of a rule or pack, its own or another's. */
struct rule_switch {
	char *name;
	bool is_on;
	struct place place;
};

struct allow_entry; /* allow.h */

struct rulefile {
	struct file_rule *rules;
	size_t count, max;
	struct rule_switch *switches;
	size_t switch_count;
	struct allow_entry *allowed;
	size_t allowed_count;
};

enum rulefile_check {
	RULEFILE_CHECKED, /* check each rule by itself */
	RULEFILE_GLANCED, /* the same, but for what only libhs can tell of triggers */
	RULEFILE_TRUSTED, /* do not: it has been done */
	RULEFILE_EXAMINED /* compile each rule by itself, and look for what would slow down a set */
};

/*
 * Parse text[0, len), borrowed until return; name stands for the file in errors. Everything that is
 * wrong is told to on_error, in order of place for one kind of mistake. Returns 0, or the first
 * error's status. Either way *ret_file has what is right, for ks_rulefile_done().
 */
int ks_rulefile_parse(const char *name, const char *text, size_t len, enum rulefile_check check,
                      ks_error_fn on_error, void *ctx, struct rulefile *ret_file);

/* Free what a file owns. */
void ks_rulefile_done(struct rulefile *file);

/* Free one rule's strings. */
void ks_file_rule_done(struct file_rule *rule);
