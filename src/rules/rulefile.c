/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML into rules with libyaml's document tree. Unknown keys, keys given twice, wrong types and
 * wrong values are all reported, each with its place, so that one run shows everything that is
 * wrong.
 */
#include "rulefile.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#define NESTING_MAX 1000 /* brackets open at once in a file */

enum key {
	KEY_ID,
	KEY_PROVIDER,
	KEY_TITLE,
	KEY_KIND,
	KEY_TRIGGER,
	KEY_BODY,
	KEY_LENGTH,
	KEY_BOUNDARY,
	KEY_REQUIRE,
	KEY_REFUSE,
	KEY_FOLLOW,
	KEY_BEFORE,
	KEY_REVOKE,
	KEY_EXAMPLES,
	KEY_COUNTEREXAMPLES,
	KEY_NONE
};

struct parser {
	yaml_document_t document;
	const char *name;
	const char *text;
	size_t len;
	enum rulefile_check check;
	rulefile_error_fn on_error;
	void *ctx;
	int status; /* of the first error */
};

/* One rule on its way: the node of each key, to know places. */
struct rule_nodes {
	yaml_node_t *self;
	yaml_node_t *values[KEY_NONE];
};

/* --------------------------------------------------------------------- errors ---- */

static void
copy_tail(char *to, size_t size, const char *text)
{
	size_t len = strlen(text);

	(void)snprintf(to, size, "%s", len < size ? text : text + len - (size - 1));
}

static void
complain(struct parser *p, struct ks_error *error, const yaml_mark_t *mark)
{
	copy_tail(error->file, sizeof(error->file), p->name);
	error->line = (unsigned)mark->line + 1;
	error->column = (unsigned)mark->column + 1;
	if (p->status == KS_OK)
		p->status = error->status;
	if (p->on_error)
		p->on_error(p->ctx, error);
}

/* A log given as a rule file by mistake: what is no plain name is not shown. */
static bool
is_plain_name(const char *text)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz-_");

	return !text[len] && len <= 20;
}

/* which is a name to show, or empty. */
static int
complain_syntax(struct parser *p, const yaml_mark_t *mark, const char *what, const char *which)
{
	struct ks_error error = { .status = KS_ERROR_SYNTAX };

	if (!is_plain_name(which))
		which = "";

	(void)snprintf(error.text, sizeof(error.text), "%s%s%.20s%s", what, *which ? " '" : "",
	               which, *which ? "'" : "");
	complain(p, &error, mark);
	return KS_ERROR_SYNTAX;
}

static int
out_of_memory(struct parser *p)
{
	struct ks_error error = { .status = KS_ERROR_MEMORY, .text = "out of memory" };
	yaml_mark_t start = { 0 };

	complain(p, &error, &start);
	return KS_ERROR_MEMORY;
}

/* ------------------------------------------------------------------ owned text ---- */

/* Give the rule a block of memory to free. Returns it, or NULL when memory is out. */
static void *
own(struct file_rule *rule, void *block)
{
	char **grown = block ? realloc(rule->owned, (rule->owned_count + 1) * sizeof(*grown))
	                     : NULL;

	if (!grown) {
		free(block);
		return NULL;
	}
	rule->owned = grown;
	rule->owned[rule->owned_count++] = block;
	return block;
}

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

/* ------------------------------------------------------------------- values ---- */

/* The text of a scalar; of anything else, or if it holds a NUL byte, one that nothing equals. */
static const char *
scalar(const yaml_node_t *node)
{
	const char *text = (const char *)node->data.scalar.value;

	if (node->type != YAML_SCALAR_NODE || strlen(text) != node->data.scalar.length)
		return "";
	return text;
}

static int
read_text(struct parser *p, yaml_node_t *node, struct file_rule *rule, const char **ret)
{
	if (!*scalar(node))
		return complain_syntax(p, &node->start_mark,
		                       "a text without NUL bytes is wanted here", "");
	*ret = own(rule, strdup(scalar(node)));
	return *ret ? KS_OK : out_of_memory(p);
}

static int
read_texts(struct parser *p, yaml_node_t *node, struct file_rule *rule, char ***ret)
{
	yaml_node_item_t *item;
	size_t count = 0;
	char **texts;
	int r = KS_OK;

	if (node->type != YAML_SEQUENCE_NODE)
		return complain_syntax(p, &node->start_mark, "a list of texts is wanted here", "");
	item = node->data.sequence.items.start;
	if (item == node->data.sequence.items.top)
		return complain_syntax(p, &node->start_mark, "an empty list", "");
	texts = own(rule,
	            calloc((size_t)(node->data.sequence.items.top - item) + 1, sizeof(*texts)));
	if (!texts)
		return out_of_memory(p);
	for (; r == KS_OK && item < node->data.sequence.items.top; item++) {
		const char *text = NULL;
		r = read_text(p, yaml_document_get_node(&p->document, *item), rule, &text);
		texts[count++] = (char *)text;
	}
	*ret = texts;
	return r;
}

