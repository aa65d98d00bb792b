/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Most triggers go into one streaming database, with the nouns of those that go by their nouns
 * (setting.h). A small one in block mode is asked about a few bytes at a time: does a provider's trigger
 * begin here?
 *
 * To compile them takes a good part of a second, to load them less than a millisecond. Prepared bytes
 * are what a build of this very version made for the built-in rules:
 *
 *     header | widths of triggers, one a rule | database | database | ...
 *
 * They are compiled for any processor of the architecture, and belong to one version of libhs, which
 * checks that itself. Whatever does not fit leads back to compiling.
 */
#include "database.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "macro.h"
#include "version.h"

/* To be raised when the same rules and macros get other databases or another order of bytes. */
#define LAYOUT "2"

struct header {
	uint64_t hash; /* ks_prepared_hash() */
	uint64_t rule_count;
	uint64_t lengths[DATABASE_COUNT]; /* 0: there is none */
};

/* ----------------------------------------------------------------- compiling ---- */

/* Not for this very processor: as fast where it was measured, and it runs everywhere. */
const hs_platform_info_t ks_database_platform = { 0 };

/* The arrays that hs_compile_multi() wants. */
struct patterns {
	char **expressions;
	unsigned *flags, *ids;
	const struct ks_rule **rules; /* which each is of, for errors; NULL: none */
	unsigned count;
};

static void
patterns_done(struct patterns *p)
{
	for (unsigned i = 0; p->expressions && i < p->count; i++)
		free(p->expressions[i]);
	free(p->expressions);
	free(p->flags);
	free(p->ids);
	free(p->rules);
}

static int
patterns_init(struct patterns *p, size_t count)
{
	*p = (struct patterns){ 0 };
	p->expressions = calloc(count, sizeof(*p->expressions));
	p->flags = calloc(count, sizeof(*p->flags));
	p->ids = calloc(count, sizeof(*p->ids));
	p->rules = calloc(count, sizeof(struct ks_rule *));
	return p->expressions && p->flags && p->ids && p->rules ? KS_OK : KS_ERROR_MEMORY;
}

/* expression becomes p's. */
static int
patterns_add(struct patterns *p, size_t id, const struct ks_rule *rule, char *expression)
{
	if (!expression)
		return KS_ERROR_MEMORY;
	p->expressions[p->count] = expression;
	p->flags[p->count] = HS_FLAG_DOTALL;
	p->rules[p->count] = rule;
	p->ids[p->count++] = (unsigned)id;
	return KS_OK;
}

static int
patterns_compile(const struct patterns *p, unsigned mode, hs_database_t **ret_db,
                 struct ks_error *reterr)
{
	hs_compile_error_t *wrong = NULL;
	int r;

	if (p->count == 0)
		return KS_OK;
	if (hs_compile_multi((const char *const *)p->expressions, p->flags, p->ids, p->count, mode,
	                     &ks_database_platform, ret_db, &wrong) == HS_SUCCESS)
		return KS_OK;
	r = ks_trigger_error(wrong && wrong->expression >= 0 ? p->rules[wrong->expression] : NULL,
	                     wrong, reterr);
	(void)hs_free_compile_error(wrong);
	return r;
}

static bool
needs_anchored(const struct compiled_rule *rule)
{
	return !rule->is_carrier && !rule->before_len && rule->width.min != rule->width.max;
}

static int
add_rule(struct patterns *patterns, const struct ks_ruleset *set, const struct ks_rule *rule,
         size_t i)
{
	int r = KS_OK;

	if (needs_anchored(&set->rules[i]))
		r = patterns_add(&patterns[DATABASE_ANCHORED], i, rule, ks_trigger_anchored(rule));
	if (r == KS_OK && !set->rules[i].is_named)
		r = patterns_add(&patterns[DATABASE_TRIGGERS], i, rule,
		                 ks_trigger_expression(rule, set->rules[i].checks_boundary));
	return r;
}

/* A separator must be as wide as macro.h says. */
static int
check_separator_width(void)
{
	hs_compile_error_t *wrong = NULL;
	hs_expr_info_t *info = NULL;
	int r = KS_OK;

	if (hs_expression_info(ks_macro_separator, HS_FLAG_DOTALL, &info, &wrong) != HS_SUCCESS)
		r = ks_trigger_error(NULL, wrong, NULL);
	else if (info->min_width != SEPARATOR_WIDTH_MIN || info->max_width != SEPARATOR_WIDTH_MAX)
		r = KS_ERROR_INTERNAL;
	free(info);
	(void)hs_free_compile_error(wrong);
	return r;
}

static int
add_nouns(struct patterns *patterns, const struct ks_ruleset *set)
{
	int r = KS_OK;

	if (set->nouns.count == 0)
		return KS_OK;
	r = check_separator_width();
	for (unsigned k = 0; r == KS_OK && k < set->nouns.count; k++) {
		char *expression;

		if (asprintf(&expression, "(?i)%s", set->nouns.words[k]) < 0)
			return KS_ERROR_MEMORY;
		r = patterns_add(&patterns[DATABASE_TRIGGERS], set->rule_count + k, NULL,
		                 expression);
	}
	return r;
}

