/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One table drives getopt_long(), the environment, the configuration file, --help, the manual page and
 * the completion of shells, so that they cannot disagree.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "config.h"
#include "instant.h"
#include "message.h"
#include "metrics_address.h"
#include "option_table.h"
#include "size.h"
#include "thread_count.h"
#include "word.h"

enum {
	KEY_RULES = 256,
	KEY_ENABLE,
	KEY_DISABLE,
	KEY_ONLY,
	KEY_RULES_DIR,
	KEY_KEY_FILE,
	KEY_KNOWN,
	KEY_KNOWN_DIR,
	KEY_KNOWN_ENV,
	KEY_PREFIX,
	KEY_NO_RULES_D,
	KEY_CACHE_DIR,
	KEY_NO_CACHE,
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
	KEY_LEDGER,
	KEY_LEDGER_INTERVAL,
	KEY_LEDGER_MAX_SIZE,
	KEY_ON_LEAK,
	KEY_METRICS_FILE,
	KEY_METRICS_LISTEN,
	KEY_CANARY,
	KEY_CONFIG,
	KEY_SANDBOX,
	KEY_SANDBOX_READ,
	KEY_MAN
};

/* Commands that mask logs, that choose rules, that read rules at all, and all. */
#define MASKING (COMMAND_FILTER | COMMAND_FOLLOW | COMMAND_JOURNAL)
#define CHOOSING                                                                     \
	(MASKING | COMMAND_RULES_LIST | COMMAND_RULES_TEST | COMMAND_RULES_EXPLAIN | \
	 COMMAND_RULES_ALLOW | COMMAND_FINGERPRINT)
#define READING (CHOOSING | COMMAND_RULES_CHECK)
/* Those that compile rules. */
#define COMPILING (READING & ~COMMAND_RULES_LIST)
#define ALL                                                                               \
	(READING | COMMAND_RULES | COMMAND_RULES_IMPORT | COMMAND_KEY | COMMAND_KEY_NEW | \
	 COMMAND_HELP | COMMAND_REPORT | COMMAND_CHECK_CONFIG | COMMAND_COMPLETION)
/* Those that read what others have written. */
#define SANDBOXED (READING | COMMAND_RULES_IMPORT | COMMAND_REPORT)
/* Those that have options which can stand in a file. */
#define CONFIGURED \
	(ALL & ~(COMMAND_RULES | COMMAND_KEY | COMMAND_KEY_NEW | COMMAND_HELP | COMMAND_COMPLETION))

