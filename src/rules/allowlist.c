/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Allow-lists, compiled: for each run that would be masked, is it one that stays readable? Asked for
 * satisfied runs only, which are rare, so that a list is simply gone through.
 */
#include <hs.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog.h"
#include "error.h"
#include "key.h"
#include "trigger.h"

#define ANY_RULE SIZE_MAX

struct hashed {
	uint8_t hash[KS_HASH_SIZE];
	bool is_keyed;
	size_t rule; /* of the set, or ANY_RULE */
};

struct ks_allowlist {
	const struct ks_key *key;
	struct hashed *hashes;
	size_t hash_count;
	hs_database_t *expressions; /* NULL: there are none */
	size_t *rules;              /* of the set, or ANY_RULE, one an expression */
	hs_scratch_t *scratch;
};

/* ------------------------------------------------------------------ compiling ---- */

static int
entry_error(const struct allow_entry *entry, struct ks_error *reterr, const char *form,
            const char *detail)
{
	char text[160];

	(void)snprintf(text, sizeof(text), "allow: %s%s", form, detail);
	(void)ks_error_set(reterr, KS_ERROR_RULE, "%s", text);
	ks_error_place(reterr, entry->file, entry->place.line, entry->place.column);
	return KS_ERROR_RULE;
}

/* The number that the entry's rule has in the set. False: the rule is off, and the entry of no use. */
static bool
find_rule(const struct ks_catalog *c, const struct allow_entry *entry, const size_t *index,
          size_t count, size_t *ret_rule)
{
	*ret_rule = ANY_RULE;
	for (size_t i = 0; entry->rule && i < count; i++) {
		if (strcmp(c->entries[index[i]].rule.rule.id, entry->rule) == 0) {
			*ret_rule = i;
			return true;
		}
	}
	return !entry->rule;
}

static int
add_hash(struct ks_allowlist *list, const struct allow_entry *entry, size_t rule,
         struct ks_error *reterr)
{
	struct hashed *hashed = &list->hashes[list->hash_count];

	if (entry->kind == ALLOW_KEYED_HASH && !list->key)
		return entry_error(entry, reterr, "a keyed hash needs --key-file", "");
	if (entry->kind == ALLOW_KEYED_HASH && strcmp(entry->key_id, ks_key_id(list->key)) != 0)
		return entry_error(entry, reterr, "a hash of another key than ",
		                   ks_key_id(list->key));
	hashed->is_keyed = entry->kind == ALLOW_KEYED_HASH;
	hashed->rule = rule;
	memcpy(hashed->hash, entry->hash, sizeof(hashed->hash));
	list->hash_count++;
	return KS_OK;
}

/* The expressions of a list, on their way. */
struct expressions {
	char **texts;
	unsigned *flags, *ids;
	const struct allow_entry **entries;
	unsigned count;
};

static int
add_expression(struct ks_allowlist *list, struct expressions *expressions,
               const struct allow_entry *entry, size_t rule, struct ks_error *reterr)
{
	unsigned n = expressions->count;

	if (asprintf(&expressions->texts[n], "^(?:%s)\\z", entry->expression) < 0) {
		expressions->texts[n] = NULL;
		return ks_error_set(reterr, KS_ERROR_MEMORY, "out of memory");
	}
	expressions->flags[n] = HS_FLAG_DOTALL | HS_FLAG_SINGLEMATCH | HS_FLAG_ALLOWEMPTY;
	expressions->ids[n] = n;
	expressions->entries[n] = entry;
	list->rules[n] = rule;
	expressions->count++;
	return KS_OK;
}

static int
compile_expressions(struct ks_allowlist *list, const struct expressions *expressions,
                    struct ks_error *reterr)
{
	const hs_platform_info_t any = { 0 };
	hs_compile_error_t *wrong = NULL;
	int r = KS_OK;

	if (expressions->count == 0)
		return KS_OK;
	if (hs_compile_multi((const char *const *)expressions->texts, expressions->flags,
	                     expressions->ids, expressions->count, HS_MODE_BLOCK, &any,
	                     &list->expressions, &wrong) != HS_SUCCESS) {
		r = entry_error(expressions->entries[wrong->expression < 0 ? 0 : wrong->expression],
		                reterr, "run: ", wrong->message);
		if (ks_trigger_ran_out(wrong))
			r = ks_error_set(reterr, KS_ERROR_MEMORY, "out of memory");
	} else if (hs_alloc_scratch(list->expressions, &list->scratch) != HS_SUCCESS) {
		r = ks_error_set(reterr, KS_ERROR_MEMORY, "out of memory");
	}
	(void)hs_free_compile_error(wrong);
	return r;
}

