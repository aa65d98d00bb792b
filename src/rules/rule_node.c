/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One rule of a file. A mistake does not stop the look at the rest of it: what is wrong or missing is
 * taken to be something harmless from there on.
 */
#include "rule_node.h"

#include <stdlib.h>

#include "error.h"
#include "literal.h"
#include "macro.h"
#include "rule_value.h"
#include "ruleset.h"

/* One rule on its way: the node of each key, to know places, and whether its value could be read. */
struct rule_nodes {
	yaml_node_t *self;
	yaml_node_t *values[KEY_NONE];
	bool is_read[KEY_NONE];
};

static int
collect_keys(struct parser *p, struct rule_nodes *nodes)
{
	yaml_node_pair_t *pair = nodes->self->data.mapping.pairs.start;
	int r = KS_OK;

	for (; pair < nodes->self->data.mapping.pairs.top; pair++) {
		yaml_node_t *name = yaml_document_get_node(&p->document, pair->key);
		enum key key = ks_key_find(ks_node_scalar(name));

		if (key == KEY_NONE)
			r = ks_parser_complain_syntax(p, &name->start_mark, "unknown key",
			                              ks_node_scalar(name));
		else if (nodes->values[key])
			r = ks_parser_complain_syntax(p, &name->start_mark, "a second key",
			                              ks_node_scalar(name));
		else
			nodes->values[key] = yaml_document_get_node(&p->document, pair->value);
	}
	for (unsigned key = 0; key < KEY_NONE; key++) {
		if (ks_key_is_needed((enum key)key) && !nodes->values[key])
			r = ks_parser_complain_syntax(p, &nodes->self->start_mark,
			                              "the rule has no key",
			                              ks_key_name((enum key)key));
	}
	return r;
}

/* Hyperscan takes a while to refuse what is too large, so this is not done for every start-up. */
static int
compile_alone(const struct ks_rule *rule, struct ks_error *reterr)
{
	struct ks_ruleset *set = NULL;
	int r = ks_ruleset_new(rule, 1, &set, reterr);

	ks_ruleset_free(set);
	return r;
}

/* Returns KS_ERROR_RULE for a trigger that would have every byte of a log looked at. */
static int
examine_trigger(struct parser *p, const struct rule_nodes *nodes, const struct ks_rule *rule)
{
	char *expanded = ks_macro_expand(rule->trigger);
	unsigned fixed = expanded ? ks_literal_length(expanded) : 0;
	struct ks_error error = { .status = KS_OK };

	free(expanded);
	if (!expanded)
		return ks_parser_out_of_memory(p);
	if (fixed > LITERAL_NEEDED)
		return KS_OK;
	if (fixed == LITERAL_NEEDED)
		(void)ks_error_set(&error, KS_OK,
		                   "warning: rule %.64s: trigger: of some matches only %u bytes in "
		                   "a row are fixed; with 3 or more the whole set is faster",
		                   rule->id, fixed);
	else
		(void)ks_error_rule(&error, rule->id, "trigger",
		                    "some matches have no %u fixed bytes in a row, so that every "
		                    "byte of a log would have to be looked at",
		                    LITERAL_NEEDED);
	ks_parser_complain(p, &error, &nodes->values[KEY_TRIGGER]->start_mark);
	return error.status;
}

/* Put what is right in the place of what is wrong or missing, so that the rest can be looked at. */
static void
mend(struct ks_rule *rule, enum key wrong)
{
	if (wrong == KEY_ID) {
		rule->id = "without-id";
	} else if (wrong == KEY_TRIGGER) {
		rule->trigger = "trigger";
	} else if (wrong == KEY_BODY) {
		rule->body = "a";
	} else if (wrong == KEY_LENGTH) {
		rule->min = 1;
		rule->max = 0;
	} else if (wrong == KEY_FOLLOW) {
		rule->follow = NULL;
	} else if (wrong == KEY_BEFORE) {
		rule->before = NULL;
	}
}

static int
look_at(const struct parser *p, const struct ks_rule *rule, struct ks_error *reterr)
{
	if (p->check == RULEFILE_EXAMINED)
		return compile_alone(rule, reterr);
	return p->check == RULEFILE_GLANCED ? ks_rule_glance(rule, reterr)
	                                    : ks_rule_check(rule, reterr);
}

/* Complain of what is wrong with a rule whose values have been read, as far as they could be. */
static int
check_rule(struct parser *p, const struct rule_nodes *nodes, struct ks_rule rule)
{
	bool is_examined = p->check == RULEFILE_EXAMINED, is_mended[KEY_NONE + 1] = { false };
	int first = KS_OK;

	for (unsigned key = 0; key < KEY_NONE; key++) {
		if (!nodes->is_read[key])
			mend(&rule, (enum key)key);
	}
	for (;;) {
		struct ks_error error;
		int r = look_at(p, &rule, &error);
		enum key key = r == KS_OK ? KEY_NONE : ks_key_find(error.key);
		yaml_node_t *at = key == KEY_NONE ? NULL : nodes->values[key];

		if (r == KS_OK || is_mended[key])
			break;
		ks_parser_complain(p, &error, at ? &at->start_mark : &nodes->self->start_mark);
		first = first == KS_OK ? r : first;
		is_mended[key] = true;
		mend(&rule, key);
	}
	if (is_examined && nodes->is_read[KEY_TRIGGER] && !is_mended[KEY_TRIGGER]) {
		int of_trigger = examine_trigger(p, nodes, &rule);
		first = first == KS_OK ? of_trigger : first;
	}
	return first;
}

int
ks_rule_node_read(struct parser *p, yaml_node_t *node, struct file_rule *rule)
{
	struct rule_nodes nodes = { .self = node };
	int r;

	rule->place = ks_place_of(&node->start_mark);
	rule->file = ks_file_rule_keep(rule, p->name);
	if (!rule->file)
		return ks_parser_out_of_memory(p);
	if (node->type != YAML_MAPPING_NODE)
		return ks_parser_complain_syntax(p, &node->start_mark,
		                                 "a rule is a mapping of keys", "");
	r = collect_keys(p, &nodes);
	for (unsigned key = 0; key < KEY_NONE; key++) {
		int of_value = KS_OK;

		if (!nodes.values[key])
			continue;
		of_value = ks_rule_value_read(p, (enum key)key, nodes.values[key], rule);
		nodes.is_read[key] = of_value == KS_OK;
		r = r == KS_OK ? of_value : r;
	}
	rule->trigger_place = nodes.values[KEY_TRIGGER]
	                              ? ks_place_of(&nodes.values[KEY_TRIGGER]->start_mark)
	                              : rule->place;
	if (r != KS_ERROR_MEMORY && p->check != RULEFILE_TRUSTED) {
		int of_check = check_rule(p, &nodes, rule->rule);
		r = r == KS_OK ? of_check : r;
	}
	return r;
}