static const struct option_row rows[] = {
	{ 'o', MASKING | COMMAND_RULES_IMPORT, "output", "FILE",
	  "write to FILE, not to the standard output" },
	{ 'i', COMMAND_FILTER, "in-place", "[=SUF]",
	  "mask in the files themselves; with SUF, keep copies" },
	{ KEY_KEEP_TIMES, COMMAND_FILTER, "keep-times", NULL,
	  "with -i: leave the files' times as they are" },
	{ 'z', COMMAND_FILTER, "gzip", NULL, "write gzip (what is read is recognised)" },
	{ 'j', COMMAND_FILTER, "threads", "N", "work with N threads; auto: one a core" },
	{ KEY_MASK, MASKING, "mask", "HOW", "fill, tag, hash, or fill-hash" },
	{ KEY_FILL_CHAR, MASKING, "fill-char", "CHAR", "fill with CHAR, not *" },
	{ KEY_KEEP_LAST, MASKING, "keep-last", "N", "leave N last bytes of long secrets, up to 4" },
	{ KEY_LEDGER, MASKING, "ledger", "FILE|fd:N", "note there whose keys were found where" },
	{ KEY_LEDGER_INTERVAL, MASKING, "ledger-interval", "TIME",
	  "sum up repeats there every TIME, not 60s" },
	{ KEY_LEDGER_MAX_SIZE, MASKING, "ledger-max-size", "SIZE",
	  "let its file grow to SIZE, not 1G; or none" },
	{ KEY_ON_LEAK, MASKING, "on-leak", "COMMAND",
	  "run COMMAND for each new key; see docs/alerts.md" },
	{ KEY_METRICS_FILE, MASKING, "metrics-file", "FILE",
	  "keep counts in FILE, as Prometheus has them" },
	{ KEY_METRICS_LISTEN, MASKING, "metrics-listen", "PORT",
	  "or ADDR:PORT: /metrics, /healthz, /readyz by HTTP" },
	{ KEY_CANARY, MASKING, "canary", "TIME",
	  "put a made-up key through every TIME, such as 5m" },
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
	{ KEY_CACHE_DIR, COMPILING, "cache-dir", "DIR",
	  "keep compiled rules there; see docs/rules.md" },
	{ KEY_NO_CACHE, COMPILING, "no-cache", NULL, "compile rules at each start" },
	{ KEY_KEY_FILE,
	  MASKING | COMMAND_RULES_CHECK | COMMAND_RULES_EXPLAIN | COMMAND_RULES_ALLOW |
	          COMMAND_FINGERPRINT,
	  "key-file", "FILE", "the key of keyed hashes; see keysieve key new" },
	{ KEY_KNOWN, MASKING, "known", "FILE", "mask the values in FILE, one a line (repeatable)" },
	{ KEY_KNOWN_DIR, MASKING, "known-dir", "DIR", "the same, one in each file of DIR" },
	{ KEY_KNOWN_ENV, MASKING, "known-env", "GLOB", "the same, in variables of such names" },
	{ KEY_PREFIX, COMMAND_RULES_IMPORT, "prefix", "TEXT",
	  "begin the ids of rules with TEXT, not gitleaks-" },
	{ KEY_CHECK, COMMAND_FILTER, "check", NULL, "write nothing; exit 1 if there is a secret" },
	{ KEY_STATS, MASKING, "stats", NULL,
	  "print counts and speed to the standard error at the end" },
	{ KEY_JSON, COMMAND_RULES_LIST | COMMAND_REPORT, "json", NULL, "print JSON" },
	{ KEY_HTML, COMMAND_REPORT, "html", "FILE", "write a page to FILE, print no table" },
	{ KEY_CHECK, COMMAND_REPORT, "check", NULL, "exit 1 if a key is still leaking" },
	{ KEY_REVOKED_AT, COMMAND_REPORT, "revoked-at", "TIME",
	  "keys were revoked then; FINGERPRINT=TIME: one was" },
	{ KEY_MAX_AGE, COMMAND_REPORT, "max-age", "TIME",
	  "mark keys seen over a longer time than this: 90d" },
	{ KEY_AS_OF, COMMAND_REPORT, "as-of", "TIME", "report as it was then, not now" },
	{ KEY_SANDBOX, SANDBOXED, "sandbox", "HOW",
	  "auto: what the kernel has; off; require all of it" },
	{ KEY_SANDBOX_READ, SANDBOXED, "sandbox-read", "PATH",
	  "let the sandbox read PATH too (repeatable)" },
	{ KEY_CONFIG, CONFIGURED, "config", "FILE", "read FILE, not " CONFIG_FILE },
	{ KEY_MAN, COMMAND_HELP, "man", NULL,
	  "print what keysieve(1) takes from the tables of options" },
	{ 'h', ALL, "help", NULL, "print this help" },
	{ 'V', ALL, "version", NULL, "print the version" },
};

#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

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
int
ks_option_complain(const struct options *o, const char *problem)
{
	const char *words = o->command->words;

	if (o->origin)
		ks_message("%s: %s", o->origin, problem + strspn(problem, "-"));
	else
		ks_message("%s; see keysieve%s%s --help", problem, *words ? " " : "", words);
	return EXIT_USAGE;
}

int
ks_option_list_add(const struct options *o, struct text_list *list, char *text,
                   const char *separators)
{
	char *rest, *part = strtok_r(text, separators, &rest);
	int r = 0;

	if (!part)
		return ks_option_complain(o, "an option or variable that takes names has none");
	for (; r == 0 && part; part = strtok_r(NULL, separators, &rest))
		r = list_add(list, part);
	return r;
}

static void
list_done(struct text_list *list)
{
	free(list->items);
	free(list->owned);
	*list = (struct text_list){ 0 };
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
	case KEY_KNOWN:
		return &o->known;
	case KEY_KNOWN_DIR:
		return &o->known_dir;
	case KEY_KNOWN_ENV:
		return &o->known_env;
	case KEY_SANDBOX_READ:
		return &o->sandbox_read;
	default:
		return NULL;
	}
}