/* One word of a fixed list. */
struct word {
	const char *text;
	unsigned value;
};

static int
read_word(struct parser *p, yaml_node_t *node, const struct word *words, unsigned *ret)
{
	for (; words->text; words++) {
		if (strcmp(words->text, scalar(node)) == 0) {
			*ret = words->value;
			return KS_OK;
		}
	}
	return complain_syntax(p, &node->start_mark,
	                       "not a word that this key can have:", scalar(node));
}

static int
read_words(struct parser *p, yaml_node_t *node, const struct word *words, unsigned *conditions)
{
	yaml_node_item_t *item;
	int r = KS_OK;

	if (node->type != YAML_SEQUENCE_NODE)
		return complain_syntax(p, &node->start_mark, "a list is wanted here", "");
	for (item = node->data.sequence.items.start; item < node->data.sequence.items.top; item++) {
		unsigned value = 0;
		int of_item = read_word(p, yaml_document_get_node(&p->document, *item), words,
		                        &value);
		*conditions |= value;
		r = r == KS_OK ? of_item : r;
	}
	return r;
}

/* "20..", "20..40" or "32" */
static bool
parse_length(const char *text, unsigned *ret_min, unsigned *ret_max)
{
	unsigned min, max;
	char end;

	if (strspn(text, "0123456789.") != strlen(text) || strlen(text) > 8)
		return false;
	if (sscanf(text, "%u..%u%c", &min, &max, &end) == 2) {
		*ret_min = min;
		*ret_max = max;
		return max > 0;
	}
	*ret_max = 0;
	if (sscanf(text, "%u.%c%c", ret_min, &end, &end) == 2 && strstr(text, ".."))
		return true;
	if (strchr(text, '.') || sscanf(text, "%u", &min) != 1)
		return false;
	*ret_min = *ret_max = min;
	return true;
}

static int
read_length(struct parser *p, yaml_node_t *node, struct ks_rule *rule)
{
	if (!parse_length(scalar(node), &rule->min, &rule->max))
		return complain_syntax(p, &node->start_mark,
		                       "a length is written 20.. or 20..40 or 32", "");
	return KS_OK;
}

/* --------------------------------------------------------------------- keys ---- */

static const struct {
	const char *name;
	bool is_needed;
} keys[KEY_NONE] = {
	[KEY_ID] = { "id", true },
	[KEY_PROVIDER] = { "provider", false },
	[KEY_TITLE] = { "title", false },
	[KEY_KIND] = { "kind", false },
	[KEY_TRIGGER] = { "trigger", true },
	[KEY_BODY] = { "body", true },
	[KEY_LENGTH] = { "length", true },
	[KEY_BOUNDARY] = { "boundary", false },
	[KEY_REQUIRE] = { "require", false },
	[KEY_REFUSE] = { "refuse", false },
	[KEY_FOLLOW] = { "follow", false },
	[KEY_BEFORE] = { "before", false },
	[KEY_REVOKE] = { "revoke", false },
	[KEY_EXAMPLES] = { "examples", true },
	[KEY_COUNTEREXAMPLES] = { "counterexamples", false },
};

static const struct word kind_words[] = {
	{ "provider", KS_KIND_PROVIDER },
	{ "carrier", KS_KIND_CARRIER },
	{ NULL, 0 },
};

static const struct word boundary_words[] = {
	{ "none", KS_BOUNDARY_NONE },
	{ "alnum", KS_BOUNDARY_ALNUM },
	{ "word", KS_BOUNDARY_WORD },
	{ "token", KS_BOUNDARY_TOKEN },
	{ NULL, 0 },
};

static const struct word require_words[] = {
	{ "digit", KS_REQUIRE_DIGIT },
	{ "upper", KS_REQUIRE_UPPER },
	{ "lower", KS_REQUIRE_LOWER },
	{ NULL, 0 },
};

static const struct word refuse_words[] = {
	{ "placeholder", KS_REFUSE_PLACEHOLDER },
	{ NULL, 0 },
};

