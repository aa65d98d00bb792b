/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All triggers go into one streaming database. A second, small one in block mode has those provider
 * triggers whose width varies, each anchored: does it begin here?
 *
 * To compile them takes a good part of a second, to load them less than a millisecond. Prepared bytes
 * are what a build made for the built-in rules:
 *
 *     header | widths of triggers, one a rule | streaming database | block database
 *
 * They are compiled for any processor of the architecture, and belong to one version of libhs, which
 * checks that itself. Whatever does not fit leads back to compiling.
 */
#include "database.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"

struct header {
	uint64_t hash; /* of the triggers */
	uint64_t rule_count, triggers_len, anchored_len;
};

/* ----------------------------------------------------------------- compiling ---- */

/* The arrays that hs_compile_multi() wants. */
struct patterns {
	char **expressions;
	unsigned *flags, *ids;
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
}

static int
patterns_init(struct patterns *p, size_t count)
{
	*p = (struct patterns){ 0 };
	p->expressions = calloc(count, sizeof(*p->expressions));
	p->flags = calloc(count, sizeof(*p->flags));
	p->ids = calloc(count, sizeof(*p->ids));
	return p->expressions && p->flags && p->ids ? KS_OK : KS_ERROR_MEMORY;
}

static int
patterns_add(struct patterns *p, size_t id, char *expression)
{
	if (!expression)
		return KS_ERROR_MEMORY;
	p->expressions[p->count] = expression;
	p->flags[p->count] = HS_FLAG_DOTALL;
	p->ids[p->count++] = (unsigned)id;
	return KS_OK;
}

static int
patterns_compile(const struct patterns *p, const struct ks_rule *rules, unsigned mode,
                 hs_database_t **ret_db, struct ks_error *reterr)
{
	/* Not for this very processor: as fast where it was measured, and it runs everywhere. */
	const hs_platform_info_t any = { 0 };
	hs_compile_error_t *wrong = NULL;
	int r;

	if (hs_compile_multi((const char *const *)p->expressions, p->flags, p->ids, p->count, mode,
	                     &any, ret_db, &wrong) == HS_SUCCESS)
		return KS_OK;
	if (wrong && wrong->expression >= 0)
		r = ks_error_rule(reterr, rules[p->ids[wrong->expression]].id, "trigger", "%s",
		                  wrong->message);
	else
		r = ks_error_set(reterr, KS_ERROR_INTERNAL, "Hyperscan: %s",
		                 wrong ? wrong->message : "compilation failed");
	(void)hs_free_compile_error(wrong);
	return r;
}

static bool
needs_anchored(const struct compiled_rule *rule)
{
	return !rule->is_carrier && !rule->before_len && rule->width.min != rule->width.max;
}

int
ks_databases_compile(struct ks_ruleset *set, const struct ks_rule *rules, struct ks_error *reterr)
{
	struct patterns triggers, anchored = { 0 };
	int r = patterns_init(&triggers, set->rule_count);

	if (r == KS_OK)
		r = patterns_init(&anchored, set->rule_count);
	for (size_t i = 0; r == KS_OK && i < set->rule_count; i++) {
		r = patterns_add(&triggers, i, ks_trigger_expression(&rules[i]));
		if (r == KS_OK && needs_anchored(&set->rules[i]))
			r = patterns_add(&anchored, i, ks_trigger_anchored(&rules[i]));
	}
	if (r != KS_OK) {
		(void)ks_error_set(reterr, r, "%s", ks_status_text(r));
		goto out;
	}
	r = patterns_compile(&triggers, rules, HS_MODE_STREAM, &set->triggers, reterr);
	if (r == KS_OK && anchored.count > 0)
		r = patterns_compile(&anchored, rules, HS_MODE_BLOCK, &set->anchored, reterr);
out:
	patterns_done(&triggers);
	patterns_done(&anchored);
	return r;
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
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

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
	return ret_header->rule_count <= RULE_MAX && ret_header->triggers_len <= rest &&
	       ret_header->anchored_len <= rest &&
	       ret_header->rule_count * sizeof(struct trigger_width) + ret_header->triggers_len +
	                       ret_header->anchored_len ==
	               rest;
}

const uint8_t *
ks_prepared_widths(const struct ks_prepared *prepared, uint64_t hash, size_t count)
{
	struct header header;

	if (!read_header(prepared, &header) || header.rule_count != count || header.hash != hash)
		return NULL;
	return prepared->bytes + sizeof(header);
}

bool
ks_databases_load(struct ks_ruleset *set, const struct ks_prepared *prepared)
{
	const uint8_t *at = prepared->bytes + sizeof(struct header);
	struct header header;

	if (!read_header(prepared, &header))
		return false;
	at += header.rule_count * sizeof(struct trigger_width);
	if (hs_deserialize_database((const char *)at, header.triggers_len, &set->triggers) !=
	    HS_SUCCESS)
		return false;
	at += header.triggers_len;
	if (header.anchored_len > 0 &&
	    hs_deserialize_database((const char *)at, header.anchored_len, &set->anchored) !=
	            HS_SUCCESS) {
		(void)hs_free_database(set->triggers);
		set->triggers = NULL;
		return false;
	}
	return true;
}

static void
save_widths(const struct ks_ruleset *set, uint8_t *to)
{
	for (size_t i = 0; i < set->rule_count; i++)
		memcpy(to + i * sizeof(struct trigger_width), &set->rules[i].width,
		       sizeof(struct trigger_width));
}

int
ks_ruleset_save(const struct ks_ruleset *set, uint8_t **ret_bytes, size_t *ret_len)
{
	struct header header = { .hash = set->hash, .rule_count = set->rule_count };
	size_t widths = set->rule_count * sizeof(struct trigger_width);
	size_t triggers_len = 0, anchored_len = 0;
	char *triggers = NULL, *anchored = NULL;
	int r = KS_ERROR_INTERNAL;
	uint8_t *bytes;

	if (hs_serialize_database(set->triggers, &triggers, &triggers_len) != HS_SUCCESS)
		goto out;
	if (set->anchored &&
	    hs_serialize_database(set->anchored, &anchored, &anchored_len) != HS_SUCCESS)
		goto out;
	header.triggers_len = triggers_len;
	header.anchored_len = anchored_len;
	*ret_len = sizeof(header) + widths + triggers_len + anchored_len;
	bytes = malloc(*ret_len);
	if (!bytes) {
		r = KS_ERROR_MEMORY;
		goto out;
	}
	memcpy(bytes, &header, sizeof(header));
	save_widths(set, bytes + sizeof(header));
	memcpy(bytes + sizeof(header) + widths, triggers, triggers_len);
	if (anchored)
		memcpy(bytes + *ret_len - anchored_len, anchored, anchored_len);
	*ret_bytes = bytes;
	r = KS_OK;
out:
	free(triggers);
	free(anchored);
	return r;
}