static int
add_entries(const struct ks_catalog *c, const size_t *index, size_t count,
            struct ks_allowlist *list, struct expressions *expressions, struct ks_error *reterr)
{
	int r = KS_OK;

	for (size_t i = 0; r == KS_OK && i < c->allowed_count; i++) {
		const struct allow_entry *entry = &c->allowed[i];
		size_t rule;

		if (entry->rule && !ks_catalog_find(c, entry->rule))
			r = entry_error(entry, reterr, "there is no such rule", "");
		else if (!find_rule(c, entry, index, count, &rule))
			continue;
		else if (entry->kind == ALLOW_EXPRESSION)
			r = add_expression(list, expressions, entry, rule, reterr);
		else
			r = add_hash(list, entry, rule, reterr);
	}
	return r;
}

static bool
expressions_init(struct expressions *expressions, size_t max)
{
	*expressions = (struct expressions){ .texts = calloc(max, sizeof(char *)),
		                             .flags = calloc(max, sizeof(unsigned)),
		                             .ids = calloc(max, sizeof(unsigned)),
		                             .entries = calloc(max, sizeof(struct allow_entry *)) };
	return expressions->texts && expressions->flags && expressions->ids && expressions->entries;
}

static void
expressions_done(struct expressions *expressions)
{
	for (unsigned i = 0; i < expressions->count; i++)
		free(expressions->texts[i]);
	free(expressions->texts);
	free(expressions->flags);
	free(expressions->ids);
	free(expressions->entries);
}

static struct ks_allowlist *
list_new(size_t max, const struct ks_key *key)
{
	struct ks_allowlist *list = calloc(1, sizeof(*list));

	if (!list)
		return NULL;
	list->key = key;
	list->hashes = calloc(max, sizeof(*list->hashes));
	list->rules = calloc(max, sizeof(*list->rules));
	if (list->hashes && list->rules)
		return list;
	ks_allowlist_free(list);
	return NULL;
}

int
ks_catalog_compile_allowlist(const struct ks_catalog *c, const size_t *index, size_t count,
                             const struct ks_key *key, struct ks_allowlist **ret_list,
                             struct ks_error *reterr)
{
	struct expressions expressions;
	struct ks_allowlist *list;
	int r;

	*ret_list = NULL;
	if (c->allowed_count == 0)
		return KS_OK;
	if (sodium_init() < 0)
		return ks_error_set(reterr, KS_ERROR_INTERNAL, "libsodium cannot be used");
	list = list_new(c->allowed_count, key);
	if (!expressions_init(&expressions, c->allowed_count) || !list)
		r = ks_error_set(reterr, KS_ERROR_MEMORY, "out of memory");
	else
		r = add_entries(c, index, count, list, &expressions, reterr);
	if (r == KS_OK)
		r = compile_expressions(list, &expressions, reterr);
	expressions_done(&expressions);
	if (r == KS_OK)
		*ret_list = list;
	else
		ks_allowlist_free(list);
	return r;
}

void
ks_allowlist_free(struct ks_allowlist *list)
{
	if (!list)
		return;
	(void)hs_free_scratch(list->scratch);
	(void)hs_free_database(list->expressions);
	free(list->hashes);
	free(list->rules);
	free(list);
}

/* -------------------------------------------------------------------- asking ---- */

struct query {
	const struct ks_allowlist *list;
	size_t rule;
	bool found;
};

static int
on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *ctx)
{
	struct query *query = ctx;
	size_t rule = query->list->rules[id];

	(void)from;
	(void)to;
	(void)flags;
	query->found = query->found || rule == ANY_RULE || rule == query->rule;
	return query->found;
}

static bool
has_hash(const struct ks_allowlist *list, size_t rule, const uint8_t *run, size_t len, bool keyed)
{
	uint8_t hash[KS_HASH_SIZE];

	ks_run_hash(keyed ? list->key : NULL, run, len, hash);
	for (size_t i = 0; i < list->hash_count; i++) {
		const struct hashed *hashed = &list->hashes[i];

		if (hashed->is_keyed == keyed &&
		    (hashed->rule == ANY_RULE || hashed->rule == rule) &&
		    memcmp(hashed->hash, hash, sizeof(hash)) == 0)
			return true;
	}
	return false;
}

int
ks_allowlist_has(void *ctx, size_t rule, const uint8_t *run, size_t len)
{
	const struct ks_allowlist *list = ctx;
	struct query query = { .list = list, .rule = rule };

	if (list->hash_count && (has_hash(list, rule, run, len, false) ||
	                         (list->key && has_hash(list, rule, run, len, true))))
		return true;
	/* Were this to fail, the run would be masked: the safe side. */
	if (list->expressions)
		(void)hs_scan(list->expressions, (const char *)run, (unsigned)len, 0, list->scratch,
		              on_match, &query);
	return query.found;
}
