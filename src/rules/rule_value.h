/* SPDX-License-Identifier: Apache-2.0 */
/* The values of a rule's keys, from YAML nodes; and complaints, with their places. */
#pragma once

#include <stdbool.h>
#include <yaml.h>

#include "rulefile.h"

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
	KEY_MASK,
	KEY_KEEP_LAST,
	KEY_EXAMPLES,
	KEY_COUNTEREXAMPLES,
	KEY_NONE
};

/* A file on its way. */
struct parser {
	yaml_document_t document;
	const char *name;
	const char *text;
	size_t len;
	enum rulefile_check check;
	ks_error_fn on_error;
	void *ctx;
	int status; /* of the first error */
};

/* The place of a mark, which counts from 0. */
struct place ks_place_of(const yaml_mark_t *mark);

/* Tell of an error, or with status KS_OK a warning, at a place; *error gets the place. */
void ks_parser_complain(struct parser *p, struct ks_error *error, const yaml_mark_t *mark);

/*
 * The same for text that is not of the right form. which is a name to show behind what, or empty; what
 * is no plain name is not shown, for it may be a log's. Returns KS_ERROR_SYNTAX.
 */
int ks_parser_complain_syntax(struct parser *p, const yaml_mark_t *mark, const char *what,
                              const char *which);

/* Returns KS_ERROR_MEMORY. */
int ks_parser_out_of_memory(struct parser *p);

/* The text of a scalar; of anything else, or if it holds a NUL byte, one that nothing equals. */
const char *ks_node_scalar(const yaml_node_t *node);

/* The key of that name, or KEY_NONE. */
enum key ks_key_find(const char *name);
const char *ks_key_name(enum key key);
bool ks_key_is_needed(enum key key);

/* Keep a copy of text for as long as the rule lives. NULL when memory is out. */
const char *ks_file_rule_keep(struct file_rule *rule, const char *text);

/* Read a key's value into rule. Returns 0 or the status of what it complained about. */
int ks_rule_value_read(struct parser *p, enum key key, yaml_node_t *node, struct file_rule *rule);
