/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules into tables, with everything about a rule checked that can be checked; the automata are
 * database.c's.
 */
#include "ruleset.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "database.h"
#include "error.h"
#include "macro.h"
#include "pages.h"
#include "prepared.h"
#include "rule_id.h"
#include "run.h"
#include "scratch.h"
#include "stream.h"

/* A set of rules while it is made. */
struct making {
	struct ks_ruleset *set;
	struct class_table table;
	uint32_t number; /* of the rule that is compiled */
	bool is_glance;  /* nothing is compiled: libhs need not see triggers */
};

static int
out_of_memory(struct ks_error *reterr)
{
	return ks_error_set(reterr, KS_ERROR_MEMORY, "out of memory");
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
	if (!ks_class_table_add(table, &set, ret_number))
		return too_many_sets(rule, key, reterr);
	return KS_OK;
}

static int
check_members(const struct ks_rule *rule, struct ks_error *reterr)
{
	if (!ks_rule_id_is_valid(rule->id))
		return ks_error_rule(reterr, "?", "id",
		                     "up to 128 letters a-z, digits and '-' only");
	if (strcmp(rule->id, KS_KNOWN_ID) == 0)
		return ks_error_rule(reterr, rule->id, "id", "known values are called so");
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
compile_infix(struct making *making, const struct ks_rule *rule, struct compiled_rule *compiled,
              struct ks_error *reterr)
{
	struct infix *infix = &making->set->infixes[making->set->infix_count];
	int r = ks_trigger_parse_infix(rule, infix, reterr);

	if (r != KS_OK || !infix->before_len)
		return r;
	if (!ks_class_table_add(&making->table, &infix->before, &compiled->before))
		return too_many_sets(rule, "before", reterr);
	compiled->before_len = (uint16_t)infix->before_len;
	making->set->infix_count++;
	return KS_OK;
}

/* Have the rule go by its noun, if its name is one of those that are compared. Errors: KS_ERROR_MEMORY. */
static int
compile_name(struct making *making, const struct ks_rule *rule, struct compiled_rule *compiled)
{
	struct ks_ruleset *set = making->set;
	struct nouns nouns = set->nouns;
	char *name;
	int r = ks_setting_split(rule, &nouns, &name);

	if (r != KS_OK || !name)
		return r;
	r = NAME_UNSUITED;
	if (compiled->width.max <= NAME_WIDTH_MAX + SEPARATOR_WIDTH_MAX)
		r = ks_names_add(&set->names, name, making->number, rule->boundary);
	free(name);
	if (r == NAME_UNSUITED)
		return KS_OK;
	set->nouns = nouns;
	compiled->is_named = r == KS_OK;
	return r;
}

/* How the rule's trigger is found: by its noun, or by an expression of which its boundary is a part or not. */
static int
compile_trigger(struct making *making, const struct ks_rule *rule, struct compiled_rule *compiled,
                struct ks_error *reterr)
{
	const struct trigger_width *width = &compiled->width;
	int r = compile_name(making, rule, compiled);

	ks_lead_split(rule, &compiled->lead);
	if (r != KS_OK)
		return ks_error_set(reterr, r, "%s", ks_status_text(r));
	compiled->checks_boundary = !compiled->is_named && !compiled->lead.head_len &&
	                            rule->boundary != KS_BOUNDARY_NONE && width->min == width->max;
	return KS_OK;
}

static struct mask_style
style_of(const struct ks_rule *rule)
{
	return (struct mask_style){ rule->mask, rule->has_keep_last ? (uint8_t)rule->keep_last
		                                                    : (uint8_t)KEEP_DEFAULT };
}

static int
compile_rule(struct making *making, const struct ks_rule *rule, struct compiled_rule *compiled,
             struct ks_error *reterr)
{
	int r = check_members(rule, reterr);

	assert(compiled);
	*compiled = (struct compiled_rule){
		.follow = CLASS_NONE,
		.before = CLASS_NONE,
		.min = (uint8_t)rule->min,
		.max = (uint8_t)rule->max,
		.conditions = (uint8_t)rule->conditions,
		.boundary = (uint8_t)rule->boundary,
		.style = style_of(rule),
		.is_carrier = rule->kind == KS_KIND_CARRIER,
		.is_early = rule->kind == KS_KIND_PROVIDER && !rule->max && !rule->follow &&
		            !(rule->conditions & KS_REFUSE_PLACEHOLDER),
	};
	if (r == KS_OK)
		r = compile_set(rule, "body", rule->body, &making->table, &compiled->body, reterr);
	if (r == KS_OK && rule->follow)
		r = compile_set(rule, "follow", rule->follow, &making->table, &compiled->follow,
		                reterr);
	if (r == KS_OK && !making->is_glance)
		r = ks_trigger_measure(rule, &compiled->width, reterr);
	if (r == KS_OK)
		r = compile_infix(making, rule, compiled, reterr);
	if (r == KS_OK)
		r = compile_trigger(making, rule, compiled, reterr);
	return r;
}

static size_t
rule_held_max(const struct compiled_rule *rule)
{
	size_t run = KS_RUN_DECIDED + ESCAPE_BEGUN_MAX;

	/* A carrier's run may hold that of a key. */
	if (rule->is_carrier)
		return KS_RUN_DECIDED + run;
	return rule->before_len + rule->width.max * (rule->before_len > 0) + run;
}

static void
count_rule(struct ks_ruleset *set, const struct compiled_rule *rule)
{
	size_t held = rule_held_max(rule);

	if (held > set->held_max)
		set->held_max = held;
	set->lead_count += rule->lead.head_len > 0;
	if (rule->is_carrier)
		set->carrier_bodies |= UINT64_C(1) << rule->body;
	if (!rule->is_named)
		return;
	if (set->named_count++ == 0 || rule->min < set->named_min)
		set->named_min = rule->min;
	set->named_bodies |= UINT64_C(1) << rule->body;
}

static int
compile_rules(struct ks_ruleset *set, const struct ks_rule *rules, struct ks_error *reterr)
{
	struct making making = { .set = set };

	for (size_t i = 0; i < set->rule_count; i++) {
		making.number = (uint32_t)i;
		int r = compile_rule(&making, &rules[i], &set->rules[i], reterr);
		if (r != KS_OK)
			return r;
		count_rule(set, &set->rules[i]);
	}
	ks_classes_fill(&set->classes, &making.table);
	if (ks_names_finish(&set->names) != KS_OK)
		return out_of_memory(reterr);
	return KS_OK;
}

/* ------------------------------------------------------------- public ---- */

/* All but the ids. */
static int
compile_all(struct ks_ruleset *set, const struct ks_rule *rules, struct ks_error *reterr)
{
	int r;

	set->rules = calloc(set->rule_count, sizeof(*set->rules));
	set->infixes = calloc(set->rule_count, sizeof(*set->infixes));
	if (!set->rules || !set->infixes)
		return out_of_memory(reterr);
	r = compile_rules(set, rules, reterr);
	return r == KS_OK ? ks_databases_compile(set, rules, reterr) : r;
}

/* The same, of prepared. Returns KS_OK, RULESET_UNPREPARED or an error. */
static int
load_all(struct ks_ruleset *set, const struct ks_rule *rules, const struct ks_prepared *prepared,
         struct ks_error *reterr)
{
	int r = RULESET_UNPREPARED;

	if (ks_prepared_fits(prepared, set->hash, set->rule_count))
		r = ks_prepared_load(set, prepared);
	if (r == KS_ERROR_MEMORY) /* to compile them takes more of it */
		return ks_error_set(reterr, r, "%s", ks_status_text(r));
	if (r != KS_OK)
		return RULESET_UNPREPARED;
	for (size_t i = 0; r == KS_OK && i < set->rule_count; i++) {
		r = check_members(&rules[i], reterr);
		set->rules[i].style = style_of(&rules[i]);
	}
	return r;
}

/* prepared NULL: compile. Returns KS_OK, RULESET_UNPREPARED if prepared does not fit, or an error. */
static int
fill_set(struct ks_ruleset *set, const struct ks_rule *rules, const struct ks_prepared *prepared,
         struct ks_error *reterr)
{
	int r = prepared ? load_all(set, rules, prepared, reterr) : compile_all(set, rules, reterr);

	if (r == KS_OK)
		r = ks_rule_ids_check(rules, set->rule_count, reterr);
	if (r == KS_OK && !(set->ids = ks_rule_ids_copy(rules, set->rule_count)))
		r = out_of_memory(reterr);
	return r;
}

static int
make_set(const struct ks_rule *rules, size_t count, const struct ks_prepared *prepared,
         struct ks_ruleset **ret_set, struct ks_error *reterr)
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
		return out_of_memory(reterr);
	set->rule_count = count;
	set->hash = ks_prepared_hash(rules, count);
	r = fill_set(set, rules, prepared, reterr);
	if (r == KS_OK)
		*ret_set = set;
	else
		ks_ruleset_free(set);
	return r;
}

