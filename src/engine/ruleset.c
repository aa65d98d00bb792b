/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules into automata and tables. All triggers go into one streaming database, so that each byte of
 * a stream is scanned once. A second, small database in block mode answers the one question that
 * match ends leave open: does a trigger of varying width begin at a given byte?
 */
#include "ruleset.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "scratch.h"
#include "stream.h"

static const struct byteset slash = { { UINT64_C(1) << '/', 0, 0, 0 } };
static const struct byteset backslash = { { 0, UINT64_C(1) << ('\\' - 64), 0, 0 } };

/* Sets become classes: equal ones share a number. */
struct class_table {
	struct byteset sets[CLASS_MAX];
	unsigned count;
};

static int
intern_set(struct class_table *table, const struct byteset *set, uint8_t *ret_number)
{
	for (unsigned i = 0; i < table->count; i++) {
		if (ks_byteset_equal(&table->sets[i], set)) {
			*ret_number = (uint8_t)i;
			return KS_OK;
		}
	}
	if (table->count == CLASS_MAX)
		return KS_ERROR_RULE;
	table->sets[table->count] = *set;
	*ret_number = (uint8_t)table->count++;
	return KS_OK;
}

static void
fill_classes(struct classes *classes, const struct class_table *table)
{
	classes->count = table->count;
	for (unsigned k = 0; k < table->count; k++) {
		const struct byteset *set = &table->sets[k];
		uint64_t bit = UINT64_C(1) << k;

		for (unsigned b = 0; b < 256; b++) {
			if (byteset_has(set, (uint8_t)b))
				classes->masks[b] |= bit;
		}
		if (ks_byteset_within(&slash, set) && !ks_byteset_within(&backslash, set))
			classes->escaping |= bit;
	}
}

static int
too_many_sets(const struct ks_rule *rule, const char *key, struct ks_error *reterr)
{
	return ks_error_rule(reterr, rule->id, key, "more than %u different byte sets in all rules",
	                     CLASS_MAX);
}

static int
compile_set(const struct ks_rule *rule, const char *key, const char *text,
            struct class_table *table, uint8_t *ret_number, struct ks_error *reterr)
{
	struct byteset set;
	const char *wrong = ks_byteset_parse(text, strlen(text), &set);

	if (wrong)
		return ks_error_rule(reterr, rule->id, key, "%s", wrong);
	if (intern_set(table, &set, ret_number) != KS_OK)
		return too_many_sets(rule, key, reterr);
	return KS_OK;
}

static bool
id_is_valid(const char *id)
{
	return id && *id && strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(id);
}

static int
check_members(const struct ks_rule *rule, struct ks_error *reterr)
{
	if (!id_is_valid(rule->id))
		return ks_error_rule(reterr, rule->id ? rule->id : "", "id",
		                     "letters a-z, digits and '-' only");
	if (!rule->trigger || !*rule->trigger)
		return ks_error_rule(reterr, rule->id, "trigger", "there is none");
	if (!rule->body)
		return ks_error_rule(reterr, rule->id, "body", "there is none");
	if (rule->min < 1 || rule->min > KS_RUN_DECIDED)
		return ks_error_rule(reterr, rule->id, "length", "the least must be from 1 to 64");
	if (rule->max && (rule->max < rule->min || rule->max > KS_RUN_DECIDED))
		return ks_error_rule(reterr, rule->id, "length",
		                     "the greatest must be from the least to 64");
	return KS_OK;
}

static int
compile_infix(struct ks_ruleset *set, const struct ks_rule *rule, struct class_table *table,
              struct compiled_rule *compiled, struct ks_error *reterr)
{
	struct infix *infix = &set->infixes[set->infix_count];
	int r = ks_trigger_parse_infix(rule, infix, reterr);

	if (r != KS_OK || !infix->before_len)
		return r;
	if (intern_set(table, &infix->before, &compiled->before) != KS_OK)
		return too_many_sets(rule, "before", reterr);
	compiled->before_len = (uint16_t)infix->before_len;
	set->infix_count++;
	return KS_OK;
}

static int
compile_rule(struct ks_ruleset *set, const struct ks_rule *rule, struct class_table *table,
             struct compiled_rule *compiled, struct ks_error *reterr)
{
	int r = check_members(rule, reterr);

	assert(compiled);
	*compiled = (struct compiled_rule){
		.follow = CLASS_NONE,
		.before = CLASS_NONE,
		.min = (uint8_t)rule->min,
		.max = (uint8_t)rule->max,
		.conditions = (uint8_t)rule->conditions,
		.is_carrier = rule->kind == KS_KIND_CARRIER,
		.is_early = rule->kind == KS_KIND_PROVIDER && !rule->max && !rule->follow &&
		            !(rule->conditions & KS_REFUSE_PLACEHOLDER),
	};
	if (r == KS_OK)
		r = compile_set(rule, "body", rule->body, table, &compiled->body, reterr);
	if (r == KS_OK && rule->follow)
		r = compile_set(rule, "follow", rule->follow, table, &compiled->follow, reterr);
	if (r == KS_OK)
		r = ks_trigger_measure(rule, &compiled->width, reterr);
	if (r == KS_OK)
		r = compile_infix(set, rule, table, compiled, reterr);
	if (r == KS_OK)
		ks_lead_split(rule, &compiled->lead);
	return r;
}

