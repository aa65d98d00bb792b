/* SPDX-License-Identifier: Apache-2.0 */
/* The command line and the environment, as one table of options describes them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "keysieve.h"

enum { EXIT_FOUND = 1, EXIT_USAGE = 2, EXIT_INTERNAL = 70, EXIT_IO = 74, EXIT_RULES = 78 };

#define RULES_DIR "/etc/keysieve/rules.d" /* read unless an option says otherwise */

/* Which commands an option belongs to. */
enum command_bit {
	COMMAND_FILTER = 1 << 0,
	COMMAND_HELP = 1 << 1,
	COMMAND_RULES = 1 << 2, /* without a second word */
	COMMAND_RULES_LIST = 1 << 3,
	COMMAND_RULES_CHECK = 1 << 4,
	COMMAND_RULES_TEST = 1 << 5,
	COMMAND_RULES_EXPLAIN = 1 << 6,
	COMMAND_RULES_ALLOW = 1 << 7,
	COMMAND_RULES_IMPORT = 1 << 8,
	COMMAND_KEY = 1 << 9, /* without a second word */
	COMMAND_KEY_NEW = 1 << 10,
	COMMAND_FOLLOW = 1 << 11,
	COMMAND_JOURNAL = 1 << 12,
	COMMAND_REPORT = 1 << 13,
	COMMAND_FINGERPRINT = 1 << 14
};

struct command;

struct text_list {
	const char **items; /* borrowed from the command line or from owned */
	size_t count;
	char *owned;
};

struct options {
	const struct command *command;
	const char *output; /* NULL: standard output */
	struct text_list rules, enable, disable, only;
	const char *rules_dir; /* NULL: the usual one */
	const char *key_file;  /* NULL: none */
	const char *prefix;    /* NULL: the usual one */
	const char *state;     /* checkpoint; NULL: none */
	const char *suffix;    /* of the copies that --in-place keeps; NULL: it keeps none */
	const char *metrics_file;   /* NULL: none is written */
	const char *metrics_listen; /* an address and a port; NULL: nobody listens */
	const char *canary;         /* the time between two; NULL: there is none */
	const char *directory; /* of journal files; NULL: the system's */
	const char *format;    /* of the journal's entries; NULL: export */
	const char *html;      /* page to write; NULL: none */
	const char *max_age;   /* NULL: the usual one */
	const char *as_of;     /* NULL: now */
	struct text_list journal_files, revoked_at;
	enum ks_frame frame;
	enum ks_mask mask;
	unsigned char fill; /* 0: the usual one */
	unsigned keep_last;
	bool no_rules_dir;
	bool in_place, keep_times, gzip, from_start, follow;
	bool check, stats, json;
	bool help, version;
	char **files; /* ended by NULL */
};

/*
 * Read the command line behind the words of options->command, of which argv[0] is the last, then
 * KEYSIEVE_<FLAG> for every flag of that command that was not given. Prints what is wrong. Returns 0,
 * or an exit status.
 */
int ks_options_read(struct options *options, int argc, char **argv);
void ks_options_done(struct options *options);

/* Print a command's options to the standard output, a line each, and what they have in common. */
void ks_options_print(const struct command *command);
