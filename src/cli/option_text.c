/* SPDX-License-Identifier: Apache-2.0 */
/* What follows from a row of the table of options: its variable, its line of --help. */
#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "option_table.h"

bool
ks_option_belongs(const struct option_row *row, const struct command *command)
{
	return row->commands & command->bit;
}

void
ks_option_environment_name(const struct option_row *row, char *ret_name, size_t size)
{
	(void)snprintf(ret_name, size, "KEYSIEVE_%s", row->name);
	for (char *p = ret_name; *p; p++) {
		if (*p == '-')
			*p = '_';
		else
			*p = (char)toupper((unsigned char)*p);
	}
}

int
ks_option_kind(const struct option_row *row)
{
	if (!row->argument)
		return no_argument;
	return *row->argument == '[' ? optional_argument : required_argument;
}

static bool
is_among(const char *text, const char *const *words)
{
	for (; *words; words++) {
		if (strcasecmp(text, *words) == 0)
			return true;
	}
	return false;
}

bool
ks_option_parse_switch(const char *text, bool *ret_on)
{
	static const char *const on[] = { "1", "true", "yes", "on", NULL };
	static const char *const off[] = { "", "0", "false", "no", "off", NULL };

	*ret_on = is_among(text, on);
	return *ret_on || is_among(text, off);
}

#define HELP_LEFT 22 /* columns before the text */

static void
print_row(const struct option_row *row)
{
	bool is_short = row->key < 256;
	char left[32];

	(void)snprintf(left, sizeof(left), "%s%c%s --%s%s%s", is_short ? "-" : " ",
	               is_short ? row->key : ' ', is_short ? "," : " ", row->name,
	               ks_option_kind(row) == required_argument ? " " : "",
	               row->argument ? row->argument : "");
	if (strlen(left) < HELP_LEFT)
		(void)printf("  %-*s%s\n", HELP_LEFT, left, row->help);
	else
		(void)printf("  %s\n  %*s%s\n", left, HELP_LEFT, "", row->help);
}

void
ks_options_print(const struct command *command)
{
	char name[64] = "";

	for (size_t i = 0; i < ks_option_count(); i++) {
		const struct option_row *row = ks_option_row(i);

		if (!ks_option_belongs(row, command))
			continue;
		print_row(row);
		if (ks_option_has_environment(row) && !*name)
			ks_option_environment_name(row, name, sizeof(name));
	}
	if (*name)
		(void)printf(
			"\nEach option has an environment variable, such as %s, and most\n"
			"have a key in the configuration file. The command line wins, then the\n"
			"environment.\n",
			name);
}
