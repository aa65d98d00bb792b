/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A setting is kept as text, and becomes an option's value by the code that reads the command line, so
 * that both take and refuse the same.
 */
#include "config_setting.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

void
ks_setting_done(struct setting *setting)
{
	for (size_t i = 0; i < setting->count; i++)
		free(setting->texts[i]);
	free(setting->texts);
}

static int
complain(struct parser *p, const yaml_node_t *node, const char *what, const char *which)
{
	return ks_parser_complain_syntax(p, &node->start_mark, what, which);
}

/* Takes text, which may be NULL: memory is out. */
static int
keep_text(struct parser *p, struct setting *setting, char *text)
{
	char **grown = text ? realloc(setting->texts, (setting->count + 1) * sizeof(*grown)) : NULL;

	if (!grown) {
		free(text);
		return ks_parser_out_of_memory(p);
	}
	setting->texts = grown;
	setting->texts[setting->count++] = text;
	return KS_OK;
}

/* ----------------------------------------------------------------------- values ---- */

static bool
is_plain(const yaml_node_t *node)
{
	return node->type == YAML_SCALAR_NODE && node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

bool
ks_setting_is_null(const yaml_node_t *node)
{
	const char *text = ks_node_scalar(node);

	return is_plain(node) && (!*text || strcmp(text, "~") == 0 || strcmp(text, "null") == 0);
}

/* YAML's words, of which 1 and 0 are none. */
static bool
is_switch(const yaml_node_t *node, bool *ret_on)
{
	const char *text = ks_node_scalar(node);

	return is_plain(node) && *text && strcmp(text, "0") != 0 && strcmp(text, "1") != 0 &&
	       ks_option_parse_switch(text, ret_on);
}

/* A path, and not another word that can stand in a path's place? */
static bool
is_path(const struct option_row *row, const char *text)
{
	bool is_directory = strncmp(row->argument, "DIR", 3) == 0;

	if (strncmp(row->argument, "FILE", 4) != 0 && !is_directory)
		return false;
	if (is_directory && strcmp(text, "none") == 0)
		return false;
	if (strncmp(text, "fd:", 3) == 0)
		return false;
	return strcmp(row->name, "rules") != 0 || !ks_pack_exists(text);
}

/* A path is one of the file's own directory, wherever keysieve runs. */
static char *
resolve(const char *file, const struct option_row *row, const char *text)
{
	const char *slash = strrchr(file, '/');
	char *path;

	if (*text == '/' || !slash || !is_path(row, text))
		return strdup(text);
	if (asprintf(&path, "%.*s%s", (int)(slash + 1 - file), file, text) < 0)
		return NULL;
	return path;
}

static int
read_text(struct parser *p, const yaml_node_t *node, struct setting *setting)
{
	const char *text = ks_node_scalar(node);
	bool is_on;

	if (node->type != YAML_SCALAR_NODE)
		return complain(p, node, "one value is wanted here, for", setting->row->name);
	if (!*text || ks_setting_is_null(node) || is_switch(node, &is_on))
		return complain(p, node, "a text, in quotes if need be, is wanted here, for",
		                setting->row->name);
	return keep_text(p, setting, resolve(p->name, setting->row, text));
}

static int
read_list(struct parser *p, const yaml_node_t *node, struct setting *setting)
{
	yaml_node_item_t *item;
	int r = KS_OK;

	if (node->type != YAML_SEQUENCE_NODE)
		return read_text(p, node, setting);
	item = node->data.sequence.items.start;
	for (; item < node->data.sequence.items.top; item++) {
		yaml_node_t *text = yaml_document_get_node(&p->document, *item);

		if (read_text(p, text, setting) != KS_OK)
			r = KS_ERROR_SYNTAX;
	}
	return r;
}

int
ks_setting_read(struct setting *setting, struct parser *p, const yaml_node_t *node)
{
	struct options none = { 0 };

	if (ks_option_list(&none, setting->row))
		return read_list(p, node, setting);
	if (setting->row->argument)
		return read_text(p, node, setting);
	if (is_switch(node, &setting->is_on))
		return KS_OK;
	return complain(p, node, "true or false is wanted here, for", setting->row->name);
}

/* ------------------------------------------------------------------------ taking ---- */

static int
take(struct options *o, const struct setting *setting)
{
	int r = 0;

	if (!setting->row->argument)
		return setting->is_on ? ks_option_apply(o, setting->row, NULL) : 0;
	for (size_t i = 0; r == 0 && i < setting->count; i++)
		r = ks_option_apply(o, setting->row, setting->texts[i]);
	return r;
}

int
ks_setting_take(const struct setting *setting, const char *file, struct options *o)
{
	char origin[300];
	int r;

	(void)snprintf(origin, sizeof(origin), "%.250s:%u:%u", file, setting->place.line,
	               setting->place.column);
	o->origin = origin;
	r = take(o, setting);
	o->origin = NULL;
	return r == EXIT_USAGE ? EXIT_CONFIG : r;
}

int
ks_setting_try(const struct setting *setting, struct parser *p)
{
	struct setting copy = *setting; /* taking changes texts */
	struct options trial = { .command = ks_command_get(0) };
	int r = KS_OK;

	copy.texts = NULL;
	copy.count = 0;
	for (size_t i = 0; r == KS_OK && i < setting->count; i++)
		r = keep_text(p, &copy, strdup(setting->texts[i]));
	if (r == KS_OK && ks_setting_take(&copy, p->name, &trial) != 0)
		r = p->status = KS_ERROR_SYNTAX;
	ks_options_done(&trial);
	ks_setting_done(&copy);
	return r;
}