int
ks_ruleset_new(const struct ks_rule *rules, size_t count, struct ks_ruleset **ret_set,
               struct ks_error *reterr)
{
	return make_set(rules, count, NULL, ret_set, reterr);
}

int
ks_ruleset_load(const struct ks_rule *rules, size_t count, const struct ks_prepared *prepared,
                void *memory, struct ks_ruleset **ret_set, struct ks_error *reterr)
{
	int r = make_set(rules, count, prepared, ret_set, reterr);
	size_t lasting;

	if (r != KS_OK || !memory)
		return r;
	lasting = ks_prepared_lasting(prepared);
	ks_pages_forget((uint8_t *)memory + lasting, prepared->len - lasting);
	(*ret_set)->memory = memory;
	return r;
}

/* The bytes are lent until return only, and may be anywhere: so the set gets a copy. */
int
ks_ruleset_new_prepared(const struct ks_rule *rules, size_t count,
                        const struct ks_prepared *prepared, struct ks_ruleset **ret_set,
                        struct ks_error *reterr)
{
	struct ks_prepared copy;
	void *memory;
	int r;

	if (!prepared || prepared->len == 0)
		return ks_ruleset_new(rules, count, ret_set, reterr);
	memory = malloc(prepared->len);
	if (!memory)
		return out_of_memory(reterr);
	copy = (struct ks_prepared){ memory, prepared->len };
	memcpy(memory, prepared->bytes, prepared->len);
	r = ks_ruleset_load(rules, count, &copy, memory, ret_set, reterr);
	if (r != KS_OK)
		free(memory);
	return r == RULESET_UNPREPARED ? ks_ruleset_new(rules, count, ret_set, reterr) : r;
}

