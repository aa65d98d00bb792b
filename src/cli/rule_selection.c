/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Built-in rules, then the rules directory, then --rules, then --only, --enable and --disable in this
 * order.
 */
#include "rule_selection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "message.h"
#include "rule_cache.h"

typedef int (*switch_fn)(struct ks_catalog *catalog, const char *name, struct ks_error *reterr);

static int
out_of_memory(void)
{
	const struct ks_error error = { .status = KS_ERROR_MEMORY, .text = "out of memory" };

	return ks_message_failure(&error);
}

/* -------------------------------------------------------------------- gathering ---- */

int
ks_rule_selection_directory(const struct options *o, struct rule_paths *ret_paths)
{
	const char *path = o->rules_dir ? o->rules_dir : RULES_DIR;

	*ret_paths = (struct rule_paths){ 0 };
	if (o->no_rules_dir || !*path || strcmp(path, "none") == 0)
		return 0;
	if (!o->rules_dir && access(path, F_OK) < 0 && errno == ENOENT)
		return 0; /* most systems have none */
	return ks_rule_paths_add_directory(ret_paths, path);
}

static int
add_files(struct ks_catalog *catalog, const struct rule_paths *paths)
{
	struct ks_error error;

	for (size_t i = 0; i < paths->count; i++) {
		if (ks_catalog_add_file(catalog, paths->items[i], &error) != KS_OK)
			return ks_message_failure(&error);
	}
	return 0;
}

static int
add_directory(struct ks_catalog *catalog, const struct options *o)
{
	struct rule_paths paths;
	int r = ks_rule_selection_directory(o, &paths);

	if (r == 0)
		r = add_files(catalog, &paths);
	ks_rule_paths_done(&paths);
	return r;
}

/* What --rules names: a pack, a file or a directory. */
static int
add_named(struct ks_catalog *catalog, const char *name)
{
	struct rule_paths paths = { 0 };
	struct ks_error error;
	int r;

	if (ks_pack_exists(name)) {
		r = ks_catalog_enable(catalog, name, &error);
		return r == KS_OK ? 0 : ks_message_failure(&error);
	}
	r = ks_rule_paths_add(&paths, name);
	if (r == 0)
		r = add_files(catalog, &paths);
	ks_rule_paths_done(&paths);
	return r;
}

/* -------------------------------------------------------------------- switching ---- */

static int
for_each(struct ks_catalog *catalog, const struct text_list *names, switch_fn fn)
{
	struct ks_error error;

	for (size_t i = 0; i < names->count; i++) {
		if (fn(catalog, names->items[i], &error) != KS_OK)
			return ks_message_failure(&error);
	}
	return 0;
}

static int
switch_rules(struct ks_catalog *catalog, const struct options *o)
{
	int r;

	if (o->only.count > 0)
		ks_catalog_disable_all(catalog);
	r = for_each(catalog, &o->only, ks_catalog_enable);
	if (r == 0)
		r = for_each(catalog, &o->enable, ks_catalog_enable);
	if (r == 0)
		r = for_each(catalog, &o->disable, ks_catalog_disable);
	return r;
}

static int
gather(struct rule_selection *rules, const struct options *options, const struct rule_paths *files,
       bool checks_late)
{
	struct ks_error error;
	int r;

	*rules = (struct rule_selection){ .catalog = ks_catalog_new() };
	if (!rules->catalog)
		return out_of_memory();
	if (checks_late)
		ks_catalog_check_late(rules->catalog);
	if (ks_catalog_add_builtin(rules->catalog, &error) != KS_OK)
		return ks_message_failure(&error);
	r = add_directory(rules->catalog, options);
	for (size_t i = 0; r == 0 && i < options->rules.count; i++)
		r = add_named(rules->catalog, options->rules.items[i]);
	if (r == 0 && files)
		r = add_files(rules->catalog, files);
	return r == 0 ? switch_rules(rules->catalog, options) : r;
}

/* ----------------------------------------------------------------------- public ---- */

int
ks_rule_selection_gather(struct rule_selection *rules, const struct options *options,
                         const struct rule_paths *files)
{
	return gather(rules, options, files, false);
}

int
ks_rule_selection_compile(struct rule_selection *rules, const struct options *options)
{
	struct ks_error error;
	int r = gather(rules, options, NULL, true);

	if (r != 0)
		return r;
	rules->index = calloc(ks_catalog_count(rules->catalog), sizeof(*rules->index));
	if (!rules->index)
		return out_of_memory();
	if (ks_rule_cache_compile(options, rules->catalog, &rules->set, rules->index, &error) !=
	    KS_OK)
		return ks_message_failure(&error);
	if (options->key_file && ks_key_read_file(options->key_file, &rules->key, &error) != KS_OK)
		return ks_message_failure(&error);
	if (rules->key && !(rules->fingerprint = ks_fingerprint_new(rules->key)))
		return out_of_memory();
	if (ks_catalog_compile_allowlist(rules->catalog, rules->index, ks_ruleset_count(rules->set),
	                                 rules->key, &rules->allowlist, &error) != KS_OK)
		return ks_message_failure(&error);
	return 0;
}

int
ks_rule_selection_init(struct rule_selection *rules, const struct options *options)
{
	int r = ks_rule_selection_compile(rules, options);

	if (r == 0 && ks_known_values_are_asked(options))
		r = ks_known_values_new(options, &rules->known);
	if (r == 0)
		ks_rule_selection_tell(rules, NULL);
	return r;
}

int
ks_rule_selection_share(struct rule_selection *rules, struct rule_selection *former)
{
	*rules = (struct rule_selection){ 0 };
	if (!former->users) {
		former->users = malloc(sizeof(*former->users));
		if (!former->users)
			return out_of_memory();
		*former->users = 1;
	}
	*rules = *former;
	rules->known = NULL;
	++*rules->users;
	return 0;
}

void
ks_rule_selection_tell(const struct rule_selection *rules, const struct rule_selection *former)
{
	if (rules->known)
		ks_known_values_tell(rules->known, former ? former->known : NULL);
}

void
ks_rule_selection_done(struct rule_selection *rules)
{
	ks_known_values_free(rules->known);
	if (rules->users && --*rules->users > 0)
		return;
	free(rules->users);
	ks_allowlist_free(rules->allowlist);
	ks_fingerprint_free(rules->fingerprint);
	ks_key_free(rules->key);
	ks_ruleset_free(rules->set);
	ks_catalog_free(rules->catalog);
	free(rules->index);
}
