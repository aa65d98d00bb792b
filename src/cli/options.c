/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One table drives getopt_long(), the environment and --help, so that they cannot disagree.
 */
#include "options.h"

#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "message.h"
#include "word.h"

struct option_row {
	int key;                            /* the short letter, or a number above 255 */
	unsigned commands;                  /* enum command_bit: those that it belongs to */
	const char *name, *argument, *help; /* an argument in [] may be left out */
};

enum {
	KEY_RULES = 256,
	KEY_ENABLE,
	KEY_DISABLE,
	KEY_ONLY,
	KEY_RULES_DIR,
	KEY_KEY_FILE,
	KEY_PREFIX,
	KEY_NO_RULES_D,
	KEY_STATS,
	KEY_CHECK,
	KEY_JSON,
	KEY_FRAME,
	KEY_STATE,
	KEY_FROM_START,
	KEY_KEEP_TIMES,
	KEY_DIRECTORY,
	KEY_FILE,
	KEY_FORMAT,
	KEY_HTML,
	KEY_REVOKED_AT,
	KEY_MAX_AGE,
	KEY_AS_OF,
	KEY_MASK,
	KEY_FILL_CHAR,
	KEY_KEEP_LAST,
	KEY_METRICS_FILE,
	KEY_METRICS_LISTEN,
	KEY_CANARY
};

/* Commands that mask logs, that choose rules, that read rules at all, and all. */
#define MASKING (COMMAND_FILTER | COMMAND_FOLLOW | COMMAND_JOURNAL)
#define CHOOSING                                                                     \
	(MASKING | COMMAND_RULES_LIST | COMMAND_RULES_TEST | COMMAND_RULES_EXPLAIN | \
	 COMMAND_RULES_ALLOW | COMMAND_FINGERPRINT)
#define READING (CHOOSING | COMMAND_RULES_CHECK)
#define ALL                                                                               \
	(READING | COMMAND_RULES | COMMAND_RULES_IMPORT | COMMAND_KEY | COMMAND_KEY_NEW | \
	 COMMAND_REPORT | COMMAND_HELP)

static const struct option_row rows[] = {
	{ 'o', MASKING | COMMAND_RULES_IMPORT, "output", "FILE",
	  "write to FILE, not to the standard output" },
	{ 'i', COMMAND_FILTER, "in-place", "[=SUF]",
	  "mask in the files themselves; with SUF, keep copies" },
	{ KEY_KEEP_TIMES, COMMAND_FILTER, "keep-times", NULL,
	  "with -i: leave the files' times as they are" },
	{ 'z', COMMAND_FILTER, "gzip", NULL, "write gzip (what is read is recognised)" },
	{ KEY_MASK, MASKING, "mask", "HOW", "fill, tag, hash, or fill-hash" },
	{ KEY_FILL_CHAR, MASKING, "fill-char", "CHAR", "fill with CHAR, not *" },
	{ KEY_KEEP_LAST, MASKING, "keep-last", "N", "leave N last bytes of long secrets, up to 4" },
	{ KEY_FRAME, COMMAND_FILTER | COMMAND_FOLLOW, "frame", "FORMAT",
	  "auto, raw, cri, docker, or journal" },
	{ KEY_STATE, COMMAND_FOLLOW | COMMAND_JOURNAL, "state", "FILE",
	  "go on where the last run ended; keep that in FILE" },
	{ KEY_FROM_START, COMMAND_FOLLOW | COMMAND_JOURNAL, "from-start", NULL,
	  "with nothing in the state, begin with what is there already" },
	{ 'f', COMMAND_JOURNAL, "follow", NULL, "wait for new entries" },
	{ KEY_DIRECTORY, COMMAND_JOURNAL, "directory", "DIR", "read the journal in DIR" },
	{ KEY_FILE, COMMAND_JOURNAL, "file", "FILE", "read this journal file (repeatable)" },
	{ KEY_FORMAT, COMMAND_JOURNAL, "format", "FORMAT", "export, json, or short" },
	{ KEY_RULES, CHOOSING, "rules", "FILE",
	  "add a rule file, a directory of them, or generic" },
	{ KEY_RULES_DIR, READING, "rules-dir", "DIR", "read rules here, not in " RULES_DIR },
	{ KEY_NO_RULES_D, READING, "no-rules-d", NULL, "do not read " RULES_DIR },
	{ KEY_ENABLE, CHOOSING, "enable", "ID,...", "switch rules or packs on (repeatable)" },
	{ KEY_DISABLE, CHOOSING, "disable", "ID,...", "switch rules or packs off (repeatable)" },
	{ KEY_ONLY, CHOOSING, "only", "ID,...",
	  "use these rules or packs and no others (repeatable)" },
	{ KEY_KEY_FILE,
	  MASKING | COMMAND_RULES_CHECK | COMMAND_RULES_EXPLAIN | COMMAND_RULES_ALLOW |
	          COMMAND_FINGERPRINT,
	  "key-file", "FILE", "the key of keyed hashes; see keysieve key new" },
	{ KEY_PREFIX, COMMAND_RULES_IMPORT, "prefix", "TEXT",
	  "begin the ids of rules with TEXT, not gitleaks-" },
	{ KEY_CHECK, COMMAND_FILTER, "check", NULL, "write nothing; exit 1 if there is a secret" },
	{ KEY_STATS, MASKING, "stats", NULL,
	  "print counts and speed to the standard error at the end" },
	{ KEY_METRICS_FILE, MASKING, "metrics-file", "FILE",
	  "keep counts in FILE, as Prometheus has them" },
	{ KEY_METRICS_LISTEN, MASKING, "metrics-listen", "PORT",
	  "or ADDR:PORT: /metrics, /healthz, /readyz by HTTP" },
	{ KEY_CANARY, MASKING, "canary", "TIME", "put a made-up key through every TIME, such as 5m" },
	{ KEY_JSON, COMMAND_RULES_LIST | COMMAND_REPORT, "json", NULL, "print JSON" },
	{ KEY_HTML, COMMAND_REPORT, "html", "FILE", "write a page to FILE, print no table" },
	{ KEY_CHECK, COMMAND_REPORT, "check", NULL, "exit 1 if a key is still leaking" },
	{ KEY_REVOKED_AT, COMMAND_REPORT, "revoked-at", "TIME",
	  "keys were revoked then; FINGERPRINT=TIME: one was" },
	{ KEY_MAX_AGE, COMMAND_REPORT, "max-age", "TIME",
	  "mark keys seen over a longer time than this: 90d" },
	{ KEY_AS_OF, COMMAND_REPORT, "as-of", "TIME", "report as it was then, not now" },
	{ 'h', ALL, "help", NULL, "print this help" },
	{ 'V', ALL, "version", NULL, "print the version" },
};

