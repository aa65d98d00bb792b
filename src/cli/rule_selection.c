/* SPDX-License-Identifier: Apache-2.0 */
/* Built-in rules, then files, then --only, --enable and --disable in this order. */
#include "rule_selection.h"

#include <stdlib.h>

#include "message.h"

typedef int (*switch_fn)(struct ks_catalog *catalog, const char *name, struct ks_error *reterr);

static int
exit_status(const struct ks_error *error)
{
	switch ((enum ks_status)error->status) {
	case KS_ERROR_UNKNOWN:
		return EXIT_USAGE;
	case KS_ERROR_RULE:
	case KS_ERROR_SYNTAX:
	case KS_ERROR_FILE:
		return EXIT_RULES;
	case KS_OK:
	case KS_ERROR_MEMORY:
	case KS_ERROR_MISUSE:
	case KS_ERROR_SINK:
	case KS_ERROR_INTERNAL:
		break;
	}
	return EXIT_INTERNAL;
}

static int
add_rules(struct ks_catalog *catalog, const char *name, struct ks_error *reterr)
{
	return ks_pack_exists(name) ? ks_catalog_enable(catalog, name, reterr)
	                            : ks_catalog_add_file(catalog, name, reterr);
}

static int
for_each(struct ks_catalog *catalog, const struct text_list *names, switch_fn fn,
         struct ks_error *reterr)
{
	int r = KS_OK;

	for (size_t i = 0; r == KS_OK && i < names->count; i++)
		r = fn(catalog, names->items[i], reterr);
	return r;
}

static int
select_rules(struct ks_catalog *catalog, const struct options *o, struct ks_error *reterr)
{
	int r = ks_catalog_add_builtin(catalog, reterr);

	if (r == KS_OK)
		r = for_each(catalog, &o->rules, add_rules, reterr);
	if (r == KS_OK && o->only.count > 0)
		ks_catalog_disable_all(catalog);
	if (r == KS_OK)
		r = for_each(catalog, &o->only, ks_catalog_enable, reterr);
	if (r == KS_OK)
		r = for_each(catalog, &o->enable, ks_catalog_enable, reterr);
	if (r == KS_OK)
		r = for_each(catalog, &o->disable, ks_catalog_disable, reterr);
	return r;
}

int
ks_rule_selection_init(struct rule_selection *rules, const struct options *options)
{
	struct ks_error error = { .status = KS_ERROR_MEMORY, .text = "out of memory" };
	int r = KS_ERROR_MEMORY;

	*rules = (struct rule_selection){ 0 };
	rules->catalog = ks_catalog_new();
	if (rules->catalog)
		r = select_rules(rules->catalog, options, &error);
	if (r == KS_OK) {
		rules->index = calloc(ks_catalog_count(rules->catalog), sizeof(*rules->index));
		r = rules->index
		            ? ks_catalog_compile(rules->catalog, &rules->set, rules->index, &error)
		            : KS_ERROR_MEMORY;
	}
	if (r == KS_OK)
		return 0;
	ks_message_error(&error);
	return exit_status(&error);
}

void
ks_rule_selection_done(struct rule_selection *rules)
{
	ks_ruleset_free(rules->set);
	ks_catalog_free(rules->catalog);
	free(rules->index);
}
