/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The catalog: rules from packs and files, each with a switch. An id stands for one rule only; a
 * later one takes the place of an earlier one, so that the order of rules, which decides ties,
 * stays.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "keysieve.h"
#include "pack.h"
#include "rulefile.h"

#define FILE_MAX (4U << 20) /* bytes of a rule file */

static const char user_pack[] = "user";

struct entry {
	struct file_rule rule;
	const char *pack;
	bool is_enabled;
};

struct ks_catalog {
	struct entry *entries;
	size_t count, max;
};

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
	free(c->entries);
	free(c);
}

/* -------------------------------------------------------------------- adding ---- */

static struct entry *
find_entry(const struct ks_catalog *c, const char *id)
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

static void
put_entry(struct ks_catalog *c, struct entry entry)
{
	struct entry *old = find_entry(c, entry.rule.rule.id);

	if (old) {
		ks_file_rule_done(&old->rule);
		*old = entry;
	} else {
		c->entries[c->count++] = entry;
	}
}

/* Takes file's rules, all of them or none. */
static int
add_rulefile(struct ks_catalog *c, struct rulefile *file, const char *pack, struct ks_error *reterr)
{
	if (reserve(c, file->count) != KS_OK) {
		ks_rulefile_done(file);
		return ks_error_set(reterr, KS_ERROR_MEMORY, "out of memory");
	}
	for (size_t i = 0; i < file->count; i++) {
		put_entry(c, (struct entry){ .rule = file->rules[i],
		                             .pack = pack,
		                             .is_enabled = ks_pack_is_default(pack) });
	}
	free(file->rules); /* but not the strings: they are the catalog's now */
	return KS_OK;
}

static void
keep_first_error(void *ctx, const struct ks_error *error)
{
	struct ks_error *first = ctx;

	if (first->status == KS_OK)
		*first = *error;
}

static int
add_text(struct ks_catalog *c, const char *name, const char *text, size_t len, const char *pack,
         enum rulefile_check check, struct ks_error *reterr)
{
	struct ks_error first = { .status = KS_OK };
	struct rulefile file;
	int r = ks_rulefile_parse(name, text, len, check, keep_first_error, &first, &file);

	if (r == KS_OK)
		return add_rulefile(c, &file, pack, reterr);
	if (reterr)
		*reterr = first;
	return r;
}

int
ks_catalog_add_builtin(struct ks_catalog *c, struct ks_error *reterr)
{
	int r = KS_OK;

	/* The test suite has checked each of these rules; a start-up need not. */
	for (size_t i = 0; r == KS_OK && i < ks_pack_file_count; i++)
		r = add_text(c, ks_pack_files[i].file, ks_pack_files[i].text, ks_pack_files[i].len,
		             ks_pack_files[i].pack, RULEFILE_TRUSTED, reterr);
	return r;
}

int
ks_catalog_add_text(struct ks_catalog *c, const char *name, const char *text, size_t len,
                    struct ks_error *reterr)
{
	return add_text(c, name, text, len, user_pack, RULEFILE_CHECKED, reterr);
}

static int
file_error(struct ks_error *reterr, const char *path, int sys)
{
	int r = ks_error_set(reterr, KS_ERROR_FILE, "%s", strerror(sys));

	if (reterr) {
		size_t len = strlen(path), max = sizeof(reterr->file) - 1;
		reterr->sys = sys;
		(void)snprintf(reterr->file, sizeof(reterr->file), "%s",
		               len > max ? path + len - max : path);
	}
	return r;
}

int
ks_catalog_add_file(struct ks_catalog *c, const char *path, struct ks_error *reterr)
{
	FILE *f = fopen(path, "re");
	char *text = NULL;
	size_t len;
	int r;

	if (!f)
		return file_error(reterr, path, errno);
	text = malloc(FILE_MAX + 1);
	if (!text) {
		r = ks_error_set(reterr, KS_ERROR_MEMORY, "out of memory");
		goto out;
	}
	len = fread(text, 1, FILE_MAX + 1, f);
	if (ferror(f))
		r = file_error(reterr, path, errno);
	else if (len > FILE_MAX)
		r = file_error(reterr, path, EFBIG);
	else
		r = ks_catalog_add_text(c, path, text, len, reterr);
out:
	free(text);
	(void)fclose(f);
	return r;
}

/* ------------------------------------------------------------------ switching ---- */

static int
switch_rules(struct ks_catalog *c, const char *name, bool on, struct ks_error *reterr)
{
	struct entry *entry = find_entry(c, name);
	bool found = entry;

	if (entry)
		entry->is_enabled = on;
	for (size_t i = 0; !entry && i < c->count; i++) {
		if (strcmp(c->entries[i].pack, name) == 0) {
			c->entries[i].is_enabled = on;
			found = true;
		}
	}
	return found ? KS_OK
	             : ks_error_set(reterr, KS_ERROR_UNKNOWN, "no rule or pack '%.64s'", name);
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
		.line = rule->line,
		.enabled = entry->is_enabled,
		.examples = rule->examples ? (const char *const *)rule->examples : none,
		.counterexamples = rule->counterexamples
		                           ? (const char *const *)rule->counterexamples
		                           : none,
	};
}

static void
add_place(const struct ks_catalog *c, struct ks_error *error)
{
	char id[80];

	/* The engine names the rule: "rule ID: ..." */
	if (sscanf(error->text, "rule %79[a-z0-9-]:", id) != 1)
		return;
	const struct entry *entry = find_entry(c, id);
	if (entry) {
		(void)snprintf(error->file, sizeof(error->file), "%s", entry->rule.file);
		error->line = entry->rule.line;
		error->column = 1;
	}
}

/*
 * Append the rules that are on, the user's or the built-in ones. Returns the new number of rules.
 */
static size_t
collect_enabled(const struct ks_catalog *c, bool of_user, struct ks_rule *rules, size_t *ret_index,
                size_t n)
{
	for (size_t i = 0; i < c->count; i++) {
		if (!c->entries[i].is_enabled || (c->entries[i].pack == user_pack) != of_user)
			continue;
		if (ret_index)
			ret_index[n] = i;
		rules[n++] = c->entries[i].rule.rule;
	}
	return n;
}

int
ks_catalog_compile(const struct ks_catalog *c, struct ks_ruleset **ret_set, size_t *ret_index,
                   struct ks_error *reterr)
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
		r = ks_ruleset_new_prepared(rules, n, &ks_pack_prepared, ret_set, reterr);
		if (r == KS_ERROR_RULE && reterr)
			add_place(c, reterr);
	}
	free(rules);
	return r;
}
