/* SPDX-License-Identifier: Apache-2.0 */
/* The command line and the environment, as one table of options describes them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { EXIT_FOUND = 1, EXIT_USAGE = 2, EXIT_INTERNAL = 70, EXIT_IO = 74, EXIT_RULES = 78 };

struct text_list {
	const char **items; /* borrowed from the command line or from owned */
	size_t count;
	char *owned;
};

struct options {
	const char *output; /* NULL: standard output */
	struct text_list rules, enable, disable, only;
	bool check, stats;
	bool help, version;
	char **files; /* ended by NULL */
};

/*
 * Read the command line, then KEYSIEVE_<FLAG> for every flag that was not given. Prints what is
 * wrong. Returns 0, or an exit status.
 */
int ks_options_read(struct options *options, int argc, char **argv);
void ks_options_done(struct options *options);

void ks_options_print_help(void);