int
ks_databases_compile(struct ks_ruleset *set, const struct ks_rule *rules, struct ks_error *reterr)
{
	struct patterns patterns[DATABASE_COUNT] = { 0 };
	int r = KS_OK;

	for (unsigned d = 0; r == KS_OK && d < DATABASE_COUNT; d++)
		r = patterns_init(&patterns[d], set->rule_count + NOUN_MAX);
	for (size_t i = 0; r == KS_OK && i < set->rule_count; i++)
		r = add_rule(patterns, set, &rules[i], i);
	if (r == KS_OK)
		r = add_nouns(patterns, set);
	if (r != KS_OK) {
		(void)ks_error_set(reterr, r, "%s", ks_status_text(r));
		goto out;
	}
	for (unsigned d = 0; r == KS_OK && d < DATABASE_COUNT; d++)
		r = patterns_compile(&patterns[d],
		                     d == DATABASE_TRIGGERS ? HS_MODE_STREAM : HS_MODE_BLOCK,
		                     &set->databases[d], reterr);
out:
	for (unsigned d = 0; d < DATABASE_COUNT; d++)
		patterns_done(&patterns[d]);
	return r;
}

void
ks_databases_free(struct ks_ruleset *set)
{
	for (unsigned d = 0; d < DATABASE_COUNT; d++) {
		(void)hs_free_database(set->databases[d]);
		set->databases[d] = NULL;
	}
}

/* ------------------------------------------------------------------ prepared ---- */

static uint64_t
hash_text(uint64_t hash, const char *text)
{
	do {
		hash = (hash ^ (uint8_t)*text) * UINT64_C(0x100000001b3); /* FNV-1a */
	} while (*text++);
	return hash;
}

uint64_t
ks_prepared_hash(const struct ks_rule *rules, size_t count)
{
	uint64_t hash = hash_text(UINT64_C(0xcbf29ce484222325), KS_VERSION " " LAYOUT);

	for (size_t i = 0; ks_macro_text(i); i++)
		hash = hash_text(hash, ks_macro_text(i));
	for (size_t i = 0; i < count; i++) {
		const char flags[] = { (char)('a' + (int)rules[i].kind),
			               (char)('a' + (int)rules[i].boundary),
			               rules[i].before ? 'b' : '-', '\0' };

		hash = hash_text(hash_text(hash, flags), rules[i].trigger);
	}
	return hash;
}

static bool
read_header(const struct ks_prepared *prepared, struct header *ret_header)
{
	uint64_t rest;

	if (!prepared || prepared->len < sizeof(*ret_header))
		return false;
	memcpy(ret_header, prepared->bytes, sizeof(*ret_header));
	rest = prepared->len - sizeof(*ret_header);
	if (ret_header->rule_count > rest / sizeof(struct trigger_width))
		return false;
	rest -= ret_header->rule_count * sizeof(struct trigger_width);
	for (unsigned d = 0; d < DATABASE_COUNT; d++) {
		if (ret_header->lengths[d] > rest)
			return false;
		rest -= ret_header->lengths[d];
	}
	return rest == 0;
}

const uint8_t *
ks_prepared_widths(const struct ks_prepared *prepared, uint64_t hash, size_t count)
{
	struct header header;

	if (!read_header(prepared, &header) || header.rule_count != count || header.hash != hash)
		return NULL;
	return prepared->bytes + sizeof(header);
}

int
ks_databases_load(struct ks_ruleset *set, const struct ks_prepared *prepared)
{
	const uint8_t *at = prepared->bytes + sizeof(struct header);
	struct header header;

	if (!read_header(prepared, &header))
		return KS_ERROR_INTERNAL;
	at += header.rule_count * sizeof(struct trigger_width);
	for (unsigned d = 0; d < DATABASE_COUNT; d++) {
		hs_error_t r = HS_SUCCESS;

		if (header.lengths[d] > 0)
			r = hs_deserialize_database((const char *)at, header.lengths[d],
			                            &set->databases[d]);
		if (r != HS_SUCCESS) {
			ks_databases_free(set);
			return r == HS_NOMEM ? KS_ERROR_MEMORY : KS_ERROR_INTERNAL;
		}
		at += header.lengths[d];
	}
	return KS_OK;
}

int
ks_ruleset_save(const struct ks_ruleset *set, uint8_t **ret_bytes, size_t *ret_len)
{
	struct header header = { .hash = set->hash, .rule_count = set->rule_count };
	size_t len = sizeof(header) + set->rule_count * sizeof(struct trigger_width);
	char *databases[DATABASE_COUNT] = { NULL };
	int r = KS_ERROR_INTERNAL;
	uint8_t *bytes, *at;

	for (unsigned d = 0; d < DATABASE_COUNT; d++) {
		size_t n = 0;

		if (set->databases[d] &&
		    hs_serialize_database(set->databases[d], &databases[d], &n) != HS_SUCCESS)
			goto out;
		header.lengths[d] = n;
		len += n;
	}
	bytes = at = malloc(len);
	if (!bytes) {
		r = KS_ERROR_MEMORY;
		goto out;
	}
	at = mempcpy(at, &header, sizeof(header));
	for (size_t i = 0; i < set->rule_count; i++)
		at = mempcpy(at, &set->rules[i].width, sizeof(struct trigger_width));
	for (unsigned d = 0; d < DATABASE_COUNT; d++)
		at = databases[d] ? mempcpy(at, databases[d], header.lengths[d]) : at;
	*ret_bytes = bytes;
	*ret_len = len;
	r = KS_OK;
out:
	for (unsigned d = 0; d < DATABASE_COUNT; d++)
		free(databases[d]);
	return r;
}
