/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keysieve rules check: everything that is wrong with rule files, in one run, and what their rules
 * cost. What is wrong does not stop it: the rest of the rules are tried and priced all the same.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "rule_selection.h"
#include "rules_commands.h"
#include "selftest.h"
#include "standard_output.h"

struct check {
	struct ks_catalog *catalog;
	struct rule_paths files;
	bool is_of_files;   /* files were named: the built-in rules are taken to be right */
	struct ks_key *key; /* of keyed hashes; or NULL */
	size_t errors, warnings;
	int status;
};

static void
note_status(struct check *check, int status)
{
	if (check->status == 0)
		check->status = status;
}

static void
note_error(void *ctx, const struct ks_error *error)
{
	struct check *check = ctx;

	if (error->status == KS_OK) {
		ks_message_error(error);
		check->warnings++;
	} else {
		note_status(check, ks_message_failure(error));
		check->errors++;
	}
}

/* ---------------------------------------------------------------------- reading ---- */

static void
find_files(struct check *check, const struct options *options)
{
	check->is_of_files = options->files[0] != NULL;
	if (!check->is_of_files)
		note_status(check, ks_rule_selection_directory(options, &check->files));
	for (char **file = options->files; *file; file++)
		note_status(check, ks_rule_paths_add(&check->files, *file));
}

static void
read_rules(struct check *check)
{
	struct ks_error error;

	if (!check->is_of_files)
		(void)ks_catalog_check_builtin(check->catalog, note_error, check);
	else if (ks_catalog_add_builtin(check->catalog, &error) != KS_OK)
		note_error(check, &error);
	for (size_t i = 0; i < check->files.count; i++)
		(void)ks_catalog_check_file(check->catalog, check->files.items[i], note_error,
		                            check);
}

static bool
is_of_user(const struct ks_catalog_entry *entry)
{
	return strcmp(entry->pack, "user") == 0;
}

static bool
is_wanted(void *ctx, const struct ks_catalog_entry *entry)
{
	const struct check *check = ctx;

	return !check->is_of_files || is_of_user(entry);
}

/* Returns whether the rules make a set. */
static bool
try_rules(struct check *check, struct selftest_result *ret_result)
{
	struct ks_error error;

	if (ks_selftest_run(check->catalog, is_wanted, note_error, check, ret_result, &error) ==
	    KS_OK)
		return true;
	note_error(check, &error);
	return false;
}

/* ------------------------------------------------------------------------ costs ---- */

enum part { PART_BUILTIN, PART_FILES, PART_ALL };

static bool
is_in_part(const struct ks_catalog_entry *entry, enum part part)
{
	switch (part) {
	case PART_BUILTIN:
		return !is_of_user(entry);
	case PART_FILES:
		return is_of_user(entry);
	case PART_ALL:
		return true;
	}
	return false;
}

/* Leave those of the rules on that are in the part; was_on has the others' switches. */
static size_t
switch_to_part(struct ks_catalog *catalog, const bool *was_on, enum part part)
{
	struct ks_catalog_entry entry;
	size_t count = 0;

	ks_catalog_disable_all(catalog);
	for (size_t i = 0; i < ks_catalog_count(catalog); i++) {
		ks_catalog_get(catalog, i, &entry);
		if (was_on[i] && is_in_part(&entry, part)) {
			(void)ks_catalog_enable(catalog, entry.rule.id, NULL);
			count++;
		}
	}
	return count;
}

/* What the files allow can only be looked at together with all rules. */
static void
check_allowlist(struct check *check, const struct ks_ruleset *set, const size_t *index)
{
	struct ks_allowlist *list = NULL;
	struct ks_error error;

	if (ks_catalog_compile_allowlist(check->catalog, index, ks_ruleset_count(set), check->key,
	                                 &list, &error) != KS_OK)
		note_error(check, &error);
	ks_allowlist_free(list);
}

static void
print_cost(struct check *check, const bool *was_on, enum part part, const char *name)
{
	size_t count = switch_to_part(check->catalog, was_on, part);
	size_t *index = calloc(ks_catalog_count(check->catalog) + 1, sizeof(*index));
	struct ks_error error = { .status = KS_ERROR_MEMORY, .text = "out of memory" };
	struct ks_ruleset *set = NULL;
	struct ks_cost cost;

	if (count == 0)
		goto out;
	if (!index || ks_catalog_compile(check->catalog, &set, index, &error) != KS_OK) {
		note_error(check, &error);
		goto out;
	}
	if (part == PART_ALL)
		check_allowlist(check, set, index);
	ks_ruleset_cost(set, &cost);
	(void)printf("%-22s%6zu%12zu%12zu%12zu%12zu\n", name, count, cost.database, cost.stream,
	             cost.scratch, cost.held);
out:
	ks_ruleset_free(set);
	free(index);
}

static void
print_costs(struct check *check)
{
	size_t count = ks_catalog_count(check->catalog);
	bool *was_on = calloc(count + 1, sizeof(*was_on));
	struct ks_catalog_entry entry;

	if (!was_on) {
		note_status(check, EXIT_INTERNAL);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		ks_catalog_get(check->catalog, i, &entry);
		was_on[i] = entry.enabled;
	}
	(void)printf("%-22s%6s%12s%12s%12s%12s\n", "Cost in bytes", "rules", "database", "a stream",
	             "a thread", "held back");
	print_cost(check, was_on, PART_BUILTIN, "built-in rules");
	print_cost(check, was_on, PART_FILES, "rules of the files");
	if (check->files.count > 0)
		print_cost(check, was_on, PART_ALL, "all together");
	free(was_on);
}

int
ks_rules_check_command(const struct options *options)
{
	struct check check = { .catalog = ks_catalog_new() };
	struct selftest_result result = { .rules = 0 };
	struct ks_error error;

	if (!check.catalog) {
		ks_message("%s", ks_status_text(KS_ERROR_MEMORY));
		return EXIT_INTERNAL;
	}
	if (options->key_file && ks_key_read_file(options->key_file, &check.key, &error) != KS_OK)
		note_error(&check, &error);
	find_files(&check, options);
	read_rules(&check);
	if (try_rules(&check, &result))
		print_costs(&check);
	(void)printf("rules: %zu; examples and counterexamples: %zu; cuts: %zu; errors: %zu; "
	             "warnings: %zu\n",
	             result.rules, result.texts, result.runs, check.errors, check.warnings);
	ks_key_free(check.key);
	ks_catalog_free(check.catalog);
	ks_rule_paths_done(&check.files);
	return ks_standard_output_end(check.status);
}
