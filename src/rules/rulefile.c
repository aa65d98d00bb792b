/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML into rules. Unknown keys, keys given twice, wrong types and
 * wrong values are all reported, each with its place, so that one run shows everything that is
 * wrong.
 */
#include "rulefile.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "allow.h"
#include "document.h"
#include "rule_node.h"
#include "rule_value.h"

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
	for (size_t i = 0; i < file->switch_count; i++)
		free(file->switches[i].name);
	for (size_t i = 0; i < file->allowed_count; i++)
		ks_allow_entry_done(&file->allowed[i]);
	free(file->rules);
	free(file->switches);
	free(file->allowed);
	*file = (struct rulefile){ 0 };
}

/* --------------------------------------------------------------------- rules ---- */

static bool
is_second(struct parser *p, yaml_node_t *node, const struct rulefile *file,
          const struct file_rule *rule)
{
	assert(rule->rule.id); /* a needed key */
	for (size_t i = 0; i < file->count; i++) {
		if (strcmp(file->rules[i].rule.id, rule->rule.id) == 0) {
			(void)ks_parser_complain_syntax(p, &node->start_mark,
			                                "a second rule of the id", rule->rule.id);
			return true;
		}
	}
	return false;
}

static int
add_rule(struct parser *p, yaml_node_t *node, struct rulefile *file)
{
	struct file_rule rule = { .owned_count = 0 };

	if (ks_rule_node_read(p, node, &rule) != KS_OK || is_second(p, node, file, &rule)) {
		ks_file_rule_done(&rule);
		return KS_OK; /* already told; go on to find what else is wrong */
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
read_rules(struct parser *p, yaml_node_t *list, struct rulefile *file)
{
	yaml_node_item_t *item;
	int r = KS_OK;

	if (list->type != YAML_SEQUENCE_NODE)
		return ks_parser_complain_syntax(p, &list->start_mark,
		                                 "a list of rules is wanted here", "");
	item = list->data.sequence.items.start;
	for (; r == KS_OK && item < list->data.sequence.items.top; item++)
		r = add_rule(p, yaml_document_get_node(&p->document, *item), file);
	return r;
}

/* ----------------------------------------------------------------- switches ---- */

static int
add_switch(struct parser *p, yaml_node_t *node, bool is_on, struct rulefile *file)
{
	struct rule_switch *grown;
	char *name;

	if (!*ks_node_scalar(node))
		return ks_parser_complain_syntax(p, &node->start_mark,
		                                 "the name of a rule or pack is wanted here", "");
	grown = realloc(file->switches, (file->switch_count + 1) * sizeof(*grown));
	if (!grown)
		return ks_parser_out_of_memory(p);
	file->switches = grown;
	name = strdup(ks_node_scalar(node));
	if (!name)
		return ks_parser_out_of_memory(p);
	grown[file->switch_count++] = (struct rule_switch){ name, is_on,
		                                            ks_place_of(&node->start_mark) };
	return KS_OK;
}

static int
read_switches(struct parser *p, yaml_node_t *list, bool is_on, struct rulefile *file)
{
	yaml_node_item_t *item;
	int r = KS_OK;

	if (list->type != YAML_SEQUENCE_NODE)
		return ks_parser_complain_syntax(p, &list->start_mark,
		                                 "a list of rules and packs is wanted here", "");
	item = list->data.sequence.items.start;
	for (; r != KS_ERROR_MEMORY && item < list->data.sequence.items.top; item++)
		r = add_switch(p, yaml_document_get_node(&p->document, *item), is_on, file);
	return r;
}

static int
read_enabled(struct parser *p, yaml_node_t *list, struct rulefile *file)
{
	return read_switches(p, list, true, file);
}

static int
read_disabled(struct parser *p, yaml_node_t *list, struct rulefile *file)
{
	return read_switches(p, list, false, file);
}

/* -------------------------------------------------------------------- allow ---- */

static int
add_allowed(struct parser *p, yaml_node_t *node, struct rulefile *file)
{
	size_t size = (file->allowed_count + 1) * sizeof(*file->allowed);
	struct allow_entry *grown = realloc(file->allowed, size);
	int r;

	if (!grown)
		return ks_parser_out_of_memory(p);
	file->allowed = grown;
	r = ks_allow_entry_read(p, node, &grown[file->allowed_count]);
	file->allowed_count += r == KS_OK;
	return r;
}

static int
read_allowed(struct parser *p, yaml_node_t *list, struct rulefile *file)
{
	yaml_node_item_t *item;
	int r = KS_OK;

	if (list->type != YAML_SEQUENCE_NODE)
		return ks_parser_complain_syntax(p, &list->start_mark,
		                                 "a list of hashes and runs is wanted here", "");
	item = list->data.sequence.items.start;
	for (; r != KS_ERROR_MEMORY && item < list->data.sequence.items.top; item++)
		r = add_allowed(p, yaml_document_get_node(&p->document, *item), file);
	return r;
}

/* -------------------------------------------------------------------- files ---- */

/* The parts of a file that is more than a list of rules. */
static const struct section {
	const char *name;
	int (*read)(struct parser *p, yaml_node_t *node, struct rulefile *file);
} sections[] = {
	{ "rules", read_rules },
	{ "enable", read_enabled },
	{ "disable", read_disabled },
	{ "allow", read_allowed },
};

#define SECTION_COUNT (sizeof(sections) / sizeof(sections[0]))

static size_t
find_section(const char *name)
{
	size_t i = 0;

	while (i < SECTION_COUNT && strcmp(sections[i].name, name) != 0)
		i++;
	return i;
}

static int
read_sections(struct parser *p, yaml_node_t *root, struct rulefile *file)
{
	yaml_node_pair_t *pair = root->data.mapping.pairs.start;
	bool is_there[SECTION_COUNT + 1] = { false };
	int r = KS_OK;

	for (; r != KS_ERROR_MEMORY && pair < root->data.mapping.pairs.top; pair++) {
		yaml_node_t *name = yaml_document_get_node(&p->document, pair->key);
		size_t i = find_section(ks_node_scalar(name));

		if (i == SECTION_COUNT)
			r = ks_parser_complain_syntax(
				p, &name->start_mark,
				"a rule file is a list of rules, or a mapping "
				"of rules, enable, disable and allow; not",
				ks_node_scalar(name));
		else if (is_there[i])
			r = ks_parser_complain_syntax(p, &name->start_mark, "a second key",
			                              ks_node_scalar(name));
		else
			r = sections[i].read(p, yaml_document_get_node(&p->document, pair->value),
			                     file);
		is_there[i] = true;
	}
	return r;
}

static int
read_document(struct parser *p, yaml_node_t *root, void *ret_file)
{
	struct rulefile *file = ret_file;
	yaml_mark_t start = { 0 };

	if (!root)
		return ks_parser_complain_syntax(p, &start, "no rules in this file", "");
	if (root->type == YAML_MAPPING_NODE)
		return read_sections(p, root, file);
	if (root->type == YAML_SEQUENCE_NODE)
		return read_rules(p, root, file);
	return ks_parser_complain_syntax(p, &root->start_mark, "a rule file is a list of rules",
	                                 "");
}

int
ks_rulefile_parse(const char *name, const char *text, size_t len, enum rulefile_check check,
                  ks_error_fn on_error, void *ctx, struct rulefile *ret_file)
{
	struct parser p = { .name = name,
		            .text = text,
		            .len = len,
		            .check = check,
		            .on_error = on_error,
		            .ctx = ctx };

	*ret_file = (struct rulefile){ 0 };
	return ks_document_read(&p, read_document, ret_file);
}