#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

static bool
belongs_to(const struct option_row *row, const struct options *o)
{
	return row->commands & o->command->bit;
}

static bool
has_environment(const struct option_row *row)
{
	return row->key != 'h' && row->key != 'V';
}

/* ---------------------------------------------------------------------- lists ---- */

static int
list_add(struct text_list *list, const char *item)
{
	const char **grown = realloc(list->items, (list->count + 1) * sizeof(*grown));

	if (!grown) {
		ks_message("out of memory");
		return EXIT_INTERNAL;
	}
	list->items = grown;
	list->items[list->count++] = item;
	return 0;
}

/* Where the user finds what is right. */
static int
complain(const struct options *o, const char *problem)
{
	const char *words = o->command->words;

	ks_message("%s; see keysieve%s%s --help", problem, *words ? " " : "", words);
	return EXIT_USAGE;
}

/* Add the parts of text, which is changed; there must be one. */
static int
list_add_parts(const struct options *o, struct text_list *list, char *text, const char *separator)
{
	char *rest, *part = strtok_r(text, separator, &rest);
	int r = 0;

	if (!part)
		return complain(o, "an option or variable that takes names has none");
	for (; r == 0 && part; part = strtok_r(NULL, separator, &rest))
		r = list_add(list, part);
	return r;
}

static void
list_done(struct text_list *list)
{
	free(list->items);
	free(list->owned);
}

void
ks_options_done(struct options *o)
{
	list_done(&o->rules);
	list_done(&o->enable);
	list_done(&o->disable);
	list_done(&o->only);
	list_done(&o->journal_files);
	list_done(&o->revoked_at);
}

/* ------------------------------------------------------------------ one option ---- */

static struct text_list *
list_of(struct options *o, int key)
{
	switch (key) {
	case KEY_RULES:
		return &o->rules;
	case KEY_ENABLE:
		return &o->enable;
	case KEY_DISABLE:
		return &o->disable;
	case KEY_ONLY:
		return &o->only;
	case KEY_FILE:
		return &o->journal_files;
	case KEY_REVOKED_AT:
		return &o->revoked_at;
	default:
		return NULL;
	}
}

