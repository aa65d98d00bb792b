/* SPDX-License-Identifier: Apache-2.0 */
/* A command is named by its words, which come first; what follows is options and arguments. */
#include "command.h"

#include <stdio.h>
#include <string.h>

#include "check_config_command.h"
#include "completion_command.h"
#include "filter_command.h"
#include "fingerprint_command.h"
#include "follow_command.h"
#include "journal_command.h"
#include "key_command.h"
#include "manual.h"
#include "message.h"
#include "report_command.h"
#include "rules_commands.h"
#include "standard_output.h"

static int help_command(const struct options *options);
static int group_command(const struct options *options);

static const struct command commands[] = {
	{ COMMAND_FILTER, "", "[OPTION]... [FILE]...",
	  "Mask credentials in logs: AI-provider API keys and others become '*'.",
	  "With no FILE, or where FILE is -, read the standard input. A file that is called\n"
	  "like a command is ./rules.\n",
	  ks_filter_command },
	{ COMMAND_FOLLOW, "follow", "[OPTION]... FILE|PATTERN...",
	  "Mask what is written to log files, also when they are rotated.",
	  "It starts at the end of files that are there, and at the beginning of those that\n"
	  "appear later. A PATTERN in quotes, such as '/var/log/app/*.log', is looked at again\n"
	  "and again. Ends with SIGTERM or SIGINT; SIGHUP reads the rules and opens the output\n"
	  "anew; SIGUSR1 prints counts.\n",
	  ks_follow_command },
	{ COMMAND_JOURNAL, "journal", "[OPTION]... [MATCH]...",
	  "Mask credentials in the systemd journal.",
	  "MATCH is FIELD=VALUE: entries must have one of the values for each field. + between\n"
	  "matches means or. With --follow the last ten entries come first, as with journalctl.\n",
	  ks_journal_command },
	{ COMMAND_RULES, "rules", "COMMAND [OPTION]... [FILE]...",
	  "Look at rules, check them, try them, make exceptions.", NULL, group_command },
	{ COMMAND_RULES_LIST, "rules list", "[OPTION]...", "List the rules, on and off.", NULL,
	  ks_rules_list_command },
	{ COMMAND_RULES_CHECK, "rules check", "[OPTION]... [FILE]...",
	  "Tell what is wrong with rule files, and what rules cost.",
	  "FILE may be a directory. With no FILE, check the built-in rules and those of the\n"
	  "rules directory.\n",
	  ks_rules_check_command },
	{ COMMAND_RULES_TEST, "rules test", "[OPTION]... [FILE]...",
	  "Try the examples of rules, cut in two at every byte.",
	  "FILE may be a directory. With no FILE, try all rules that are on.\n",
	  ks_rules_test_command },
	{ COMMAND_RULES_EXPLAIN, "rules explain", "[OPTION]... [FILE]",
	  "Tell which rules match where in a text, and why others do not.",
	  "With no FILE, or where FILE is -, read the standard input. Each line is shown as it\n"
	  "is masked, with * for what is masked and # for what could be a secret but is not.\n",
	  ks_rules_explain_command },
	{ COMMAND_RULES_ALLOW, "rules allow", "[OPTION]... [FILE]...",
	  "Print what lets the secrets in FILE stay readable.",
	  "With no FILE, or where FILE is -, read the standard input. What is printed goes under\n"
	  "'allow:' in a rule file. It holds hashes, not the secrets.\n",
	  ks_rules_allow_command },
	{ COMMAND_RULES_IMPORT, "rules import", "[OPTION]... FILE",
	  "Turn the rules of gitleaks into a rule file.",
	  "What becomes of each rule is told on the standard error. Needs python3.\n",
	  ks_rules_import_command },
	{ COMMAND_KEY, "key", "COMMAND [OPTION]... [FILE]...", "Make keys for keyed hashes.", NULL,
	  group_command },
	{ COMMAND_KEY_NEW, "key new", "[OPTION]... FILE",
	  "Write a new key to FILE, which must not exist.", NULL, ks_key_new_command },
	{ COMMAND_REPORT, "report", "[OPTION]... LEDGER...",
	  "Tell from ledgers which keys leaked, and what to do about them.",
	  "Where LEDGER is -, read the standard input. A ledger may be gzipped. A key is\n"
	  "still leaking if it was seen after it was revoked; if that is not told, in the\n"
	  "last hour. TIME is like 2026-11-22, 2026-11-22T10:00:00Z, or 12h (ago).\n",
	  ks_report_command },
	{ COMMAND_FINGERPRINT, "fingerprint", "--key-file FILE [OPTION]...",
	  "Print a key's fingerprint, to look for it in logs.",
	  "The key is read from the standard input, or asked for and not shown.\n",
	  ks_fingerprint_command },
	{ COMMAND_CHECK_CONFIG, "check-config", "[OPTION]... [COMMAND [OPTION]...]",
	  "Check the configuration file, and what it names.",
	  "Prints the options with which COMMAND would run, and where each comes from. With no\n"
	  "COMMAND, print those of the commands that mask logs. The one without a name is called\n"
	  "filter here.\n",
	  ks_check_config_command },
	{ COMMAND_COMPLETION, "completion", "SHELL", "Print the completion of bash, zsh or fish.",
	  "An installed keysieve has them where shells look for them; without, bash takes\n"
	  "'source <(keysieve completion bash)'.\n",
	  ks_completion_command },
	{ COMMAND_HELP, "help", "[COMMAND]", "Print help on a command.", NULL, help_command },
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

/* ---------------------------------------------------------------------- finding ---- */

/* How many of argv[0, count) are the command's words, all of which must be there? 0: they are not. */
static int
match_words(const struct command *command, int count, char **argv)
{
	const char *p = command->words;
	int n = 0;

	while (*p) {
		size_t len = strcspn(p, " ");

		if (n == count || strlen(argv[n]) != len || memcmp(argv[n], p, len) != 0)
			return 0;
		n++;
		p += len + (p[len] == ' ');
	}
	return n;
}

static bool
is_below(const struct command *command, const struct command *group)
{
	size_t len = strlen(group->words);

	return len > 0 && strncmp(command->words, group->words, len) == 0 &&
	       command->words[len] == ' ';
}

bool
ks_command_is_group(const struct command *group)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		if (is_below(&commands[i], group))
			return true;
	}
	return false;
}

