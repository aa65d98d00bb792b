/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Completion by the tables of commands and options, at the moment at which it is asked for: it is always
 * that of the keysieve that will run, and knows the rules of this machine.
 */
#include "completion.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "option_table.h"
#include "rule_selection.h"

struct completion {
	int count;
	char **words;
	const char *last; /* the word that is not finished */
};

static bool
begins_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

/* before and word make the whole of it. */
static void
offer(const struct completion *c, const char *before, const char *word, const char *meaning)
{
	size_t len = strlen(before);

	if (begins_with(c->last, before) && begins_with(word, c->last + len))
		(void)printf("%s%s\t%s\n", before, word, meaning);
}

/* -------------------------------------------------------------------- arguments ---- */

static void
offer_words(const struct completion *c, const char *before, const char *words)
{
	char word[32];

	while (*words) {
		size_t len = strcspn(words, " ");

		(void)snprintf(word, sizeof(word), "%.*s", (int)len, words);
		offer(c, before, word, "");
		words += len + (words[len] == ' ');
	}
}

static void
offer_packs(const struct completion *c, const char *before, const struct ks_catalog *catalog)
{
	const char *last = "user";

	for (size_t i = 0; i < ks_catalog_count(catalog); i++) {
		struct ks_catalog_entry entry;

		ks_catalog_get(catalog, i, &entry);
		if (strcmp(entry.pack, last) != 0 && strcmp(entry.pack, "user") != 0)
			offer(c, before, entry.pack, "pack");
		last = entry.pack;
	}
}

/* Names separated by commas: the last of them is completed. */
static void
offer_rules(const struct completion *c, size_t start)
{
	const char *comma = strrchr(c->last + start, ',');
	size_t kept = comma ? (size_t)(comma + 1 - c->last) : start;
	struct options o = { .command = ks_command_get(0) };
	struct rule_selection rules = { .catalog = NULL };
	char before[1024], name[] = "keysieve", *argv[] = { name, NULL };

	(void)snprintf(before, sizeof(before), "%.*s", (int)kept, c->last);
	if (ks_options_read(&o, 1, argv) == 0 && ks_rule_selection_gather(&rules, &o, NULL) == 0) {
		offer_packs(c, before, rules.catalog);
		for (size_t i = 0; i < ks_catalog_count(rules.catalog); i++) {
			struct ks_catalog_entry entry;

			ks_catalog_get(rules.catalog, i, &entry);
			offer(c, before, entry.rule.id, entry.rule.title ? entry.rule.title : "");
		}
	}
	ks_rule_selection_done(&rules);
	ks_options_done(&o);
}

/* start: where in the last word the argument begins. */
static void
offer_argument(const struct completion *c, const struct option_row *row, size_t start)
{
	const char *argument = row->argument + strspn(row->argument, "[=");
	char before[64];

	(void)snprintf(before, sizeof(before), "%.*s", (int)start, c->last);
	if (ks_option_words(row))
		offer_words(c, before, ks_option_words(row));
	else if (begins_with(argument, "ID"))
		offer_rules(c, start);
	else if (begins_with(argument, "FILE"))
		(void)puts(":file");
	else if (begins_with(argument, "DIR"))
		(void)puts(":directory");
	if (strcmp(row->name, "rules") == 0)
		offer(c, before, "generic", "pack");
}

/* ---------------------------------------------------------------------- options ---- */

/* The option of a word "--name", "--name=..." or "-n"; NULL if it is none of the command's. */
static const struct option_row *
find_option(const struct command *command, const char *word)
{
	size_t len = strcspn(word, "=");

	for (size_t i = 0; i < ks_option_count(); i++) {
		const struct option_row *row = ks_option_row(i);

		if (!ks_option_belongs(row, command) || word[0] != '-')
			continue;
		if (word[1] == row->key && !word[2])
			return row;
		if (word[1] == '-' && strlen(row->name) == len - 2 &&
		    memcmp(word + 2, row->name, len - 2) == 0)
			return row;
	}
	return NULL;
}

/* Does the next word belong to this one? */
static bool
wants_word(const struct command *command, const char *word)
{
	const struct option_row *row = find_option(command, word);

	return row && ks_option_kind(row) == required_argument && !strchr(word, '=');
}