/* Paths can have commas and spaces in them. */
static bool
is_path_list(int key)
{
	return key == KEY_RULES || key == KEY_FILE;
}

static int
apply_frame(struct options *o, const char *text)
{
	if (ks_frame_parse(text, &o->frame) == KS_OK)
		return 0;
	return complain(o, "--frame: must be auto, raw, cri, docker or journal");
}

static int
apply_mask(struct options *o, const char *text)
{
	for (const struct word *word = ks_mask_words; word->text; word++) {
		if (strcmp(word->text, text) == 0) {
			o->mask = (enum ks_mask)word->value;
			return 0;
		}
	}
	return complain(o, "--mask: must be fill, tag, hash or fill-hash");
}

/* One that can stand in a JSON string, and in a line. */
static int
apply_fill(struct options *o, const char *text)
{
	if (!isgraph((unsigned char)*text) || text[1] || *text == '"' || *text == '\\')
		return complain(o,
		                "--fill-char: must be one visible ASCII character, not \" or \\");
	o->fill = (unsigned char)*text;
	return 0;
}

static int
apply_keep_last(struct options *o, const char *text)
{
	if (*text < '0' || *text > '0' + (char)KS_KEEP_LAST_MAX || text[1])
		return complain(o, "--keep-last: must be a number from 0 to 4");
	o->keep_last = (unsigned)(*text - '0');
	return 0;
}

/* text is NULL for an option without argument; otherwise it lives as long as o. */
static int
apply(struct options *o, int key, char *text)
{
	struct text_list *list = list_of(o, key);

	if (list)
		return is_path_list(key) ? list_add(list, text)
		                         : list_add_parts(o, list, text, ", ");
	switch (key) {
	case 'o':
		o->output = text;
		break;
	case KEY_CHECK:
		o->check = true;
		break;
	case KEY_STATS:
		o->stats = true;
		break;
	case KEY_RULES_DIR:
		o->rules_dir = text;
		break;
	case KEY_KEY_FILE:
		o->key_file = text;
		break;
	case KEY_PREFIX:
		o->prefix = text;
		break;
	case KEY_NO_RULES_D:
		o->no_rules_dir = true;
		break;
	case KEY_JSON:
		o->json = true;
		break;
	case KEY_FRAME:
		return apply_frame(o, text);
	case KEY_MASK:
		return apply_mask(o, text);
	case KEY_FILL_CHAR:
		return apply_fill(o, text);
	case KEY_KEEP_LAST:
		return apply_keep_last(o, text);
	case KEY_STATE:
		o->state = text;
		break;
	case KEY_FROM_START:
		o->from_start = true;
		break;
	case KEY_KEEP_TIMES:
		o->keep_times = true;
		break;
	case KEY_DIRECTORY:
		o->directory = text;
		break;
	case KEY_METRICS_FILE:
		o->metrics_file = text;
		break;
	case KEY_METRICS_LISTEN:
		o->metrics_listen = text;
		break;
	case KEY_CANARY:
		o->canary = text;
		break;
	case KEY_FORMAT:
		o->format = text;
		break;
	case KEY_HTML:
		o->html = text;
		break;
	case KEY_MAX_AGE:
		o->max_age = text;
		break;
	case KEY_AS_OF:
		o->as_of = text;
		break;
	case 'i':
		o->in_place = true;
		o->suffix = text && *text ? text : NULL;
		break;
	case 'z':
		o->gzip = true;
		break;
	case 'f':
		o->follow = true;
		break;
	case 'h':
		o->help = true;
		break;
	case 'V':
		o->version = true;
		break;
	default:
		return EXIT_USAGE;
	}
	return 0;
}

/* ----------------------------------------------------------------- environment ---- */

static bool
parse_switch(const char *text, bool *ret_on)
{
	static const char *const on[] = { "1", "true", "yes", "on" };
	static const char *const off[] = { "", "0", "false", "no", "off" };

	for (size_t i = 0; i < sizeof(on) / sizeof(on[0]); i++) {
		if (strcasecmp(text, on[i]) == 0)
			return *ret_on = true;
	}
	*ret_on = false;
	for (size_t i = 0; i < sizeof(off) / sizeof(off[0]); i++) {
		if (strcasecmp(text, off[i]) == 0)
			return true;
	}
	return false;
}

static void
environment_name(const struct option_row *row, char *ret_name, size_t size)
{
	(void)snprintf(ret_name, size, "KEYSIEVE_%s", row->name);
	for (char *p = ret_name; *p; p++) {
		if (*p == '-')
			*p = '_';
		else
			*p = (char)toupper((unsigned char)*p);
	}
}