void
ks_options_done(struct options *o)
{
	for (size_t i = 0; i < ROW_COUNT; i++) {
		struct text_list *list = list_of(o, rows[i].key);

		if (list)
			list_done(list);
	}
	ks_config_free(o->settings);
	free(o->given);
}

/* Paths can have commas and spaces in them. */
static bool
is_path_list(int key)
{
	return key == KEY_RULES || key == KEY_FILE || key == KEY_KNOWN || key == KEY_KNOWN_DIR ||
	       key == KEY_SANDBOX_READ;
}

static int
apply_frame(struct options *o, const char *text)
{
	if (ks_frame_parse(text, &o->frame) == KS_OK)
		return 0;
	return ks_option_complain(o, "--frame: must be auto, raw, cri, docker or journal");
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
	return ks_option_complain(o, "--mask: must be fill, tag, hash or fill-hash");
}

/* One that can stand in a JSON string, and in a line. */
static int
apply_fill(struct options *o, const char *text)
{
	if (!isgraph((unsigned char)*text) || text[1] || *text == '"' || *text == '\\')
		return ks_option_complain(
			o, "--fill-char: must be one visible ASCII character, not \" or \\");
	o->fill = (unsigned char)*text;
	return 0;
}

static int
apply_keep_last(struct options *o, const char *text)
{
	if (*text < '0' || *text > '0' + (char)KS_KEEP_LAST_MAX || text[1])
		return ks_option_complain(o, "--keep-last: must be a number from 0 to 4");
	o->keep_last = (unsigned)(*text - '0');
	return 0;
}

/* From a second to a day. */
static int
apply_interval(const struct options *o, const char *text, const char *problem, uint64_t *ret)
{
	int64_t duration;

	if (!ks_duration_read(text, &duration) || duration < SECOND || duration > DAY)
		return ks_option_complain(o, problem);
	*ret = (uint64_t)duration;
	return 0;
}

static int
apply_max_size(struct options *o, const char *text)
{
	if (ks_size_read(text, &o->ledger_max_size))
		return 0;
	return ks_option_complain(
		o, "--ledger-max-size: must be like 500M (with K, M, G or T), or none");
}

static int
apply_sandbox(struct options *o, const char *text)
{
	static const char *const words[] = {
		[SANDBOX_AUTO] = "auto", [SANDBOX_OFF] = "off", [SANDBOX_REQUIRE] = "require"
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(text, words[i]) == 0) {
			o->sandbox = (enum sandbox_wish)i;
			return 0;
		}
	}
	return ks_option_complain(o, "--sandbox: must be auto, off or require");
}

static int
apply_listen(struct options *o, const char *text)
{
	struct metrics_address address;

	if (!ks_metrics_address_read(text, &address))
		return ks_option_complain(
			o, "--metrics-listen: must be PORT, ADDRESS:PORT, or [IPV6-ADDRESS]:PORT");
	o->metrics_listen = text;
	return 0;
}

/* Where the argument of an option goes that is taken as it is. NULL: it is no such option. */
static const char **
text_of(struct options *o, int key)
{
	switch (key) {
	case 'o':
		return &o->output;
	case KEY_RULES_DIR:
		return &o->rules_dir;
	case KEY_CACHE_DIR:
		return &o->cache_dir;
	case KEY_KEY_FILE:
		return &o->key_file;
	case KEY_PREFIX:
		return &o->prefix;
	case KEY_LEDGER:
		return &o->ledger;
	case KEY_METRICS_FILE:
		return &o->metrics_file;
	case KEY_ON_LEAK:
		return &o->on_leak;
	case KEY_STATE:
		return &o->state;
	case KEY_DIRECTORY:
		return &o->directory;
	case KEY_FORMAT:
		return &o->format;
	case KEY_HTML:
		return &o->html;
	case KEY_MAX_AGE:
		return &o->max_age;
	case KEY_AS_OF:
		return &o->as_of;
	case KEY_CONFIG:
		return &o->config;
	default:
		return NULL;
	}
}

