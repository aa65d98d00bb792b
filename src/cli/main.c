/* SPDX-License-Identifier: Apache-2.0 */
/* keysieve: from the command line to a command. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "descriptor.h"
#include "filter_command.h"
#include "keysieve.h"
#include "message.h"
#include "options.h"
#include "process.h"

/* Text for people, to the standard output. */
static int
print_and_close(const struct options *options)
{
	if (options->help)
		ks_options_print_help();
	else
		(void)printf("keysieve %s\n", ks_version());
	if (fflush(stdout) != 0) {
		ks_message("standard output: %s", strerror(errno));
		return EXIT_IO;
	}
	return 0;
}

int
main(int argc, char **argv)
{
	struct options options;
	int status;

	if (ks_descriptor_reserve_standard() < 0)
		return EXIT_IO;
	ks_process_protect();
	if (ks_memory_wipe_on_free() != KS_OK) {
		ks_message("%s", ks_status_text(KS_ERROR_INTERNAL));
		return EXIT_INTERNAL;
	}
	status = ks_options_read(&options, argc, argv);
	if (status == 0 && (options.help || options.version))
		status = print_and_close(&options);
	else if (status == 0)
		status = ks_filter_command(&options);
	ks_options_done(&options);
	return status;
}
