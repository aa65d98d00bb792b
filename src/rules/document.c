/* SPDX-License-Identifier: Apache-2.0 */
/* libyaml's document tree, and what it leaves to be looked after: depth, a second document, places. */
#include "document.h"

#define NESTING_MAX 1000 /* brackets open at once in a file */

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

/* libyaml gives no error when there is no memory for a node's tag. */
static bool
ran_out(const yaml_parser_t *yaml)
{
	return yaml->error == YAML_MEMORY_ERROR || yaml->error == YAML_NO_ERROR;
}

static void
complain_yaml(struct parser *p, const yaml_parser_t *yaml)
{
	yaml_mark_t mark = yaml->problem_mark;

	if (yaml->error == YAML_READER_ERROR)
		mark = mark_of(p, yaml->problem_offset);
	if (ran_out(yaml))
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
ks_document_read(struct parser *p, ks_document_fn read, void *ctx)
{
	yaml_parser_t yaml;

	if (is_nested_too_deeply(p->text, p->len)) {
		yaml_mark_t start = { 0 };
		return ks_parser_complain_syntax(p, &start, "brackets nested too deeply", "");
	}
	if (!yaml_parser_initialize(&yaml))
		return ks_parser_out_of_memory(p);
	yaml_parser_set_input_string(&yaml, (const unsigned char *)p->text, p->len);
	if (yaml_parser_load(&yaml, &p->document)) {
		(void)read(p, yaml_document_get_root_node(&p->document), ctx);
		yaml_document_delete(&p->document);
		refuse_second_document(p, &yaml);
	} else {
		complain_yaml(p, &yaml);
	}
	yaml_parser_delete(&yaml);
	return p->status;
}
