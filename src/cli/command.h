/* SPDX-License-Identifier: Apache-2.0 */
/* The commands: what the first words of the command line choose. */
#pragma once

#include "options.h"

struct command {
	enum command_bit bit;  /* in the table of options */
	const char *words;     /* "rules list"; the filter has none */
	const char *arguments; /* behind the words, in the usage */
	const char *summary;
	const char *description; /* lines for --help, each with its end; or NULL */
	int (*run)(const struct options *options); /* returns the exit status */
};

/*
 * Find the command that argv[1] and the following name; the filter if they name none. Prints what is
 * wrong and returns NULL if they name an unknown one. *ret_words is the number of its words.
 */
const struct command *ks_command_find(int argc, char **argv, int *ret_words);

/*
 * The command with the most words that argv[0, count) begins with; the filter if there is none.
 * *ret_words is the number of its words.
 */
const struct command *ks_command_match(int count, char **argv, int *ret_words);

/* The commands in the order of --help; NULL behind the last. */
const struct command *ks_command_get(size_t i);

/* The command of these words, "filter" being the name of the one that has none; or NULL. */
const struct command *ks_command_named(const char *name);
const char *ks_command_name(const struct command *command);

/* Has a command other ones below it, as "rules" has "rules list"? */
bool ks_command_is_group(const struct command *command);

/* Print a command's help, and a list of the commands below it, to the standard output. */
void ks_command_print_help(const struct command *command);
