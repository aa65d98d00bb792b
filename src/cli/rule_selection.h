/* SPDX-License-Identifier: Apache-2.0 */
/* Which rules the command line asks for, gathered and compiled. */
#pragma once

#include "keysieve.h"
#include "known_values.h"
#include "options.h"
#include "rule_paths.h"

struct rule_selection {
	struct ks_catalog *catalog;
	struct ks_ruleset *set;
	size_t *index;                      /* the set's rule n is the catalog's index[n] */
	struct ks_key *key;                 /* of keyed hashes; or NULL */
	struct ks_fingerprint *fingerprint; /* with that key; or NULL */
	struct ks_allowlist *allowlist;     /* NULL: nothing is allowed */
	unsigned *users;            /* selections that have all of these in common; NULL: one */
	struct known_values *known; /* NULL: none */
};

/*
 * Gather the rules: the built-in ones, those of the rules directory, of --rules, and of files, which
 * are rule files too (NULL: none); then switch them. Nothing is compiled.
 * Prints what is wrong. Returns 0, or an exit status; ks_rule_selection_done() is right after both.
 */
int ks_rule_selection_gather(struct rule_selection *rules, const struct options *options,
                             const struct rule_paths *files);

/* Gather and compile, without the known values. The same otherwise. */
int ks_rule_selection_compile(struct rule_selection *rules, const struct options *options);
/* Gather and compile, with the known values, and tell. The same otherwise. */
int ks_rule_selection_init(struct rule_selection *rules, const struct options *options);
/* The rules of former, which stays; and no known values yet. By one thread only. The same otherwise. */
int ks_rule_selection_share(struct rule_selection *rules, struct rule_selection *former);
/* Print what is new to say of known values: these are taken, in the place of former (NULL: none). */
void ks_rule_selection_tell(const struct rule_selection *rules,
                            const struct rule_selection *former);
void ks_rule_selection_done(struct rule_selection *rules);

/* The files of the rules directory that the options name. Prints what is wrong, returns as above. */
int ks_rule_selection_directory(const struct options *options, struct rule_paths *ret_paths);
