/* SPDX-License-Identifier: Apache-2.0 */
/* docs/man/keysieve.1.in has the rest; the two are put together when keysieve is built. */
#include "manual.h"

#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "option_table.h"
#include "standard_output.h"

/* ------------------------------------------------------------------------- text ---- */

static void
print_char(char c)
{
	if (c == '\\')
		(void)fputs("\\e", stdout);
	else if (c == '-')
		(void)fputs("\\-", stdout);
	else
		(void)putchar(c);
}

/* A line that begins with one of these would be a request. */
static void
print_text(const char *text)
{
	bool is_start = true;

	for (; *text; text++) {
		if (is_start && (*text == '.' || *text == '\''))
			(void)fputs("\\&", stdout);
		print_char(*text);
		is_start = *text == '\n';
	}
}

static void
print_bold(const char *before, const char *text)
{
	(void)fputs("\\fB", stdout);
	print_text(before);
	print_text(text);
	(void)fputs("\\fR", stdout);
}

/* In capitals is what stands for something else. */
static void
print_arguments(const char *text)
{
	while (*text) {
		size_t len = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");

		if (len > 0)
			(void)printf("\\fI%.*s\\fR", (int)len, text);
		else
			print_char(*text);
		text += len > 0 ? len : 1;
	}
}

/* --------------------------------------------------------------------- commands ---- */

static void
print_usage(const struct command *command)
{
	print_bold(*command->words ? "keysieve " : "keysieve", command->words);
	(void)putchar(' ');
	print_arguments(command->arguments);
	(void)putchar('\n');
}

static void
print_options_of(const struct command *command)
{
	const char *before = "Options:";

	for (size_t i = 0; i < ks_option_count(); i++) {
		const struct option_row *row = ks_option_row(i);

		if (!ks_option_belongs(row, command) || !ks_option_has_environment(row))
			continue;
		(void)printf("%s\n", before);
		print_bold("--", row->name);
		before = ",";
	}
	if (*before == ',')
		(void)printf(".\n");
}

static void
print_command(const struct command *command)
{
	(void)printf(".TP\n");
	print_usage(command);
	print_text(command->summary);
	(void)putchar('\n');
	if (command->description)
		print_text(command->description);
	print_options_of(command);
}

/* ---------------------------------------------------------------------- options ---- */

static void
print_names(const struct option_row *row, bool is_member)
{
	const struct command *command;
	const char *before = "";

	for (size_t i = 0; (command = ks_command_get(i)); i++) {
		if (ks_command_is_group(command) || ks_option_belongs(row, command) != is_member)
			continue;
		(void)fputs(before, stdout);
		print_text(ks_command_name(command));
		before = ", ";
	}
}

/* The commands that have the option, or, if these are fewer, those that have not. */
static void
print_members(const struct option_row *row)
{
	const struct command *command;
	size_t with = 0, without = 0;

	for (size_t i = 0; (command = ks_command_get(i)); i++) {
		if (ks_command_is_group(command))
			continue;
		if (ks_option_belongs(row, command))
			with++;
		else
			without++;
	}
	if (with <= without) {
		print_names(row, true);
		return;
	}
	(void)fputs(without > 0 ? "all commands but " : "all commands", stdout);
	print_names(row, false);
}

static void
print_place(const struct option_row *row)
{
	char name[64];

	if (ks_option_has_environment(row)) {
		ks_option_environment_name(row, name, sizeof(name));
		(void)printf("; %s", name);
	}
	if (ks_option_place(row) == PLACE_COMMAND_LINE)
		(void)printf("; not in a configuration file");
	else if (ks_option_place(row) == PLACE_SECTION)
		(void)printf("; in a configuration file only under a command");
}

static void
print_option(const struct option_row *row)
{
	char letter[2] = { (char)row->key, '\0' };

	(void)printf(".TP\n");
	if (row->key < 256) {
		print_bold("-", letter);
		(void)fputs(", ", stdout);
	}
	print_bold("--", row->name);
	if (ks_option_kind(row) == required_argument)
		(void)putchar(' ');
	if (row->argument)
		print_arguments(row->argument);
	(void)putchar('\n');
	print_text(row->help);
	(void)printf("\n.br\n(");
	print_members(row);
	print_place(row);
	(void)printf(")\n");
}

int
ks_manual_print(void)
{
	const struct command *command;

	(void)printf(".SH SYNOPSIS\n.nf\n");
	for (size_t i = 0; (command = ks_command_get(i)); i++) {
		if (!ks_command_is_group(command))
			print_usage(command);
	}
	(void)printf(".fi\n.SH COMMANDS\n");
	for (size_t i = 0; (command = ks_command_get(i)); i++) {
		if (!ks_command_is_group(command))
			print_command(command);
	}
	(void)printf(".SH OPTIONS\n");
	for (size_t i = 0; i < ks_option_count(); i++)
		print_option(ks_option_row(i));
	return ks_standard_output_end(0);
}
