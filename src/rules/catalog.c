/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The catalog: its rules, their switches, and the set that is compiled from them. An id stands for one
 * rule only; a later one takes the place of an earlier one, so that the order of rules, which decides
 * ties, stays.
 */
#include "catalog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "pack.h"
#include "plain_name.h"
#include "ruleset.h"
#include "stored.h"

const char ks_user_pack[] = "user";

struct ks_catalog *
ks_catalog_new(void)
{
	return calloc(1, sizeof(struct ks_catalog));
}

void
ks_catalog_free(struct ks_catalog *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->count; i++)
		ks_file_rule_done(&c->entries[i].rule);
	for (size_t i = 0; i < c->allowed_count; i++)
		ks_allow_entry_done(&c->allowed[i]);
	free(c->allowed);
	free(c->entries);
	free(c);
}

/* -------------------------------------------------------------------- adding ---- */

struct entry *
ks_catalog_find(const struct ks_catalog *c, const char *id)
{
	for (size_t i = 0; i < c->count; i++) {
		if (strcmp(c->entries[i].rule.rule.id, id) == 0)
			return &c->entries[i];
	}
	return NULL;
}

static int
reserve(struct ks_catalog *c, size_t more)
{
	size_t max = c->max ? c->max : 64;
	struct entry *grown;

	while (max < c->count + more)
		max *= 2;
	if (max == c->max)
		return KS_OK;
	grown = realloc(c->entries, max * sizeof(*grown));
	if (!grown)
		return KS_ERROR_MEMORY;
	c->entries = grown;
	c->max = max;
	return KS_OK;
}

static int
reserve_allowed(struct ks_catalog *c, size_t more)
{
	struct allow_entry *grown;

	if (more == 0)
		return KS_OK;
	grown = realloc(c->allowed, (c->allowed_count + more) * sizeof(*grown));
	if (!grown)
		return KS_ERROR_MEMORY;
	c->allowed = grown;
	return KS_OK;
}

static void
put_entry(struct ks_catalog *c, struct entry entry)
{
	struct entry *old = ks_catalog_find(c, entry.rule.rule.id);

	if (old) {
		ks_file_rule_done(&old->rule);
		*old = entry;
	} else {
		c->entries[c->count++] = entry;
	}
}

int
ks_catalog_add_prepared(struct ks_catalog *c, const struct pack_rule *rules, size_t count)
{
	bool is_empty = c->count == 0; /* then there is nothing to replace: their ids differ */
	int r = reserve(c, count);

	for (size_t i = 0; r == KS_OK && i < count; i++) {
		struct entry entry = { .rule = rules[i].rule,
			               .pack = rules[i].pack,
			               .is_enabled = ks_pack_is_default(rules[i].pack) };

		if (is_empty)
			c->entries[c->count++] = entry;
		else
			put_entry(c, entry);
	}
	return r;
}

/* As on the command line, what is switched off is off whatever is switched on. */
static void
do_switches(struct ks_catalog *c, const struct rulefile *file)
{
	for (size_t i = 0; i < file->switch_count; i++) {
		if (file->switches[i].is_on)
			(void)ks_catalog_enable(c, file->switches[i].name, NULL);
	}
	for (size_t i = 0; i < file->switch_count; i++) {
		if (!file->switches[i].is_on)
			(void)ks_catalog_disable(c, file->switches[i].name, NULL);
	}
}

int
ks_catalog_add(struct ks_catalog *c, struct rulefile *file, const char *pack)
{
	int r = reserve(c, file->count);

	if (r == KS_OK)
		r = reserve_allowed(c, file->allowed_count);
	if (r == KS_OK) {
		for (size_t i = 0; i < file->count; i++) {
			put_entry(c, (struct entry){ .rule = file->rules[i],
			                             .pack = pack,
			                             .is_enabled = ks_pack_is_default(pack),
			                             .is_unmeasured = c->checks_late });
		}
		for (size_t i = 0; i < file->allowed_count; i++)
			c->allowed[c->allowed_count++] = file->allowed[i];
		file->count = file->allowed_count = 0; /* they are the catalog's now */
		do_switches(c, file);
	}
	ks_rulefile_done(file);
	return r;
}

/* ------------------------------------------------------------------ switching ---- */

bool
ks_catalog_has_name(const struct ks_catalog *c, const char *name)
{
	bool is_there = ks_catalog_find(c, name);

	for (size_t i = 0; !is_there && i < c->count; i++)
		is_there = strcmp(c->entries[i].pack, name) == 0;
	return is_there;
}

static int
fail_unknown(const char *name, struct ks_error *reterr)
{
	if (ks_plain_name(name, KS_LOWER, "-"))
		return ks_error_set(reterr, KS_ERROR_UNKNOWN, "no rule or pack '%s'", name);
	return ks_error_set(reterr, KS_ERROR_UNKNOWN,
	                    "no rule or pack has a name that was given (what does not look like "
	                    "one is not shown)");
}

static int
switch_rules(struct ks_catalog *c, const char *name, bool on, struct ks_error *reterr)
{
	struct entry *entry = ks_catalog_find(c, name);
	bool found = entry;

	if (entry)
		entry->is_enabled = on;
	for (size_t i = 0; !entry && i < c->count; i++) {
		if (strcmp(c->entries[i].pack, name) == 0) {
			c->entries[i].is_enabled = on;
			found = true;
		}
	}
	return found ? KS_OK : fail_unknown(name, reterr);
}

