/* SPDX-License-Identifier: Apache-2.0 */
/* The table of options, and how one option is taken, for the modules that read or describe options. */
#pragma once

#include "options.h"

struct option_row {
	int key;                            /* the short letter, or a number above 255 */
	unsigned commands;                  /* enum command_bit: those that it belongs to */
	const char *name, *argument, *help; /* an argument in [] may be left out */
};

/* Where in a configuration file an option may stand. */
enum option_place {
	PLACE_ANYWHERE,
	PLACE_SECTION,     /* in the section of one command: what it writes cannot be shared */
	PLACE_COMMAND_LINE /* nowhere */
};

size_t ks_option_count(void);
const struct option_row *ks_option_row(size_t i);

bool ks_option_has_environment(const struct option_row *row);
enum option_place ks_option_place(const struct option_row *row);

/* All the words that the option's argument can be, separated by spaces; or NULL. */
const char *ks_option_words(const struct option_row *row);

/* The list that the option adds to; or NULL. */
struct text_list *ks_option_list(struct options *o, const struct option_row *row);

/* Is it a list of paths, which can have commas and spaces in them? */
bool ks_option_is_path_list(const struct option_row *row);

/*
 * Take an option. text is NULL for one without argument; otherwise it may be changed, and must live as
 * long as o. Prints what is wrong, with o->origin if there is one. Returns 0, or an exit status.
 */
int ks_option_apply(struct options *o, const struct option_row *row, char *text);

/* Add the parts of text, which is changed, to list; there must be one. Returns as above. */
int ks_option_list_add(const struct options *o, struct text_list *list, char *text,
                       const char *separators);

/* Print a problem, and where the user finds what is right. Returns EXIT_USAGE. */
int ks_option_complain(const struct options *o, const char *problem);

/* Does a command read the configuration file? In option_read.c. */
bool ks_option_is_configured(const struct command *command);

/* In option_text.c: what follows from a row. */

bool ks_option_belongs(const struct option_row *row, const struct command *command);
void ks_option_environment_name(const struct option_row *row, char *ret_name, size_t size);

/* no_argument, required_argument or optional_argument of getopt_long(). */
int ks_option_kind(const struct option_row *row);

/* Is text one of the words for on or off? */
bool ks_option_parse_switch(const char *text, bool *ret_on);