static int
apply_environment(struct options *o, const struct option_row *row)
{
	struct text_list *list = list_of(o, row->key);
	char name[64], *text;
	bool on;

	environment_name(row, name, sizeof(name));
	text = getenv(name);
	if (!text)
		return 0;
	if (list) {
		if (!*text)
			return 0;
		list->owned = strdup(text);
		if (!list->owned)
			return EXIT_INTERNAL;
		return list_add_parts(o, list, list->owned, is_path_list(row->key) ? ":" : ", ");
	}
	if (row->argument && (*row->argument != '[' || !parse_switch(text, &on)))
		return *text ? apply(o, row->key, text) : 0;
	if (!parse_switch(text, &on)) {
		ks_message("%s: must be 0 or 1", name);
		return EXIT_USAGE;
	}
	return on ? apply(o, row->key, NULL) : 0;
}

/* ---------------------------------------------------------------- command line ---- */

/* As getopt_long() has it: required_argument is 1, and one colon; optional_argument is 2, and two. */
static int
argument_kind(const struct option_row *row)
{
	if (!row->argument)
		return no_argument;
	return *row->argument == '[' ? optional_argument : required_argument;
}

static void
fill_getopt(const struct options *o, struct option *longs, char *shorts)
{
	*shorts++ = ':'; /* tell a missing argument from an unknown option */
	for (size_t i = 0; i < ROW_COUNT; i++) {
		if (!belongs_to(&rows[i], o))
			continue;
		*longs++ = (struct option){ rows[i].name, argument_kind(&rows[i]), NULL,
			                    rows[i].key };
		if (rows[i].key < 256) {
			*shorts++ = (char)rows[i].key;
			for (int n = argument_kind(&rows[i]); n > 0; n--)
				*shorts++ = ':';
		}
	}
	*longs = (struct option){ 0 };
	*shorts = '\0';
}

static int
complain_option(const struct options *o, int problem, char **argv)
{
	const char *given = argv[optind - 1];
	char text[200];

	for (size_t i = 0; problem == '?' && i < ROW_COUNT; i++) {
		if (optopt == rows[i].key && strchr(given, '=')) {
			ks_message("option '--%s' takes no argument", rows[i].name);
			return EXIT_USAGE;
		}
	}
	if (problem == ':')
		(void)snprintf(text, sizeof(text), "option '%.100s' needs an argument", given);
	else if (optopt > 0 && optopt < 256)
		(void)snprintf(text, sizeof(text), "unknown option '-%c'", optopt);
	else
		(void)snprintf(text, sizeof(text), "unknown option '%.100s'", given);
	return complain(o, text);
}

int
ks_options_read(struct options *o, int argc, char **argv)
{
	struct option longs[ROW_COUNT + 1];
	char shorts[3 * ROW_COUNT + 2];
	bool given[ROW_COUNT] = { false };
	int key, r = 0;

	fill_getopt(o, longs, shorts);
	opterr = 0;
	while (r == 0 && (key = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		if (key == '?' || key == ':')
			return complain_option(o, key, argv);
		for (size_t i = 0; i < ROW_COUNT; i++)
			given[i] |= rows[i].key == key;
		r = apply(o, key, optarg);
	}
	for (size_t i = 0; r == 0 && i < ROW_COUNT; i++) {
		if (!given[i] && belongs_to(&rows[i], o) && has_environment(&rows[i]))
			r = apply_environment(o, &rows[i]);
	}
	o->files = argv + optind;
	return r;
}

static void
print_row(const struct option_row *row)
{
	bool is_short = row->key < 256;
	char left[32];

	(void)snprintf(left, sizeof(left), "%s%c%s --%s%s%s", is_short ? "-" : " ",
	               is_short ? row->key : ' ', is_short ? "," : " ", row->name,
	               argument_kind(row) == required_argument ? " " : "",
	               row->argument ? row->argument : "");
	(void)printf("  %-21s %s\n", left, row->help);
}

void
ks_options_print(const struct command *command)
{
	char name[64] = "";

	for (size_t i = 0; i < ROW_COUNT; i++) {
		if (!(rows[i].commands & command->bit))
			continue;
		print_row(&rows[i]);
		if (has_environment(&rows[i]))
			environment_name(&rows[i], name, sizeof(name));
	}
	if (*name)
		(void)printf("\nEach option has an environment variable, such as %s;\n"
		             "an option on the command line wins.\n",
		             name);
}
