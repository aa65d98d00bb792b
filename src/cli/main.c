/* SPDX-License-Identifier: Apache-2.0 */
/* keysieve: from the command line to a command. */
#include <stdio.h>

#include "command.h"
#include "descriptor.h"
#include "keysieve.h"
#include "message.h"
#include "options.h"
#include "process.h"
#include "rule_cache.h"
#include "stack.h"
#include "standard_error.h"
#include "standard_output.h"

/* Text for people, to the standard output. */
static int
print_text(const struct options *options)
{
	if (options->help)
		ks_command_print_help(options->command);
	else
		(void)printf("keysieve %s\n", ks_version());
	return ks_standard_output_end(0);
}

static int
run(const struct command *command, int argc, char **argv)
{
	struct options options = { .command = command };
	int status;

	if (command->bit & (COMMAND_FILTER | COMMAND_FOLLOW | COMMAND_JOURNAL))
		ks_standard_error_set_patience(PATIENCE_BOUNDED);
	status = ks_options_read(&options, argc, argv);
	if (status == 0 && (options.help || options.version)) {
		status = print_text(&options);
	} else if (status == 0) {
		ks_rule_cache_make(&options);
		status = command->run(&options);
	}
	ks_options_done(&options);
	return status;
}

int
main(int argc, char **argv)
{
	const struct command *command;
	int words, status;

	if (ks_descriptor_reserve_standard() < 0)
		return EXIT_IO;
	ks_process_protect();
	ks_process_share_arena();
	if (ks_memory_wipe_on_free() != KS_OK) {
		ks_message("%s", ks_status_text(KS_ERROR_INTERNAL));
		return EXIT_INTERNAL;
	}
	command = ks_command_find(argc, argv, &words);
	status = command ? run(command, argc - words, argv + words) : EXIT_USAGE;
	ks_stack_wipe();
	return status;
}