static int
read_value(struct parser *p, enum key key, yaml_node_t *node, struct file_rule *file_rule)
{
	struct ks_rule *rule = &file_rule->rule;
	unsigned word = 0;
	int r;

	switch (key) {
	case KEY_ID:
		return read_text(p, node, file_rule, &rule->id);
	case KEY_PROVIDER:
		return read_text(p, node, file_rule, &rule->provider);
	case KEY_TITLE:
		return read_text(p, node, file_rule, &rule->title);
	case KEY_KIND:
		r = read_word(p, node, kind_words, &word);
		rule->kind = (enum ks_kind)word;
		return r;
	case KEY_TRIGGER:
		return read_text(p, node, file_rule, &rule->trigger);
	case KEY_BODY:
		return read_text(p, node, file_rule, &rule->body);
	case KEY_LENGTH:
		return read_length(p, node, rule);
	case KEY_BOUNDARY:
		r = read_word(p, node, boundary_words, &word);
		rule->boundary = (enum ks_boundary)word;
		return r;
	case KEY_REQUIRE:
		return read_words(p, node, require_words, &rule->conditions);
	case KEY_REFUSE:
		return read_words(p, node, refuse_words, &rule->conditions);
	case KEY_FOLLOW:
		return read_text(p, node, file_rule, &rule->follow);
	case KEY_BEFORE:
		return read_text(p, node, file_rule, &rule->before);
	case KEY_REVOKE:
		return read_text(p, node, file_rule, &rule->revoke);
	case KEY_EXAMPLES:
		return read_texts(p, node, file_rule, &file_rule->examples);
	case KEY_COUNTEREXAMPLES:
		return read_texts(p, node, file_rule, &file_rule->counterexamples);
	case KEY_NONE:
		break;
	}
	return KS_OK;
}

/* --------------------------------------------------------------------- rules ---- */

static enum key
find_key(const char *name)
{
	unsigned key = 0;

	while (key < KEY_NONE && strcmp(keys[key].name, name) != 0)
		key++;
	return (enum key)key;
}

static int
collect_keys(struct parser *p, struct rule_nodes *nodes)
{
	yaml_node_pair_t *pair = nodes->self->data.mapping.pairs.start;
	int r = KS_OK;

	for (; pair < nodes->self->data.mapping.pairs.top; pair++) {
		yaml_node_t *name = yaml_document_get_node(&p->document, pair->key);
		enum key key = find_key(scalar(name));

		if (key == KEY_NONE)
			r = complain_syntax(p, &name->start_mark, "unknown key", scalar(name));
		else if (nodes->values[key])
			r = complain_syntax(p, &name->start_mark, "a second key", scalar(name));
		else
			nodes->values[key] = yaml_document_get_node(&p->document, pair->value);
	}
	for (unsigned key = 0; key < KEY_NONE; key++) {
		if (keys[key].is_needed && !nodes->values[key])
			r = complain_syntax(p, &nodes->self->start_mark, "the rule has no key",
			                    keys[key].name);
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
	if (*error.key && find_key(error.key) != KEY_NONE && nodes->values[find_key(error.key)])
		at = nodes->values[find_key(error.key)];
	complain(p, &error, &at->start_mark);
	return r;
}

static int
read_rule(struct parser *p, yaml_node_t *node, struct file_rule *rule)
{
	struct rule_nodes nodes = { .self = node };
	int r;

	rule->line = (unsigned)node->start_mark.line + 1;
	if (node->type != YAML_MAPPING_NODE)
		return complain_syntax(p, &node->start_mark, "a rule is a mapping of keys", "");
	r = collect_keys(p, &nodes);
	for (unsigned key = 0; key < KEY_NONE; key++) {
		int of_value = nodes.values[key]
		                       ? read_value(p, (enum key)key, nodes.values[key], rule)
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
	for (size_t i = 0; i < file->count; i++) {
		if (strcmp(file->rules[i].rule.id, rule.rule.id) == 0)
			(void)complain_syntax(p, &node->start_mark, "a second rule of the id",
			                      rule.rule.id);
	}
	if (file->count == file->max) {
		size_t max = file->max ? 2 * file->max : 16;
		struct file_rule *grown = realloc(file->rules, max * sizeof(*grown));
		if (!grown) {
			ks_file_rule_done(&rule);
			return out_of_memory(p);
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
		return complain_syntax(p, &start, "no rules in this file", "");
	if (root->type != YAML_SEQUENCE_NODE)
		return complain_syntax(p, &root->start_mark, "a rule file is a list of rules", "");
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
		(void)out_of_memory(p);
	else
		(void)complain_syntax(p, &mark, yaml->problem ? yaml->problem : "not valid YAML",
		                      "");
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
		(void)complain_syntax(p, &root->start_mark, "a second document in this file", "");
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
		return complain_syntax(&p, &start, "brackets nested too deeply", "");
	}
	if (!yaml_parser_initialize(&yaml))
		return out_of_memory(&p);
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
