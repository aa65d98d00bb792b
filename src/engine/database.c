/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Most triggers go into one streaming database, with the nouns of those that go by their nouns
 * (setting.h). Small ones in block mode are asked about a few bytes at a time: does a provider's trigger
 * begin here? Has one begun that goes over the end of the line?
 */
#include "database.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "half.h"
#include "macro.h"
#include "pages.h"

/* ----------------------------------------------------------------- compiling ---- */

/* More than compiling was seen to take: 9 MiB for the 299 expressions of the rules that are built in. */
#define ROOM      ((size_t)16 << 20)
#define ROOM_EACH ((size_t)64 << 10)

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

/* Halves are wider than a line's end. Returns what hs_compile_ext_multi() wants of each; NULL when memory is out. */
static const hs_expr_ext_t **
half_widths(const struct patterns *p)
{
	static const hs_expr_ext_t half = { .flags = HS_EXT_FLAG_MIN_LENGTH,
		                            .min_length = HALF_WIDTH_MIN };
	const hs_expr_ext_t **widths = calloc(p->count, sizeof(const hs_expr_ext_t *));

	for (unsigned i = 0; widths && i < p->count; i++)
		widths[i] = &half;
	return widths;
}

/* What Hyperscan finds too large is not compiled: then nobody knows, and a line may always be a half. */
static int
halves_compile(const struct patterns *p, struct ks_ruleset *set, struct ks_error *reterr)
{
	hs_compile_error_t *wrong = NULL;
	const hs_expr_ext_t **widths;
	int r = KS_OK;

	if (p->count == 0)
		return KS_OK;
	widths = half_widths(p);
	if (!widths ||
	    hs_compile_ext_multi((const char *const *)p->expressions, p->flags, p->ids, widths,
	                         p->count, HS_MODE_BLOCK, &ks_database_platform,
	                         &set->databases[DATABASE_HALVES], &wrong) != HS_SUCCESS) {
		set->has_unknown_halves = true;
		if (!widths || ks_trigger_ran_out(wrong))
			r = ks_error_set(reterr, KS_ERROR_MEMORY, "%s",
			                 ks_status_text(KS_ERROR_MEMORY));
	}
	(void)hs_free_compile_error(wrong);
	free(widths);
	return r;
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

/*
 * Hyperscan 5.4.0 does not look whether a growing database got its memory, and dies if not (its issue 317, mended in
 * 5.4.1). So there has to be room before; nothing of it is touched.
 */
static bool
have_room(const struct patterns patterns[DATABASE_COUNT])
{
	size_t size = ROOM;
	void *room;

	for (unsigned d = 0; d < DATABASE_COUNT; d++)
		size += patterns[d].count * ROOM_EACH;
	room = ks_pages_reserve(1, size);
	ks_pages_release(room, 1, size);
	return room != NULL;
}

static bool
needs_anchored(const struct compiled_rule *rule)
{
	return !rule->is_carrier && !rule->before_len && rule->width.min != rule->width.max;
}

static int
add_halves(struct patterns *patterns, const struct ks_rule *rule, bool is_named, size_t i)
{
	char *expression;
	int r = ks_half_expression(rule, is_named, &expression);

	if (r != KS_OK || !expression)
		return r;
	r = patterns_add(patterns, i, rule, expression);
	patterns->flags[patterns->count - 1] |= HS_FLAG_CASELESS;
	return r;
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
	if (r == KS_OK)
		r = add_halves(&patterns[DATABASE_HALVES], rule, set->rules[i].is_named, i);
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
	if (r == KS_OK && !have_room(patterns))
		r = KS_ERROR_MEMORY;
	if (r != KS_OK) {
		(void)ks_error_set(reterr, r, "%s", ks_status_text(r));
		goto out;
	}
	r = patterns_compile(&patterns[DATABASE_TRIGGERS], HS_MODE_STREAM,
	                     &set->databases[DATABASE_TRIGGERS], reterr);
	if (r == KS_OK)
		r = patterns_compile(&patterns[DATABASE_ANCHORED], HS_MODE_BLOCK,
		                     &set->databases[DATABASE_ANCHORED], reterr);
	if (r == KS_OK)
		r = halves_compile(&patterns[DATABASE_HALVES], set, reterr);
out:
	for (unsigned d = 0; d < DATABASE_COUNT; d++)
		patterns_done(&patterns[d]);
	return r;
}

void
ks_databases_free(struct ks_ruleset *set)
{
	for (unsigned d = 0; d < DATABASE_COUNT; d++) {
		if (!set->database_memory)
			(void)hs_free_database(set->databases[d]);
		set->databases[d] = NULL;
	}
	free(set->database_memory);
	set->database_memory = NULL;
}