int
ks_catalog_enable(struct ks_catalog *c, const char *name, struct ks_error *reterr)
{
	return switch_rules(c, name, true, reterr);
}

int
ks_catalog_disable(struct ks_catalog *c, const char *name, struct ks_error *reterr)
{
	return switch_rules(c, name, false, reterr);
}

void
ks_catalog_disable_all(struct ks_catalog *c)
{
	for (size_t i = 0; i < c->count; i++)
		c->entries[i].is_enabled = false;
}

/* -------------------------------------------------------------------- reading ---- */

size_t
ks_catalog_count(const struct ks_catalog *c)
{
	return c->count;
}

void
ks_catalog_get(const struct ks_catalog *c, size_t index, struct ks_catalog_entry *ret_entry)
{
	static const char *const none[] = { NULL };
	const struct entry *entry = &c->entries[index];
	const struct file_rule *rule = &entry->rule;

	*ret_entry = (struct ks_catalog_entry){
		.rule = rule->rule,
		.pack = entry->pack,
		.file = rule->file,
		.line = rule->place.line,
		.column = rule->place.column,
		.enabled = entry->is_enabled,
		.examples = rule->examples.items ? rule->examples.items : none,
		.counterexamples = rule->counterexamples.items ? rule->counterexamples.items : none,
	};
}

static void
add_place(const struct ks_catalog *c, struct ks_error *error)
{
	char id[80];

	/* The engine names the rule: "rule ID: ..." */
	if (!error || error->status != KS_ERROR_RULE ||
	    sscanf(error->text, "rule %79[a-z0-9-]:", id) != 1)
		return;
	const struct entry *entry = ks_catalog_find(c, id);
	if (entry)
		ks_error_place(error, entry->rule.file, entry->rule.place.line,
		               entry->rule.place.column);
}

void
ks_catalog_check_late(struct ks_catalog *c)
{
	c->checks_late = true;
}

int
ks_catalog_measure(const struct ks_catalog *c, struct ks_error *reterr)
{
	for (size_t i = 0; i < c->count; i++) {
		const struct entry *entry = &c->entries[i];
		int r = entry->is_unmeasured ? ks_rule_check(&entry->rule.rule, reterr) : KS_OK;

		if (r == KS_ERROR_RULE)
			ks_error_place(reterr, entry->rule.file, entry->rule.trigger_place.line,
			               entry->rule.trigger_place.column);
		if (r != KS_OK)
			return r;
	}
	return KS_OK;
}

/* Is there one that no stored set can speak for? */
static bool
has_unmeasured_off(const struct ks_catalog *c)
{
	for (size_t i = 0; i < c->count; i++) {
		if (c->entries[i].is_unmeasured && !c->entries[i].is_enabled)
			return true;
	}
	return false;
}

/*
 * Append the rules that are on, the user's or the built-in ones. Returns the new number of rules.
 */
static size_t
collect_enabled(const struct ks_catalog *c, bool of_user, struct ks_rule *rules, size_t *ret_index,
                size_t n)
{
	for (size_t i = 0; i < c->count; i++) {
		if (!c->entries[i].is_enabled || (c->entries[i].pack == ks_user_pack) != of_user)
			continue;
		if (ret_index)
			ret_index[n] = i;
		rules[n++] = c->entries[i].rule.rule;
	}
	return n;
}

/* What is in the store was made of rules that were right. */
static int
compile_collected(const struct ks_catalog *c, const struct ks_rule *rules, size_t count,
                  const struct ks_prepared_store *store, struct ks_ruleset **ret_set,
                  struct ks_error *reterr)
{
	int r = has_unmeasured_off(c) ? ks_catalog_measure(c, reterr) : KS_OK;

	if (r != KS_OK)
		return r;
	r = ks_stored_load(rules, count, store, ret_set, reterr);
	if (r == RULESET_UNPREPARED) {
		r = ks_catalog_measure(c, reterr);
		if (r != KS_OK)
			return r; /* it has its place */
		r = ks_stored_make(rules, count, store, ret_set, reterr);
	}
	if (r != KS_OK)
		add_place(c, reterr);
	return r;
}

int
ks_catalog_compile(const struct ks_catalog *c, struct ks_ruleset **ret_set, size_t *ret_index,
                   struct ks_error *reterr)
{
	return ks_catalog_compile_stored(c, NULL, ret_set, ret_index, reterr);
}

int
ks_catalog_compile_stored(const struct ks_catalog *c, const struct ks_prepared_store *store,
                          struct ks_ruleset **ret_set, size_t *ret_index, struct ks_error *reterr)
{
	struct ks_rule *rules = calloc(c->count + 1, sizeof(*rules));
	size_t n = 0;
	int r;

	if (!rules)
		return ks_error_set(reterr, KS_ERROR_MEMORY, "out of memory");
	n = collect_enabled(c, true, rules, ret_index, 0);
	n = collect_enabled(c, false, rules, ret_index, n);
	if (n == 0) {
		r = ks_error_set(reterr, KS_ERROR_RULE, "no rule is switched on");
	} else {
		r = compile_collected(c, rules, n, store, ret_set, reterr);
	}
	free(rules);
	return r;
}
