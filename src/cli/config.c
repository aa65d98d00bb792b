/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which settings there are, and which of them count for a command. A mistake does not stop the look at the rest, so that one run shows all of them.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "config_file.h"
#include "config_setting.h"
#include "document.h"
#include "message.h"

struct config {
	char *path;
	struct setting *settings;
	size_t count;
	unsigned sections; /* enum command_bit */
};

/* What is wanted of a section, or of the file outside sections (command is NULL). */
struct reader {
	struct parser *parser;
	struct config *config;
	const struct command *command;
};

/* ----------------------------------------------------------------------- memory ---- */

void
ks_config_free(struct config *config)
{
	if (!config)
		return;
	for (size_t i = 0; i < config->count; i++)
		ks_setting_done(&config->settings[i]);
	free(config->settings);
	free(config->path);
	free(config);
}

static int
complain(const struct reader *reader, const yaml_node_t *node, const char *what, const char *which)
{
	return ks_parser_complain_syntax(reader->parser, &node->start_mark, what, which);
}

/* ---------------------------------------------------------------------- settings ---- */

/* The row of that name, if there is one of the reader's command. */
static const struct option_row *
find_row(const struct reader *reader, const char *name)
{
	const struct option_row *found = NULL;

	for (size_t i = 0; i < ks_option_count(); i++) {
		const struct option_row *row = ks_option_row(i);

		if (strcmp(row->name, name) != 0)
			continue;
		if (!reader->command || ks_option_belongs(row, reader->command))
			return row;
		found = row;
	}
	return found;
}

static bool
is_second(const struct reader *reader, const struct option_row *row)
{
	const struct config *config = reader->config;

	for (size_t i = 0; i < config->count; i++) {
		if (config->settings[i].row == row &&
		    config->settings[i].section == reader->command)
			return true;
	}
	return false;
}

/* One that has something to configure; or NULL. */
static const struct command *
section_named(const char *name)
{
	const struct command *command = ks_command_named(name);

	for (size_t i = 0; command && i < ks_option_count(); i++) {
		const struct option_row *row = ks_option_row(i);

		if (ks_option_belongs(row, command) && ks_option_place(row) != PLACE_COMMAND_LINE)
			return command;
	}
	return NULL;
}

static int
check_name(const struct reader *reader, const yaml_node_t *node, const struct option_row *row)
{
	const char *name = ks_node_scalar(node);
	char text[100];

	if (!row && !reader->command && section_named(name))
		return complain(reader, node, "options, name: value, are wanted here, for", name);
	if (!row)
		return complain(reader, node, "unknown key", name);
	if (reader->command && !ks_option_belongs(row, reader->command)) {
		(void)snprintf(text, sizeof(text), "keysieve %s has no option",
		               ks_command_name(reader->command));
		return complain(reader, node, text, name);
	}
	if (ks_option_place(row) == PLACE_COMMAND_LINE)
		return complain(reader, node, "only the command line can have", name);
	if (!reader->command && ks_option_place(row) == PLACE_SECTION)
		return complain(reader, node,
		                "commands cannot share what it writes: put it under the name of "
		                "one, such as follow:, not here:",
		                name);
	if (is_second(reader, row))
		return complain(reader, node, "a second key", name);
	return KS_OK;
}

/* Takes the setting. */
static int
add_setting(const struct reader *reader, struct setting *setting)
{
	struct config *config = reader->config;
	struct setting *grown = realloc(config->settings, (config->count + 1) * sizeof(*grown));

	if (!grown) {
		ks_setting_done(setting);
		return ks_parser_out_of_memory(reader->parser);
	}
	config->settings = grown;
	config->settings[config->count++] = *setting;
	return KS_OK;
}

static int
read_setting(const struct reader *reader, const yaml_node_t *name, const yaml_node_t *value)
{
	struct setting setting = { .row = find_row(reader, ks_node_scalar(name)),
		                   .section = reader->command,
		                   .place = ks_place_of(&value->start_mark) };
	int r = check_name(reader, name, setting.row), of_adding;

	if (r != KS_OK)
		return r;
	r = ks_setting_read(&setting, reader->parser, value);
	if (r == KS_OK)
		r = ks_setting_try(&setting, reader->parser);
	of_adding = add_setting(reader, &setting); /* a wrong one too: it can have a second */
	return r == KS_OK ? of_adding : r;
}

/* ---------------------------------------------------------------------- sections ---- */

static void read_pairs(const struct reader *reader, const yaml_node_t *mapping);

