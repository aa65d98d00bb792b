/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML into rules with libyaml's document tree. Unknown keys, keys given twice, wrong types and
 * wrong values are all reported, each with its place, so that one run shows everything that is
 * wrong.
 */
#include "rulefile.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "rule_value.h"

#define NESTING_MAX 1000 /* brackets open at once in a file */

/* One rule on its way: the node of each key, to know places. */
struct rule_nodes {
	yaml_node_t *self;
	yaml_node_t *values[KEY_NONE];
};

void
ks_file_rule_done(struct file_rule *rule)
{
	for (size_t i = 0; i < rule->owned_count; i++)
		free(rule->owned[i]);
	free(rule->owned);
	*rule = (struct file_rule){ 0 };
}

void
ks_rulefile_done(struct rulefile *file)
{
	for (size_t i = 0; i < file->count; i++)
		ks_file_rule_done(&file->rules[i]);
	free(file->rules);
	*file = (struct rulefile){ 0 };
}
/* --------------------------------------------------------------------- rules ---- */

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

static int
check_rule(struct parser *p, const struct rule_nodes *nodes, const struct ks_rule *rule)
{
	struct ks_error error;
	yaml_node_t *at = nodes->self;
	int r = ks_rule_check(rule, &error);

	if (r == KS_OK)
		return r;
	if (*error.key && ks_key_find(error.key) != KEY_NONE &&
	    nodes->values[ks_key_find(error.key)])
		at = nodes->values[ks_key_find(error.key)];
	ks_parser_complain(p, &error, &at->start_mark);
	return r;
}

static int
read_rule(struct parser *p, yaml_node_t *node, struct file_rule *rule)
{
	struct rule_nodes nodes = { .self = node };
	int r;

	rule->line = (unsigned)node->start_mark.line + 1;
	rule->file = ks_file_rule_keep(rule, p->name);
	if (!rule->file)
		return ks_parser_out_of_memory(p);
	if (node->type != YAML_MAPPING_NODE)
		return ks_parser_complain_syntax(p, &node->start_mark,
		                                 "a rule is a mapping of keys", "");
	r = collect_keys(p, &nodes);
	for (unsigned key = 0; key < KEY_NONE; key++) {
		int of_value = nodes.values[key] ? ks_rule_value_read(p, (enum key)key,
		                                                      nodes.values[key], rule)
		                                 : KS_OK;
		r = r == KS_OK ? of_value : r;
	}
	if (r == KS_OK && p->check == RULEFILE_CHECKED)
		r = check_rule(p, &nodes, &rule->rule);
	return r;
}

static int
add_rule(struct parser *p, yaml_node_t *node, struct rulefile *file)
{
	struct file_rule rule = { .line = 0 };

	if (read_rule(p, node, &rule) != KS_OK) {
		ks_file_rule_done(&rule);
		return KS_OK; /* already told; go on to find what else is wrong */
	}
	assert(rule.rule.id); /* a needed key */
	for (size_t i = 0; i < file->count; i++) {
		if (strcmp(file->rules[i].rule.id, rule.rule.id) == 0)
			(void)ks_parser_complain_syntax(p, &node->start_mark,
			                                "a second rule of the id", rule.rule.id);
	}
	if (file->count == file->max) {
		size_t max = file->max ? 2 * file->max : 16;
		struct file_rule *grown = realloc(file->rules, max * sizeof(*grown));
		if (!grown) {
			ks_file_rule_done(&rule);
			return ks_parser_out_of_memory(p);
		}
		file->rules = grown;
		file->max = max;
	}
	file->rules[file->count++] = rule;
	return KS_OK;
}

static int
read_document(struct parser *p, struct rulefile *file)
{
	yaml_node_t *root = yaml_document_get_root_node(&p->document);
	yaml_mark_t start = { 0 };
	yaml_node_item_t *item;
	int r = KS_OK;

	if (!root)
		return ks_parser_complain_syntax(p, &start, "no rules in this file", "");
	if (root->type != YAML_SEQUENCE_NODE)
		return ks_parser_complain_syntax(p, &root->start_mark,
		                                 "a rule file is a list of rules", "");
	item = root->data.sequence.items.start;
	for (; r == KS_OK && item < root->data.sequence.items.top; item++)
		r = add_rule(p, yaml_document_get_node(&p->document, *item), file);
	return r;
}

/* The place of a byte, for errors that libyaml finds before it counts lines. */
static yaml_mark_t
mark_of(const struct parser *p, size_t offset)
{
	yaml_mark_t mark = { 0 };

	for (size_t i = 0; i < offset && i < p->len; i++) {
		mark.column++;
		if (p->text[i] == '\n') {
			mark.line++;
			mark.column = 0;
		}
	}
	return mark;
}

static void
complain_yaml(struct parser *p, const yaml_parser_t *yaml)
{
	yaml_mark_t mark = yaml->problem_mark;

	if (yaml->error == YAML_READER_ERROR)
		mark = mark_of(p, yaml->problem_offset);
	if (yaml->error == YAML_MEMORY_ERROR)
		(void)ks_parser_out_of_memory(p);
	else
		(void)ks_parser_complain_syntax(
			p, &mark, yaml->problem ? yaml->problem : "not valid YAML", "");
}

/* A file's second document would be ignored silently otherwise. */
static void
refuse_second_document(struct parser *p, yaml_parser_t *yaml)
{
	yaml_node_t *root;

	if (!yaml_parser_load(yaml, &p->document)) {
		complain_yaml(p, yaml);
		return;
	}
	root = yaml_document_get_root_node(&p->document);
	if (root)
		(void)ks_parser_complain_syntax(p, &root->start_mark,
		                                "a second document in this file", "");
	yaml_document_delete(&p->document);
}

/* libyaml takes hours for a million open brackets. Brackets in texts are counted too: no harm. */
static bool
is_nested_too_deeply(const char *text, size_t len)
{
	long depth = 0;

	for (size_t i = 0; i < len && depth < NESTING_MAX; i++) {
		if (text[i] == '[' || text[i] == '{')
			depth++;
		else if (text[i] == ']' || text[i] == '}')
			depth--;
	}
	return depth >= NESTING_MAX;
}

int
ks_rulefile_parse(const char *name, const char *text, size_t len, enum rulefile_check check,
                  rulefile_error_fn on_error, void *ctx, struct rulefile *ret_file)
{
	struct parser p = { .name = name,
		            .text = text,
		            .len = len,
		            .check = check,
		            .on_error = on_error,
		            .ctx = ctx };
	struct rulefile file = { 0 };
	yaml_parser_t yaml;

	if (is_nested_too_deeply(text, len)) {
		yaml_mark_t start = { 0 };
		return ks_parser_complain_syntax(&p, &start, "brackets nested too deeply", "");
	}
	if (!yaml_parser_initialize(&yaml))
		return ks_parser_out_of_memory(&p);
	yaml_parser_set_input_string(&yaml, (const unsigned char *)text, len);
	if (yaml_parser_load(&yaml, &p.document)) {
		(void)read_document(&p, &file);
		yaml_document_delete(&p.document);
		refuse_second_document(&p, &yaml);
	} else {
		complain_yaml(&p, &yaml);
	}
	yaml_parser_delete(&yaml);
	if (p.status == KS_OK)
		*ret_file = file;
	else
		ks_rulefile_done(&file);
	return p.status;
}