static size_t
rule_held_max(const struct compiled_rule *rule)
{
	/* A run of 64; a carrier's 64 and the 64 of a key in it; and a '\' behind. */
	if (rule->is_carrier)
		return 2 * KS_RUN_DECIDED + 1;
	return rule->before_len + rule->width.max * (rule->before_len > 0) + KS_RUN_DECIDED + 1;
}

static int
compile_rules(struct ks_ruleset *set, const struct ks_rule *rules, struct ks_error *reterr)
{
	struct class_table table = { .count = 0 };

	for (size_t i = 0; i < set->rule_count; i++) {
		int r = compile_rule(set, &rules[i], &table, &set->rules[i], reterr);
		if (r != KS_OK)
			return r;
		set->lead_count += set->rules[i].lead.head_len > 0;
		size_t held = rule_held_max(&set->rules[i]);
		if (held > set->held_max)
			set->held_max = held;
	}
	fill_classes(&set->classes, &table);
	return KS_OK;
}

/* ---------------------------------------------------------- databases ---- */

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
	hs_compile_error_t *wrong = NULL;
	int r;

	if (hs_compile_multi((const char *const *)p->expressions, p->flags, p->ids, p->count, mode,
	                     NULL, ret_db, &wrong) == HS_SUCCESS)
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

static int
compile_databases(struct ks_ruleset *set, const struct ks_rule *rules, struct ks_error *reterr)
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

/* ------------------------------------------------------------- public ---- */

static int
check_ids(const struct ks_rule *rules, size_t count, struct ks_error *reterr)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < i; j++) {
			if (strcmp(rules[i].id, rules[j].id) == 0)
				return ks_error_rule(reterr, rules[i].id, "id",
				                     "there are two of it");
		}
	}
	return KS_OK;
}

int
ks_ruleset_new(const struct ks_rule *rules, size_t count, struct ks_ruleset **ret_set,
               struct ks_error *reterr)
{
	struct ks_ruleset *set;
	int r;

	if (count < 1 || count > RULE_MAX)
		return ks_error_set(reterr, KS_ERROR_RULE, "a set has 1 to %u rules", RULE_MAX);
	if (hs_valid_platform() != HS_SUCCESS)
		return ks_error_set(reterr, KS_ERROR_INTERNAL,
		                    "Hyperscan cannot run on this processor");
	set = calloc(1, sizeof(*set));
	if (!set)
		return ks_error_set(reterr, KS_ERROR_MEMORY, "out of memory");
	set->rule_count = count;
	set->rules = calloc(count, sizeof(*set->rules));
	set->infixes = calloc(count, sizeof(*set->infixes));
	r = set->rules && set->infixes ? KS_OK
	                               : ks_error_set(reterr, KS_ERROR_MEMORY, "out of memory");
	if (r == KS_OK)
		r = compile_rules(set, rules, reterr);
	if (r == KS_OK)
		r = check_ids(rules, count, reterr);
	if (r == KS_OK)
		r = compile_databases(set, rules, reterr);
	if (r == KS_OK)
		*ret_set = set;
	else
		ks_ruleset_free(set);
	return r;
}

int
ks_rule_check(const struct ks_rule *rule, struct ks_error *reterr)
{
	struct class_table table = { .count = 0 };
	struct compiled_rule compiled;
	struct infix infix;
	struct ks_ruleset set = { .infixes = &infix };

	return compile_rule(&set, rule, &table, &compiled, reterr);
}

int
ks_rule_body_has(const struct ks_rule *rule, uint8_t b)
{
	struct byteset set;

	return !ks_byteset_parse(rule->body, strlen(rule->body), &set) && byteset_has(&set, b);
}

int
ks_rule_before_has(const struct ks_rule *rule, uint8_t b)
{
	struct infix infix;

	return ks_trigger_parse_infix(rule, &infix, NULL) == KS_OK && infix.before_len > 0 &&
	       byteset_has(&infix.before, b);
}

void
ks_ruleset_free(struct ks_ruleset *set)
{
	if (!set)
		return;
	(void)hs_free_database(set->triggers);
	(void)hs_free_database(set->anchored);
	free(set->rules);
	free(set->infixes);
	free(set);
}

size_t
ks_ruleset_count(const struct ks_ruleset *set)
{
	return set->rule_count;
}

void
ks_ruleset_cost(const struct ks_ruleset *set, struct ks_cost *ret_cost)
{
	size_t triggers = 0, anchored = 0;

	(void)hs_database_size(set->triggers, &triggers);
	if (set->anchored)
		(void)hs_database_size(set->anchored, &anchored);
	*ret_cost = (struct ks_cost){
		.database = sizeof(*set) + triggers + anchored +
		            set->rule_count * sizeof(*set->rules) +
		            set->infix_count * sizeof(*set->infixes),
		.scratch = ks_scratch_size_max(set),
		.stream = ks_stream_size_max(set),
		.held = set->held_max,
	};
}