static int
read_section(const struct reader *outer, const yaml_node_t *name, const yaml_node_t *value)
{
	const struct command *command = section_named(ks_node_scalar(name));
	struct config *config = outer->config;
	struct reader reader = { outer->parser, config, command };

	if (!command)
		return complain(outer, name, "no command has this name, or options for a file:",
		                ks_node_scalar(name));
	if (ks_config_has_section(config, command))
		return complain(outer, name, "a second key", ks_node_scalar(name));
	config->sections |= command->bit;
	if (value->type == YAML_MAPPING_NODE)
		read_pairs(&reader, value);
	return KS_OK;
}

/* A name that is a command's and an option's too, such as follow, is a section's if a mapping follows. */
static bool
is_section(const struct reader *reader, const yaml_node_t *name, const yaml_node_t *value)
{
	if (reader->command)
		return false;
	if (value->type == YAML_MAPPING_NODE)
		return !find_row(reader, ks_node_scalar(name)) ||
		       section_named(ks_node_scalar(name));
	return ks_setting_is_null(value) && section_named(ks_node_scalar(name));
}

static void
read_pairs(const struct reader *reader, const yaml_node_t *mapping)
{
	yaml_document_t *document = &reader->parser->document;
	yaml_node_pair_t *pair = mapping->data.mapping.pairs.start;

	for (; pair < mapping->data.mapping.pairs.top; pair++) {
		yaml_node_t *name = yaml_document_get_node(document, pair->key);
		yaml_node_t *value = yaml_document_get_node(document, pair->value);

		if (is_section(reader, name, value))
			(void)read_section(reader, name, value);
		else
			(void)read_setting(reader, name, value);
	}
}

static int
read_document(struct parser *p, yaml_node_t *root, void *ctx)
{
	struct reader reader = { p, ctx, NULL };

	if (!root || ks_setting_is_null(root))
		return KS_OK; /* nothing but comments */
	if (root->type != YAML_MAPPING_NODE)
		return complain(&reader, root, "a configuration is made of options: 'name: value'",
		                "");
	read_pairs(&reader, root);
	return p->status;
}

/* ------------------------------------------------------------------------ public ---- */

static void
tell(void *ctx, const struct ks_error *error)
{
	(void)ctx;
	ks_message_error(error);
}

static int
read_config(struct config *config)
{
	struct parser parser = { .name = config->path, .on_error = tell };
	char *text = NULL;
	int r = ks_config_file_read(config->path, &text, &parser.len);

	if (r != 0)
		return r;
	parser.text = text;
	r = ks_document_read(&parser, read_document, config);
	free(text);
	if (r == KS_ERROR_MEMORY)
		return EXIT_INTERNAL;
	return r == KS_OK ? 0 : EXIT_CONFIG;
}

int
ks_config_read(const char *path, struct config **ret_config)
{
	struct config *config;
	int r;

	*ret_config = NULL;
	if (path && (!*path || strcmp(path, "none") == 0))
		return 0;
	if (!path && access(CONFIG_FILE, F_OK) < 0 && errno == ENOENT)
		return 0;
	config = calloc(1, sizeof(*config));
	if (config)
		config->path = strdup(path ? path : CONFIG_FILE);
	if (!config || !config->path) {
		ks_message("out of memory");
		ks_config_free(config);
		return EXIT_INTERNAL;
	}
	r = read_config(config);
	if (r != 0)
		ks_config_free(config);
	else
		*ret_config = config;
	return r;
}

static struct setting *
find_setting(const struct config *config, const struct option_row *row,
             const struct command *section)
{
	for (size_t i = 0; i < config->count; i++) {
		struct setting *setting = &config->settings[i];

		if (setting->section == section && strcmp(setting->row->name, row->name) == 0)
			return setting;
	}
	return NULL;
}

int
ks_config_apply(struct config *config, const struct option_row *row, struct options *o,
                struct option_given *given)
{
	const struct setting *setting = NULL;

	if (config)
		setting = find_setting(config, row, o->command);
	if (config && !setting)
		setting = find_setting(config, row, NULL);
	if (!setting)
		return 0;
	*given = (struct option_given){ .source = SOURCE_FILE,
		                        .line = setting->place.line,
		                        .text = setting->count > 0 ? setting->texts[0] : NULL,
		                        .is_off = !setting->row->argument && !setting->is_on };
	return ks_setting_take(setting, config->path, o);
}

const char *
ks_config_path(const struct config *config)
{
	return config ? config->path : NULL;
}

bool
ks_config_has_section(const struct config *config, const struct command *command)
{
	return config && (config->sections & command->bit);
}