static void
offer_options(const struct completion *c, const struct command *command)
{
	for (size_t i = 0; i < ks_option_count(); i++) {
		const struct option_row *row = ks_option_row(i);

		if (ks_option_belongs(row, command))
			offer(c, "--", row->name, row->help);
	}
}

/* --------------------------------------------------------------------- commands ---- */

/* Is words[0, count) the beginning of the command's words? Returns what follows, NULL if it is not. */
static const char *
next_word(const struct command *command, int count, char **words)
{
	const char *p = command->words;

	for (int i = 0; i < count; i++) {
		size_t len = strcspn(p, " ");

		if (len == 0 || strlen(words[i]) != len || memcmp(p, words[i], len) != 0)
			return NULL;
		p += len + (p[len] == ' ');
	}
	return *p ? p : NULL;
}

/* What can follow the words before the last, as the next word of a command. */
static void
offer_commands(const struct completion *c)
{
	const struct command *command;

	for (size_t i = 0; (command = ks_command_get(i)); i++) {
		const char *next = next_word(command, c->count - 1, c->words);
		char word[32];

		/* "rules" has a line of its own: the others of that word are not offered twice. */
		if (!next || strchr(next, ' '))
			continue;
		(void)snprintf(word, sizeof(word), "%s", next);
		offer(c, "", word, command->summary);
	}
}

static void complete(const struct completion *c);

/* The place of the first word behind the options, or of the last one. */
static int
first_argument(const struct completion *c, const struct command *command, int from)
{
	int i = from;

	while (i < c->count - 1 && c->words[i][0] == '-')
		i += 1 + wants_word(command, c->words[i]);
	return i;
}

/* Behind help and check-config another command line begins. */
static void
complete_inner(const struct completion *c, int from, bool is_help)
{
	struct completion inner = { c->count - from, c->words + from, c->last };
	char filter[] = "filter";

	if (inner.count == 1 || is_help)
		offer_commands(&inner);
	if (is_help)
		return;
	if (inner.count == 1)
		offer(&inner, "", filter, "the command without a name");
	else if (strcmp(inner.words[0], filter) == 0)
		complete(&(struct completion){ inner.count - 1, inner.words + 1, c->last });
	else
		complete(&inner);
}

static void
complete_argument(const struct completion *c, const struct command *command, int words)
{
	int first = first_argument(c, command, words);

	if (command->bit == COMMAND_CHECK_CONFIG || command->bit == COMMAND_HELP) {
		if (first < c->count)
			complete_inner(c, first, command->bit == COMMAND_HELP);
		return;
	}
	if (words == c->count - 1)
		offer_commands(c);
	if (command->bit == COMMAND_COMPLETION)
		offer_words(c, "", "bash zsh fish");
	else if (!ks_command_is_group(command) &&
	         (strstr(command->arguments, "FILE") || strstr(command->arguments, "LEDGER")))
		(void)puts(":file");
}

static bool
is_behind_options(const struct completion *c, int words)
{
	for (int i = words; i < c->count - 1; i++) {
		if (strcmp(c->words[i], "--") == 0)
			return true;
	}
	return false;
}

static void
complete(const struct completion *c)
{
	int words;
	const struct command *command = ks_command_match(c->count - 1, c->words, &words);
	const struct option_row *row = find_option(command, c->last);
	const char *before = c->count > 1 ? c->words[c->count - 2] : "", *equals;
	bool is_inner = (command->bit & (COMMAND_CHECK_CONFIG | COMMAND_HELP)) &&
	                first_argument(c, command, words) < c->count - 1;
	bool is_behind = is_inner || is_behind_options(c, words);

	equals = strchr(c->last, '=');
	if (!is_behind && c->count - 1 > words && wants_word(command, before))
		offer_argument(c, find_option(command, before), 0);
	else if (!is_behind && equals && row && row->argument && c->last[1] == '-')
		offer_argument(c, row, (size_t)(equals + 1 - c->last));
	else if (!is_behind && c->last[0] == '-')
		offer_options(c, command);
	else
		complete_argument(c, command, words);
}

void
ks_completion_print(int count, char **words)
{
	struct completion c = { count, words, words[count - 1] };

	complete(&c);
}
