/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keysieve completion: a script for a shell. The scripts know nothing of keysieve: at each Tab they ask it
 * by "keysieve completion words", with the words of the command line.
 */
#include "completion_command.h"

#include <stdio.h>
#include <string.h>

#include "completion.h"
#include "completion_scripts.h"
#include "message.h"
#include "standard_output.h"

static const char *
script_of(const char *shell)
{
	if (strcmp(shell, "bash") == 0)
		return ks_completion_bash;
	if (strcmp(shell, "zsh") == 0)
		return ks_completion_zsh;
	return strcmp(shell, "fish") == 0 ? ks_completion_fish : NULL;
}

int
ks_completion_command(const struct options *options)
{
	char **words = options->files;
	const char *script = words[0] && !words[1] ? script_of(words[0]) : NULL;
	int count = 0;

	while (words[count])
		count++;
	if (script) {
		(void)fputs(script, stdout);
	} else if (count > 1 && strcmp(words[0], "words") == 0) {
		ks_completion_print(count - 1, words + 1);
	} else {
		ks_message("completion wants a shell: bash, zsh or fish");
		return EXIT_USAGE;
	}
	return ks_standard_output_end(0);
}