const struct command *
ks_command_get(size_t i)
{
	return i < COMMAND_COUNT ? &commands[i] : NULL;
}

const char *
ks_command_name(const struct command *command)
{
	return command->bit == COMMAND_FILTER ? "filter" : command->words;
}

const struct command *
ks_command_named(const char *name)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		if (strcmp(ks_command_name(&commands[i]), name) == 0)
			return &commands[i];
	}
	return NULL;
}

const struct command *
ks_command_match(int count, char **argv, int *ret_words)
{
	const struct command *best = &commands[0];

	*ret_words = 0;
	for (size_t i = 1; i < COMMAND_COUNT; i++) {
		int words = match_words(&commands[i], count, argv);

		if (words > *ret_words) {
			*ret_words = words;
			best = &commands[i];
		}
	}
	return best;
}

const struct command *
ks_command_find(int argc, char **argv, int *ret_words)
{
	int count = argc > 0 ? argc - 1 : 0, words;
	const struct command *best = ks_command_match(count, argv + 1, &words);

	if (ks_command_is_group(best) && words < count && argv[1 + words][0] != '-') {
		ks_message("no command '%s %s'; see keysieve %s --help", best->words,
		           argv[1 + words], best->words);
		return NULL;
	}
	*ret_words = words;
	return best;
}

/* ------------------------------------------------------------------------- help ---- */

static void
print_usage(const struct command *command, const char *before, FILE *out)
{
	(void)fprintf(out, "%skeysieve%s%s %s\n", before, *command->words ? " " : "",
	              command->words, command->arguments);
}

/* The filter's help lists all commands, a group's its own. */
static void
print_commands(const struct command *command, FILE *out)
{
	bool is_filter = command->bit == COMMAND_FILTER;

	if (!is_filter && !ks_command_is_group(command))
		return;
	(void)fprintf(out, "\nCommands:\n");
	for (size_t i = 1; i < COMMAND_COUNT; i++) {
		if (is_filter ? !ks_command_is_group(&commands[i])
		              : is_below(&commands[i], command))
			(void)fprintf(out, "  %-15s%s\n", commands[i].words, commands[i].summary);
	}
}

/* What is between the exit status 0 and those that all commands have. */
static const char *
exit_status_of_check(const struct command *command)
{
	if (command->bit == COMMAND_FILTER)
		return ", also when something was masked; 1 --check found a secret";
	return command->bit == COMMAND_REPORT ? "; 1 --check found a key that is still leaking"
	                                      : "";
}

void
ks_command_print_help(const struct command *command)
{
	print_usage(command, "Usage: ", stdout);
	if (command->bit == COMMAND_FILTER)
		(void)printf("       keysieve COMMAND [OPTION]... [FILE]...\n");
	(void)printf("%s\n", command->summary);
	if (command->description)
		(void)printf("\n%s", command->description);
	print_commands(command, stdout);
	(void)printf("\nOptions:\n");
	ks_options_print(command);
	(void)printf("\nExit status: 0 done%s;\n"
	             "2 usage; 70 internal error; 74 input or output; 78 rules or configuration.\n",
	             exit_status_of_check(command));
}

/* keysieve help [COMMAND] */
static int
help_command(const struct options *options)
{
	const struct command *command;
	int count = 0, words;

	if (options->man)
		return ks_manual_print();
	while (options->files[count])
		count++;
	command = ks_command_match(count, options->files, &words);
	if (words < count) {
		ks_message("no command '%s'; see keysieve --help", options->files[words]);
		return EXIT_USAGE;
	}
	ks_command_print_help(command);
	return ks_standard_output_end(0);
}

/* keysieve rules */
static int
group_command(const struct options *options)
{
	print_usage(options->command, "Usage: ", stderr);
	print_commands(options->command, stderr);
	return EXIT_USAGE;
}
