/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keysieve check-config: what a command would run with. The file itself has been read and is right when
 * this begins; the same code as for the command itself finds what counts. The output is a configuration.
 */
#include "check_config_command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "config.h"
#include "masking.h"
#include "message.h"
#include "option_table.h"
#include "rule_selection.h"
#include "sandbox.h"
#include "standard_output.h"
#include "text.h"

/* The options and the rules of the last command, most likely those of the next one too. */
struct examined {
	struct options options;
	struct rule_selection rules;
	bool has_rules;
};

/* ----------------------------------------------------------------------- values ---- */

/* Would YAML read this as the same text without quotes? */
static bool
is_plain_text(const char *text)
{
	static const char safe[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789./_+=-";
	bool is_on;

	return *text && *text != '-' && *text != '=' && !text[strspn(text, safe)] &&
	       (!ks_option_parse_switch(text, &is_on) || !text[1]);
}

static void
print_text(const char *text)
{
	bool is_plain = is_plain_text(text);

	(void)fputs(is_plain ? "" : "'", stdout);
	while (*text) {
		if (*text == '\'')
			(void)putchar('\'');
		text += ks_text_put(text, strlen(text), stdout);
	}
	(void)fputs(is_plain ? "" : "'", stdout);
}

static void
print_list(const struct text_list *list)
{
	(void)putchar('[');
	for (size_t i = 0; i < list->count; i++) {
		(void)fputs(i > 0 ? ", " : "", stdout);
		print_text(list->items[i]);
	}
	(void)putchar(']');
}

static void
print_source(const struct options *o, const struct option_row *row,
             const struct option_given *given)
{
	char name[64];

	ks_option_environment_name(row, name, sizeof(name));
	if (given->source == SOURCE_COMMAND_LINE)
		(void)printf("  # command line\n");
	else if (given->source == SOURCE_ENVIRONMENT)
		(void)printf("  # %s\n", name);
	else
		(void)printf("  # %s:%u\n", ks_config_path(o->settings), given->line);
}

static void
print_option(struct options *o, const struct option_row *row, const struct option_given *given)
{
	const struct text_list *list = ks_option_list(o, row);

	(void)printf("  %s: ", row->name);
	if (list)
		print_list(list);
	else if (given->text)
		print_text(given->text);
	else
		(void)fputs(given->is_off ? "false" : "true", stdout);
	print_source(o, row, given);
}

static void
print_options(struct options *o)
{
	bool is_first = true;

	(void)printf("%s:", ks_command_name(o->command));
	for (size_t i = 0; i < ks_option_count(); i++) {
		const struct option_row *row = ks_option_row(i);

		if (o->given[i].source == SOURCE_NONE || strcmp(row->name, "config") == 0)
			continue;
		if (is_first)
			(void)putchar('\n');
		is_first = false;
		print_option(o, row, &o->given[i]);
	}
	if (is_first)
		(void)printf(" {}\n");
}

/* --------------------------------------------------------------------- checking ---- */

static bool
has_option(const struct command *command, const char *name)
{
	for (size_t i = 0; i < ks_option_count(); i++) {
		if (ks_option_belongs(ks_option_row(i), command) &&
		    strcmp(ks_option_row(i)->name, name) == 0)
			return true;
	}
	return false;
}

static bool
is_same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool
is_same_list(const struct text_list *a, const struct text_list *b)
{
	for (size_t i = 0; i < a->count && i < b->count; i++) {
		if (strcmp(a->items[i], b->items[i]) != 0)
			return false;
	}
	return a->count == b->count;
}

/* Do these options choose the same rules? */
static bool
is_same_selection(const struct options *a, const struct options *b)
{
	return is_same_list(&a->rules, &b->rules) && is_same_list(&a->enable, &b->enable) &&
	       is_same_list(&a->disable, &b->disable) && is_same_list(&a->only, &b->only) &&
	       is_same_list(&a->known, &b->known) && is_same_list(&a->known_dir, &b->known_dir) &&
	       is_same_list(&a->known_env, &b->known_env) &&
	       is_same_text(a->rules_dir, b->rules_dir) && is_same_text(a->key_file, b->key_file) &&
	       a->no_rules_dir == b->no_rules_dir;
}

static void
print_known(const struct known_values *known)
{
	for (size_t i = 0; known && i < known->count; i++) {
		const struct known_origin *origin = &known->origins[i];

		(void)printf("  # %zu known value%s: ", origin->taken,
		             origin->taken == 1 ? "" : "s");
		print_text(origin->source.name);
		(void)putchar('\n');
	}
}

static void
examined_done(struct examined *examined)
{
	ks_options_done(&examined->options);
	ks_rule_selection_done(&examined->rules);
	*examined = (struct examined){ .has_rules = false };
}

/* Rules, exceptions, the key, and whether they fit the masks. Takes the options. */
static int
check_rules(struct examined *last, struct options *o)
{
	int r = 0;

	if (!last->has_rules || !is_same_selection(&last->options, o)) {
		examined_done(last);
		r = ks_rule_selection_init(&last->rules, o);
		last->has_rules = r == 0;
	}
	if (r == 0)
		r = ks_masking_check(o, &last->rules);
	if (r == 0)
		print_known(last->rules.known);
	ks_options_done(&last->options);
	last->options = *o;
	*o = (struct options){ .command = o->command };
	return r == EXIT_USAGE ? EXIT_CONFIG : r;
}

/* arguments are those behind the command's words, ended by NULL. */
static int
check_command(struct examined *last, const struct options *outer, const struct command *command,
              char **arguments, bool shows_sandbox)
{
	struct options o = { .command = command };
	char name[] = "keysieve", flag[] = "--config", **argv;
	int argc = 0, count = 0, r;

	while (arguments[count])
		count++;
	argv = calloc((size_t)count + 4, sizeof(*argv));
	if (!argv) {
		ks_message("out of memory");
		return EXIT_INTERNAL;
	}
	argv[argc++] = name;
	if (outer->config) {
		argv[argc++] = flag;
		argv[argc++] = (char *)outer->config;
	}
	memcpy(argv + argc, arguments, (size_t)count * sizeof(*argv));
	r = ks_options_read(&o, argc + count, argv);
	if (r == 0 && !o.help && !o.version) {
		print_options(&o);
		if (shows_sandbox && has_option(command, "sandbox"))
			ks_sandbox_print(&o);
		if (has_option(command, "rules"))
			r = check_rules(last, &o);
	}
	ks_options_done(&o);
	free(argv);
	return r;
}

/* The commands that mask, for which the file is, and those that have a section in it. */
static int
check_commands(struct examined *last, const struct options *options)
{
	const struct command *command;
	char *nothing[] = { NULL };
	int r = 0;

	for (size_t i = 0; r == 0 && (command = ks_command_get(i)); i++) {
		if (has_option(command, "mask") ||
		    ks_config_has_section(options->settings, command))
			r = check_command(last, options, command, nothing, false);
	}
	return r;
}

/* What is named behind the options: a command line as it would be without the words before it. */
static int
check_named(struct examined *last, const struct options *options)
{
	const struct command *command;
	char **line = options->files;
	int count = 0, words = 1;

	while (line[count])
		count++;
	if (strcmp(line[0], "filter") == 0)
		command = ks_command_get(0);
	else
		command = ks_command_find(count + 1, line - 1, &words);
	if (!command)
		return EXIT_USAGE;
	if (words == 0 || !ks_option_is_configured(command)) {
		ks_message("check-config: no command '%s' that reads a configuration", line[0]);
		return EXIT_USAGE;
	}
	return check_command(last, options, command, line + words, true);
}

int
ks_check_config_command(const struct options *options)
{
	const char *path = ks_config_path(options->settings);
	struct examined last = { .has_rules = false };
	char sandbox[64];
	int r;

	(void)printf("# %s\n", path ? path : "no configuration file");
	if (options->files[0])
		r = check_named(&last, options);
	else
		r = check_commands(&last, options);
	examined_done(&last);
	ks_sandbox_describe(sandbox, sizeof(sandbox));
	if (r == 0)
		(void)printf("# sandbox: %s\n", sandbox);
	return ks_standard_output_end(r);
}