/* What an option without an argument switches on. NULL: it is no such option. */
static bool *
switch_of(struct options *o, int key)
{
	switch (key) {
	case KEY_CHECK:
		return &o->check;
	case KEY_STATS:
		return &o->stats;
	case KEY_NO_RULES_D:
		return &o->no_rules_dir;
	case KEY_NO_CACHE:
		return &o->no_cache;
	case KEY_JSON:
		return &o->json;
	case KEY_FROM_START:
		return &o->from_start;
	case KEY_KEEP_TIMES:
		return &o->keep_times;
	case 'z':
		return &o->gzip;
	case 'f':
		return &o->follow;
	case KEY_MAN:
		return &o->man;
	case 'h':
		return &o->help;
	case 'V':
		return &o->version;
	default:
		return NULL;
	}
}

/* Options whose argument is looked at. */
static int
apply_checked(struct options *o, int key, const char *text)
{
	switch (key) {
	case KEY_FRAME:
		return apply_frame(o, text);
	case 'j':
		return ks_thread_count_read(text, &o->threads)
		               ? 0
		               : ks_option_complain(
					 o, "--threads: must be a number up to 64, or auto");
	case KEY_MASK:
		return apply_mask(o, text);
	case KEY_FILL_CHAR:
		return apply_fill(o, text);
	case KEY_KEEP_LAST:
		return apply_keep_last(o, text);
	case KEY_LEDGER_INTERVAL:
		return apply_interval(o, text,
		                      "--ledger-interval: must be a time from 1s to 1d, such as 5m",
		                      &o->ledger_interval);
	case KEY_LEDGER_MAX_SIZE:
		return apply_max_size(o, text);
	case KEY_METRICS_LISTEN:
		return apply_listen(o, text);
	case KEY_SANDBOX:
		return apply_sandbox(o, text);
	case KEY_CANARY:
		return apply_interval(o, text, "--canary: must be a time from 1s to 1d, such as 5m",
		                      &o->canary);
	default:
		return EXIT_USAGE;
	}
}

/* text is NULL for an option without argument; otherwise it lives as long as o. */
static int
apply(struct options *o, int key, char *text)
{
	struct text_list *list = list_of(o, key);
	const char **place = text_of(o, key);
	bool *is_on = switch_of(o, key);

	if (key == 'i') {
		o->in_place = true;
		o->suffix = text && *text ? text : NULL;
		return 0;
	}
	if (is_on) {
		*is_on = true;
		return 0;
	}
	if (!text)
		return EXIT_USAGE; /* getopt_long() sees to it that there is one */
	if (list)
		return is_path_list(key) ? list_add(list, text)
		                         : ks_option_list_add(o, list, text, ", ");
	if (!place)
		return apply_checked(o, key, text);
	*place = text;
	return 0;
}

/* ------------------------------------------------------------------- the table ---- */

size_t
ks_option_count(void)
{
	return ROW_COUNT;
}

const struct option_row *
ks_option_row(size_t i)
{
	return &rows[i];
}

bool
ks_option_has_environment(const struct option_row *row)
{
	return row->key != 'h' && row->key != 'V' && row->key != KEY_MAN;
}

enum option_place
ks_option_place(const struct option_row *row)
{
	switch (row->key) {
	case 'h':
	case 'V':
	case 'i':       /* files would be changed that nobody wanted changed */
	case KEY_CHECK: /* nothing would be written */
	case KEY_CONFIG:
	case KEY_MAN:
		return PLACE_COMMAND_LINE;
	case 'o':
	case KEY_STATE:
	case KEY_HTML:
		return PLACE_SECTION;
	default:
		return PLACE_ANYWHERE;
	}
}

const char *
ks_option_words(const struct option_row *row)
{
	switch (row->key) {
	case KEY_MASK:
		return "fill tag hash fill-hash";
	case KEY_FRAME:
		return "auto raw cri docker journal";
	case KEY_FORMAT:
		return "export json short";
	case KEY_KEEP_LAST:
		return "0 1 2 3 4";
	case KEY_SANDBOX:
		return "auto off require";
	default:
		return NULL;
	}
}

struct text_list *
ks_option_list(struct options *o, const struct option_row *row)
{
	return list_of(o, row->key);
}

bool
ks_option_is_path_list(const struct option_row *row)
{
	return is_path_list(row->key);
}

int
ks_option_apply(struct options *o, const struct option_row *row, char *text)
{
	return apply(o, row->key, text);
}
