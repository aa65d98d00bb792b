/* SPDX-License-Identifier: Apache-2.0 */
/* keysieve rules test: do rules keep what their examples promise? */
#include <stdio.h>
#include <stdlib.h>

#include "message.h"
#include "rule_cache.h"
#include "rule_selection.h"
#include "rules_commands.h"
#include "sandbox.h"
#include "selftest.h"
#include "standard_output.h"

static void
tell_failure(void *ctx, const struct ks_error *error)
{
	(void)ctx;
	ks_message_error(error);
}

/* Those of the files that were named; of all files if none were. */
static bool
is_wanted(void *ctx, const struct ks_catalog_entry *entry)
{
	const struct rule_paths *files = ctx;

	return files->count == 0 || ks_rule_paths_has(files, entry->file);
}

static int
try_rules(const struct options *options, struct rule_selection *rules, struct rule_paths *files)
{
	struct selftest_result result;
	struct ks_error error;

	rules->index = calloc(ks_catalog_count(rules->catalog), sizeof(*rules->index));
	if (!rules->index) {
		ks_message("%s", ks_status_text(KS_ERROR_MEMORY));
		return EXIT_INTERNAL;
	}
	if (ks_rule_cache_compile(options, rules->catalog, &rules->set, rules->index, &error) !=
	    KS_OK)
		return ks_message_failure(&error);
	if (ks_selftest_run(rules->catalog, (struct selftest_set){ rules->set, rules->index },
	                    is_wanted, tell_failure, files, &result) != KS_OK) {
		ks_message("%s", ks_status_text(KS_ERROR_MEMORY));
		return EXIT_INTERNAL;
	}
	(void)printf("rules: %zu; examples and counterexamples: %zu; cuts: %zu; failed: %zu\n",
	             result.rules, result.texts, result.runs, result.failures);
	return result.failures > 0 ? EXIT_RULES : 0;
}

int
ks_rules_test_command(const struct options *options)
{
	struct rule_selection rules = { .catalog = NULL };
	struct rule_paths files = { 0 };
	int r = ks_sandbox_enter(options);

	if (r != 0)
		return r;
	for (char **file = options->files; r == 0 && *file; file++)
		r = ks_rule_paths_add(&files, *file);
	if (r == 0)
		r = ks_rule_selection_gather(&rules, options, &files);
	if (r == 0)
		r = try_rules(options, &rules, &files);
	ks_rule_selection_done(&rules);
	ks_rule_paths_done(&files);
	return ks_standard_output_end(r);
}
