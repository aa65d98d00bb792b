/* SPDX-License-Identifier: Apache-2.0 */
/* Options from the command line, the environment and the file: what comes first wins, as a whole. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "config.h"
#include "message.h"
#include "option_table.h"

#define ROWS_MAX 128

/* ---------------------------------------------------------------- command line ---- */

static void
fill_getopt(const struct options *o, struct option *longs, char *shorts)
{
	if (o->command->bit & (COMMAND_CHECK_CONFIG | COMMAND_COMPLETION))
		*shorts++ = '+'; /* what follows is another command line */
	*shorts++ = ':';         /* tell a missing argument from an unknown option */
	for (size_t i = 0; i < ks_option_count(); i++) {
		const struct option_row *row = ks_option_row(i);

		if (!ks_option_belongs(row, o->command))
			continue;
		*longs++ = (struct option){ row->name, ks_option_kind(row), NULL, row->key };
		if (row->key < 256) {
			*shorts++ = (char)row->key;
			for (int n = ks_option_kind(row); n > 0; n--)
				*shorts++ = ':'; /* one for a needed argument, two for another */
		}
	}
	*longs = (struct option){ 0 };
	*shorts = '\0';
}

static int
complain_option(const struct options *o, int problem, char **argv)
{
	const char *given = argv[optind - 1];
	int shown = (int)strcspn(given, "="); /* what is behind it may be a secret value */
	char text[200];

	for (size_t i = 0; problem == '?' && i < ks_option_count(); i++) {
		if (optopt == ks_option_row(i)->key && strchr(given, '=')) {
			ks_message("option '--%s' takes no argument", ks_option_row(i)->name);
			return EXIT_USAGE;
		}
	}
	if (problem == ':')
		(void)snprintf(text, sizeof(text), "option '%.100s' needs an argument", given);
	else if (optopt > 0 && optopt < 256)
		(void)snprintf(text, sizeof(text), "unknown option '-%c'", optopt);
	else
		(void)snprintf(text, sizeof(text), "unknown option '%.*s'",
		               shown < 100 ? shown : 100, given);
	return ks_option_complain(o, text);
}

/* The row of a key that getopt_long() found among those of the command. */
static size_t
find_row(const struct options *o, int key)
{
	size_t i = 0;

	while (ks_option_row(i)->key != key || !ks_option_belongs(ks_option_row(i), o->command))
		i++;
	return i;
}

static int
read_command_line(struct options *o, int argc, char **argv)
{
	struct option longs[ROWS_MAX + 1];
	char shorts[3 * ROWS_MAX + 3];
	int key, r = 0;

	fill_getopt(o, longs, shorts);
	opterr = 0;
	optind = 0; /* this may be the second command line */
	while (r == 0 && (key = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		size_t i;

		if (key == '?' || key == ':')
			return complain_option(o, key, argv);
		i = find_row(o, key);
		o->given[i] = (struct option_given){ .source = SOURCE_COMMAND_LINE,
			                             .text = optarg };
		r = ks_option_apply(o, ks_option_row(i), optarg);
	}
	o->files = argv + optind;
	return r;
}

/* ----------------------------------------------------------------- environment ---- */

static int
take_list(struct options *o, const struct option_row *row, struct text_list *list, const char *text)
{
	list->owned = strdup(text);
	if (!list->owned) {
		ks_message("out of memory");
		return EXIT_INTERNAL;
	}
	return ks_option_list_add(o, list, list->owned, ks_option_is_path_list(row) ? ":" : ", ");
}

static int
take_switch(struct options *o, const struct option_row *row, struct option_given *given,
            const char *name, const char *text)
{
	bool is_on;

	if (!ks_option_parse_switch(text, &is_on)) {
		ks_message("%s: must be 0 or 1", name);
		return EXIT_USAGE;
	}
	given->is_off = !is_on;
	return is_on ? ks_option_apply(o, row, NULL) : 0;
}

/* An empty variable is as good as none. */
static int
take_variable(struct options *o, const struct option_row *row, struct option_given *given)
{
	struct text_list *list = ks_option_list(o, row);
	char name[64], *text;
	bool is_on;

	ks_option_environment_name(row, name, sizeof(name));
	text = getenv(name);
	if (!text || !*text)
		return 0;
	given->source = SOURCE_ENVIRONMENT;
	if (list)
		return take_list(o, row, list, text);
	if (!row->argument ||
	    (ks_option_kind(row) == optional_argument && ks_option_parse_switch(text, &is_on)))
		return take_switch(o, row, given, name, text);
	given->text = text;
	return ks_option_apply(o, row, text);
}

static int
read_environment(struct options *o)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ks_option_count(); i++) {
		const struct option_row *row = ks_option_row(i);

		if (o->given[i].source == SOURCE_NONE && ks_option_belongs(row, o->command) &&
		    ks_option_has_environment(row))
			r = take_variable(o, row, &o->given[i]);
	}
	return r;
}

/* ------------------------------------------------------------------------ file ---- */

static int
read_file(struct options *o)
{
	int r = ks_config_read(o->config, &o->settings);

	for (size_t i = 0; r == 0 && i < ks_option_count(); i++) {
		const struct option_row *row = ks_option_row(i);

		if (o->given[i].source == SOURCE_NONE && ks_option_belongs(row, o->command))
			r = ks_config_apply(o->settings, row, o, &o->given[i]);
	}
	return r;
}

bool
ks_option_is_configured(const struct command *command)
{
	for (size_t i = 0; i < ks_option_count(); i++) {
		if (ks_option_belongs(ks_option_row(i), command) &&
		    strcmp(ks_option_row(i)->name, "config") == 0)
			return true;
	}
	return false;
}

int
ks_options_read(struct options *o, int argc, char **argv)
{
	int r;

	if (ks_option_count() > ROWS_MAX)
		return EXIT_INTERNAL;
	o->given = calloc(ks_option_count(), sizeof(*o->given));
	if (!o->given) {
		ks_message("out of memory");
		return EXIT_INTERNAL;
	}
	r = read_command_line(o, argc, argv);
	if (r != 0 || o->help || o->version)
		return r;
	r = read_environment(o);
	return r == 0 && ks_option_is_configured(o->command) ? read_file(o) : r;
}
