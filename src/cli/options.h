/* SPDX-License-Identifier: Apache-2.0 */
/* The command line and the environment, as one table of options describes them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keysieve.h"

enum { EXIT_FOUND = 1, EXIT_USAGE = 2, EXIT_INTERNAL = 70, EXIT_IO = 74, EXIT_RULES = 78 };
enum { EXIT_CONFIG = EXIT_RULES };

/* Read unless an option says otherwise. */
#define RULES_DIR   "/etc/keysieve/rules.d"
#define CONFIG_FILE "/etc/keysieve/keysieve.yaml"

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
	COMMAND_FINGERPRINT = 1 << 14,
	COMMAND_CHECK_CONFIG = 1 << 15,
	COMMAND_COMPLETION = 1 << 16
};

enum sandbox_wish { SANDBOX_AUTO, SANDBOX_OFF, SANDBOX_REQUIRE };

struct command;
struct config;

enum option_source { SOURCE_NONE, SOURCE_COMMAND_LINE, SOURCE_ENVIRONMENT, SOURCE_FILE };

/* Where the value of an option comes from. */
struct option_given {
	enum option_source source;
	unsigned line;    /* in the file */
	const char *text; /* the last one given; NULL for a switch */
	bool is_off;      /* a switch */
};

struct text_list {
	const char **items; /* borrowed from the command line or from owned */
	size_t count;
	char *owned;
};

struct options {
	const struct command *command;
	const char *output; /* NULL: standard output */
	struct text_list rules, enable, disable, only;
	const char *rules_dir;      /* NULL: the usual one */
	const char *cache_dir;      /* NULL: the usual one */
	const char *key_file;       /* NULL: none */
	const char *prefix;         /* NULL: the usual one */
	const char *state;          /* checkpoint; NULL: none */
	const char *suffix;         /* of the copies that --in-place keeps; NULL: it keeps none */
	const char *metrics_file;   /* NULL: none is written */
	const char *metrics_listen; /* an address and a port; NULL: nobody listens */
	uint64_t canary;            /* milliseconds between two; 0: there is none */
	const char *config;         /* file of settings; NULL: the usual one */
	const char *directory;      /* of journal files; NULL: the system's */
	const char *format;         /* of the journal's entries; NULL: export */
	const char *html;           /* page to write; NULL: none */
	const char *max_age;        /* NULL: the usual one */
	const char *as_of;          /* NULL: now */
	struct text_list journal_files, revoked_at;
	struct text_list known, known_dir, known_env; /* files, directories, names of variables */
	const char *ledger;                           /* NULL: none is written */
	const char *on_leak;                          /* NULL: nothing is run */
	uint64_t ledger_interval;                     /* milliseconds; 0: the usual one */
	uint64_t ledger_max_size;                     /* bytes; 0: the usual one */
	enum ks_frame frame;
	enum ks_mask mask;
	unsigned char fill; /* 0: the usual one */
	unsigned keep_last;
	bool no_rules_dir, no_cache;
	unsigned threads; /* 0: the usual number */
	bool in_place, keep_times, gzip, from_start, follow;
	bool check, stats, json;
	enum sandbox_wish sandbox;
	struct text_list sandbox_read; /* paths that may be read besides */
	bool help, version, man;
	char **files; /* ended by NULL */

	struct option_given *given; /* by the number of a row of the table of options */
	struct config *settings;    /* of the file; NULL: there is none */
	const char *origin;         /* while a setting is taken: its place, for messages */
};

/*
 * Read the command line behind the words of options->command, of which argv[0] is the last; then, for
 * every option of that command that was not given, KEYSIEVE_<OPTION>; then, for every one that still is
 * not, the configuration file. With --help or --version read no further. Prints what is wrong. Returns 0,
 * or an exit status.
 */
int ks_options_read(struct options *options, int argc, char **argv);
void ks_options_done(struct options *options);

/* Print a command's options to the standard output, a line each, and what they have in common. */
void ks_options_print(const struct command *command);
