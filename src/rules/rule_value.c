/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading values. A wrong one is complained about where it stands, and reading goes on, so that one
 * run shows everything that is wrong with a file.
 */
#include "rule_value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "word.h"

/* --------------------------------------------------------------------- errors ---- */

struct place
ks_place_of(const yaml_mark_t *mark)
{
	return (struct place){ (unsigned)mark->line + 1, (unsigned)mark->column + 1 };
}

void
ks_parser_complain(struct parser *p, struct ks_error *error, const yaml_mark_t *mark)
{
	struct place place = ks_place_of(mark);

	ks_error_place(error, p->name, place.line, place.column);
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
int
ks_parser_complain_syntax(struct parser *p, const yaml_mark_t *mark, const char *what,
                          const char *which)
{
	struct ks_error error = { .status = KS_ERROR_SYNTAX };

	if (!is_plain_name(which))
		which = "";

	(void)snprintf(error.text, sizeof(error.text), "%s%s%.20s%s", what, *which ? " '" : "",
	               which, *which ? "'" : "");
	ks_parser_complain(p, &error, mark);
	return KS_ERROR_SYNTAX;
}

int
ks_parser_out_of_memory(struct parser *p)
{
	struct ks_error error = { .status = KS_ERROR_MEMORY, .text = "out of memory" };
	yaml_mark_t start = { 0 };

	ks_parser_complain(p, &error, &start);
	return KS_ERROR_MEMORY;
}
/* ------------------------------------------------------------------ owned text ---- */

/* Give the rule a block of memory to free. Returns it, or NULL when memory is out. */
static void *
own(struct file_rule *rule, void *block)
{
	void **grown = block ? realloc(rule->owned, (rule->owned_count + 1) * sizeof(*grown))
	                     : NULL;

	if (!grown) {
		free(block);
		return NULL;
	}
	rule->owned = grown;
	rule->owned[rule->owned_count++] = block;
	return block;
}

const char *
ks_file_rule_keep(struct file_rule *rule, const char *text)
{
	return own(rule, strdup(text));
}

/* ------------------------------------------------------------------- values ---- */

const char *
ks_node_scalar(const yaml_node_t *node)
{
	const char *text = (const char *)node->data.scalar.value;

	if (node->type != YAML_SCALAR_NODE || strlen(text) != node->data.scalar.length)
		return "";
	return text;
}

static int
read_text(struct parser *p, yaml_node_t *node, struct file_rule *rule, const char **ret)
{
	if (!*ks_node_scalar(node))
		return ks_parser_complain_syntax(p, &node->start_mark,
		                                 "a text without NUL bytes is wanted here", "");
	*ret = ks_file_rule_keep(rule, ks_node_scalar(node));
	return *ret ? KS_OK : ks_parser_out_of_memory(p);
}

static int
read_texts(struct parser *p, yaml_node_t *node, struct file_rule *rule, struct file_texts *ret)
{
	struct place *places;
	const char **items;
	yaml_node_item_t *item;
	size_t count, n = 0;
	int r = KS_OK;

	if (node->type != YAML_SEQUENCE_NODE)
		return ks_parser_complain_syntax(p, &node->start_mark,
		                                 "a list of texts is wanted here", "");
	item = node->data.sequence.items.start;
	if (item == node->data.sequence.items.top)
		return ks_parser_complain_syntax(p, &node->start_mark, "an empty list", "");
	count = (size_t)(node->data.sequence.items.top - item);
	items = own(rule, calloc(count + 1, sizeof(*items)));
	places = own(rule, calloc(count, sizeof(*places)));
	if (!items || !places)
		return ks_parser_out_of_memory(p);
	for (; n < count; n++) {
		yaml_node_t *of_item = yaml_document_get_node(&p->document, item[n]);
		const char *text = NULL;
		int of_text = read_text(p, of_item, rule, &text);

		items[n] = text;
		places[n] = ks_place_of(&of_item->start_mark);
		r = r == KS_OK ? of_text : r;
	}
	*ret = (struct file_texts){ items, places };
	return r;
}

static int
read_word(struct parser *p, yaml_node_t *node, const struct word *words, unsigned *ret)
{
	for (; words->text; words++) {
		if (strcmp(words->text, ks_node_scalar(node)) == 0) {
			*ret = words->value;
			return KS_OK;
		}
	}
	return ks_parser_complain_syntax(
		p, &node->start_mark, "not a word that this key can have:", ks_node_scalar(node));
}

static int
read_words(struct parser *p, yaml_node_t *node, const struct word *words, unsigned *conditions)
{
	yaml_node_item_t *item;
	int r = KS_OK;

	if (node->type != YAML_SEQUENCE_NODE)
		return ks_parser_complain_syntax(p, &node->start_mark, "a list is wanted here", "");
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
	if (!parse_length(ks_node_scalar(node), &rule->min, &rule->max))
		return ks_parser_complain_syntax(p, &node->start_mark,
		                                 "a length is written 20.. or 20..40 or 32", "");
	return KS_OK;
}

static int
read_keep_last(struct parser *p, yaml_node_t *node, struct ks_rule *rule)
{
	const char *text = ks_node_scalar(node);

	if (text[0] < '0' || text[0] > '0' + (char)KS_KEEP_LAST_MAX || text[1])
		return ks_parser_complain_syntax(p, &node->start_mark,
		                                 "keep-last is a number from 0 to 4", "");
	rule->has_keep_last = 1;
	rule->keep_last = (unsigned)(text[0] - '0');
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
	[KEY_MASK] = { "mask", false },
	[KEY_KEEP_LAST] = { "keep-last", false },
	[KEY_EXAMPLES] = { "examples", true },
	[KEY_COUNTEREXAMPLES] = { "counterexamples", false },
};

int
ks_rule_value_read(struct parser *p, enum key key, yaml_node_t *node, struct file_rule *file_rule)
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
		r = read_word(p, node, ks_kind_words, &word);
		rule->kind = (enum ks_kind)word;
		return r;
	case KEY_TRIGGER:
		return read_text(p, node, file_rule, &rule->trigger);
	case KEY_BODY:
		return read_text(p, node, file_rule, &rule->body);
	case KEY_LENGTH:
		return read_length(p, node, rule);
	case KEY_BOUNDARY:
		r = read_word(p, node, ks_boundary_words, &word);
		rule->boundary = (enum ks_boundary)word;
		return r;
	case KEY_REQUIRE:
		return read_words(p, node, ks_require_words, &rule->conditions);
	case KEY_REFUSE:
		return read_words(p, node, ks_refuse_words, &rule->conditions);
	case KEY_FOLLOW:
		return read_text(p, node, file_rule, &rule->follow);
	case KEY_BEFORE:
		return read_text(p, node, file_rule, &rule->before);
	case KEY_REVOKE:
		return read_text(p, node, file_rule, &rule->revoke);
	case KEY_MASK:
		r = read_word(p, node, ks_mask_words, &word);
		rule->mask = (enum ks_mask)word;
		return r;
	case KEY_KEEP_LAST:
		return read_keep_last(p, node, rule);
	case KEY_EXAMPLES:
		return read_texts(p, node, file_rule, &file_rule->examples);
	case KEY_COUNTEREXAMPLES:
		return read_texts(p, node, file_rule, &file_rule->counterexamples);
	case KEY_NONE:
		break;
	}
	return KS_OK;
}

enum key
ks_key_find(const char *name)
{
	unsigned key = 0;

	while (key < KEY_NONE && strcmp(keys[key].name, name) != 0)
		key++;
	return (enum key)key;
}

const char *
ks_key_name(enum key key)
{
	return keys[key].name;
}

bool
ks_key_is_needed(enum key key)
{
	return keys[key].is_needed;
}