static int
check(const struct ks_rule *rule, bool is_glance, struct ks_error *reterr)
{
	struct infix infix;
	struct ks_ruleset set = { .infixes = &infix };
	struct making making = { .set = &set, .is_glance = is_glance };
	struct compiled_rule compiled;
	int r = compile_rule(&making, rule, &compiled, reterr);

	ks_names_free(&set.names);
	return r;
}

int
ks_rule_check(const struct ks_rule *rule, struct ks_error *reterr)
{
	return check(rule, false, reterr);
}

int
ks_rule_glance(const struct ks_rule *rule, struct ks_error *reterr)
{
	return check(rule, true, reterr);
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

size_t
ks_rule_run_end(const struct ks_rule *rule, const uint8_t *text, size_t from, size_t len)
{
	struct class_table table = { .count = 1 };
	struct classes classes = { .count = 0 };

	if (ks_byteset_parse(rule->body, strlen(rule->body), &table.sets[0]))
		return from;
	ks_classes_fill(&classes, &table);
	return ks_run_find(&classes, 0, text, from, len, true).end;
}

void
ks_ruleset_free(struct ks_ruleset *set)
{
	if (!set)
		return;
	ks_databases_free(set);
	if (!set->is_lent) {
		free(set->infixes);
		ks_names_free(&set->names);
	}
	free(set->rules);
	free(set->ids);
	free(set->memory);
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
	size_t databases = 0;

	for (unsigned d = 0; d < DATABASE_COUNT; d++) {
		size_t size = 0;

		if (set->databases[d])
			(void)hs_database_size(set->databases[d], &size);
		databases += size;
	}
	*ret_cost = (struct ks_cost){
		.database = sizeof(*set) + databases + set->rule_count * sizeof(*set->rules) +
		            set->infix_count * sizeof(*set->infixes),
		.scratch = ks_scratch_size_max(set),
		.stream = ks_stream_size_max(set),
		.held = set->held_max,
	};
}

uint64_t
ks_ruleset_bodies(const struct ks_ruleset *set)
{
	uint64_t classes = 0;

	for (size_t i = 0; i < set->rule_count; i++)
		classes |= UINT64_C(1) << set->rules[i].body;
	return classes;
}

uint64_t
ks_ruleset_same_bodies(const struct ks_ruleset *set, const struct ks_ruleset *other,
                       uint64_t classes)
{
	uint64_t same = 0;

	for (; classes; classes &= classes - 1) {
		unsigned number = ks_classes_find(&set->classes, &other->classes,
		                                  (unsigned)__builtin_ctzll(classes));

		if (number == CLASS_NONE)
			return ks_ruleset_bodies(set);
		same |= UINT64_C(1) << number;
	}
	return same;
}
