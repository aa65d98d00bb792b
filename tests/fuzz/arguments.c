/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: any command line, and any environment variable for one of its options. It is taken, or refused with a
 * message and the status for it; nothing else is printed. The arguments are texts, separated by NUL; the
 * first byte says which option has a variable.
 */
#include <stdlib.h>

#include "command.h"
#include "messages.h"
#include "option_table.h"

#define ARGUMENTS_MAX 16
#define TEXTS_MAX     1024U

struct line {
	char texts[TEXTS_MAX];
	char *argv[ARGUMENTS_MAX + 2];
	int argc;
};

static void
split(struct choices *c, struct line *line)
{
	char *at = line->texts, *end = line->texts + sizeof(line->texts);
	static char name[] = "keysieve";

	line->argv[0] = name;
	line->argc = 1;
	while (c->len > 0 && line->argc <= ARGUMENTS_MAX && end - at > 1) {
		line->argv[line->argc++] = choose_text(c, at, (size_t)(end - at));
		at += strlen(at) + 1;
	}
	line->argv[line->argc] = NULL;
}

/* Give the option of that number a variable. Returns its name, which is to be unset. */
static const char *
set_variable(struct choices *c, char *name, size_t size)
{
	const struct option_row *row = ks_option_row(choose(c) % ks_option_count());
	char value[100];

	ks_option_environment_name(row, name, size);
	(void)setenv(name, choose_text(c, value, sizeof(value)), 1);
	return name;
}

/* Is there a file that could be read, and never end? Other commands' files are not read here. */
static bool
names_config(const struct line *line)
{
	for (int i = 1; i < line->argc; i++) {
		if (strstr(line->argv[i], "--c"))
			return true;
	}
	return false;
}

static void
check_taken(const struct options *options, const struct line *line)
{
	size_t left = 0;

	if (options->help || options->version)
		return;
	for (char **file = options->files; *file; file++)
		left++;
	require(left < (size_t)line->argc, "more files than arguments");
	require(options->keep_last <= KS_KEEP_LAST_MAX, "a number out of its range");
	for (size_t i = 0; i < options->rules.count; i++)
		require(options->rules.items[i], "a list with nothing in it");
}

static void
run(struct line *line, struct messages *m)
{
	int words = 0, r = EXIT_USAGE;
	const struct command *command;
	struct options options = { 0 };

	messages_begin(m);
	command = ks_command_find(line->argc, line->argv, &words);
	if (command) {
		options.command = command;
		r = ks_options_read(&options, line->argc - words, line->argv + words);
	}
	messages_end(m);
	require(r == 0 || r == EXIT_USAGE, "another status");
	require((r == 0) == (m->len == 0), "a status without a message, or the other way");
	require(m->len == 0 || strchr(m->text, '\n') == m->text + m->len - 1, "two messages");
	if (r == 0)
		check_taken(&options, line);
	if (command)
		ks_options_done(&options);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct messages messages;
	struct choices c = { data, len };
	struct line line;
	char name[64];

	(void)set_variable(&c, name, sizeof(name));
	(void)setenv("KEYSIEVE_CONFIG", "none", 1);
	split(&c, &line);
	if (!names_config(&line))
		run(&line, &messages);
	(void)unsetenv(name);
	return 0;
}
