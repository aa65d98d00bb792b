/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keysieve rules check: everything that is wrong with rule files, in one run, and what their rules
 * cost. What is wrong does not stop it: the rest of the rules are tried and priced all the same.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "rule_cache.h"
#include "rule_selection.h"
#include "rules_commands.h"
#include "sandbox.h"
#include "selftest.h"
#include "standard_output.h"

struct check {
	const struct options *options;
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

/* --------------------------------------------------------------------- compiled ---- */

/* The rules of a catalog that are on. */
struct compiled {
	struct ks_ruleset *set;
	size_t *index;
};

static void
compiled_done(struct compiled *compiled)
{
	ks_ruleset_free(compiled->set);
	free(compiled->index);
}

/* Returns whether they make a set. */
static bool
compile(struct check *check, struct compiled *ret)
{
	struct ks_error error = { .status = KS_ERROR_MEMORY, .text = "out of memory" };

	*ret = (struct compiled){ .set = NULL };
	ret->index = calloc(ks_catalog_count(check->catalog) + 1, sizeof(*ret->index));
	if (ret->index && ks_rule_cache_compile(check->options, check->catalog, &ret->set,
	                                        ret->index, &error) == KS_OK)
		return true;
	note_error(check, &error);
	return false;
}

static void
try_rules(struct check *check, const struct compiled *all, struct selftest_result *ret_result)
{
	struct selftest_set set = { all->set, all->index };
	struct ks_error error = { .status = KS_ERROR_MEMORY, .text = "out of memory" };

	if (ks_selftest_run(check->catalog, set, is_wanted, note_error, check, ret_result) != KS_OK)
		note_error(check, &error);
}

static void
check_allowlist(struct check *check, const struct compiled *all)
{
	struct ks_allowlist *list = NULL;
	struct ks_error error;

	if (ks_catalog_compile_allowlist(check->catalog, all->index, ks_ruleset_count(all->set),
	                                 check->key, &list, &error) != KS_OK)
		note_error(check, &error);
	ks_allowlist_free(list);
}

/* ------------------------------------------------------------------------ costs ---- */

static void
print_cost(const char *name, const struct ks_ruleset *set)
{
	struct ks_cost cost;

	ks_ruleset_cost(set, &cost);
	(void)printf("%-22s%6zu%12zu%12zu%12zu%12zu\n", name, ks_ruleset_count(set), cost.database,
	             cost.stream, cost.scratch, cost.held);
}

/* Of the rules that are on leave the user's on, or the others. Returns their number. */
static size_t
switch_to_part(struct ks_catalog *catalog, const bool *was_on, bool of_user)
{
	struct ks_catalog_entry entry;
	size_t count = 0;

	ks_catalog_disable_all(catalog);
	for (size_t i = 0; i < ks_catalog_count(catalog); i++) {
		ks_catalog_get(catalog, i, &entry);
		if (was_on[i] && is_of_user(&entry) == of_user) {
			(void)ks_catalog_enable(catalog, entry.rule.id, NULL);
			count++;
		}
	}
	return count;
}

static void
print_part(struct check *check, const bool *was_on, bool of_user, const char *name)
{
	struct compiled part = { .set = NULL };

	if (switch_to_part(check->catalog, was_on, of_user) > 0 && compile(check, &part))
		print_cost(name, part.set);
	compiled_done(&part);
}

/* The switches of the catalog are of no use afterwards. */
static void
print_costs(struct check *check, const struct compiled *all)
{
	size_t count = ks_catalog_count(check->catalog);
	bool *was_on = calloc(count + 1, sizeof(*was_on));
	struct ks_error error = { .status = KS_ERROR_MEMORY, .text = "out of memory" };
	struct ks_catalog_entry entry;

	if (!was_on) {
		note_error(check, &error);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		ks_catalog_get(check->catalog, i, &entry);
		was_on[i] = entry.enabled;
	}
	(void)printf("%-22s%6s%12s%12s%12s%12s\n", "Cost in bytes", "rules", "database", "a stream",
	             "a thread", "held back");
	print_part(check, was_on, false, "built-in rules");
	print_part(check, was_on, true, "rules of the files");
	if (check->files.count > 0)
		print_cost("all together", all->set);
	free(was_on);
}

/* ------------------------------------------------------------------------ whole ---- */

static void
check_rules(struct check *check)
{
	struct selftest_result result = { .rules = 0 };
	struct compiled all;

	read_rules(check);
	if (compile(check, &all)) {
		try_rules(check, &all, &result);
		check_allowlist(check, &all);
		print_costs(check, &all);
	}
	compiled_done(&all);
	(void)printf("rules: %zu; examples and counterexamples: %zu; cuts: %zu; errors: %zu; "
	             "warnings: %zu\n",
	             result.rules, result.texts, result.runs, check->errors, check->warnings);
}

int
ks_rules_check_command(const struct options *options)
{
	struct check check = { .options = options, .catalog = ks_catalog_new() };
	struct ks_error error;
	int r;

	if (!check.catalog) {
		ks_message("%s", ks_status_text(KS_ERROR_MEMORY));
		return EXIT_INTERNAL;
	}
	r = ks_sandbox_enter(options);
	if (r != 0) {
		ks_catalog_free(check.catalog);
		return r;
	}
	if (options->key_file && ks_key_read_file(options->key_file, &check.key, &error) != KS_OK)
		note_error(&check, &error);
	find_files(&check, options);
	check_rules(&check);
	ks_key_free(check.key);
	ks_catalog_free(check.catalog);
	ks_rule_paths_done(&check.files);
	return ks_standard_output_end(check.status);
}
