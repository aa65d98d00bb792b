/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keysieve rules import: the work is done by a Python program, for there is no packaged reader of TOML in
 * C. This process becomes that program, whose exit statuses are ours.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "message.h"
#include "process.h"
#include "rules_commands.h"
#include "sandbox.h"

#define PROGRAM "import_gitleaks.py"

int
ks_rules_import_command(const struct options *options)
{
	const char *dir = getenv("KEYSIEVE_LIBEXEC");
	const char *argv[9] = { "python3", "-I" };
	char path[4096];
	int n = 2, r;

	if (!options->files[0] || options->files[1]) {
		ks_message("rules import wants one FILE to read");
		return EXIT_USAGE;
	}
	(void)snprintf(path, sizeof(path), "%s/" PROGRAM, dir ? dir : KEYSIEVE_LIBEXECDIR);
	if (access(path, R_OK) < 0) {
		ks_message_file(path, strerror(errno));
		return EXIT_IO;
	}
	argv[n++] = path;
	if (options->output) {
		argv[n++] = "-o";
		argv[n++] = options->output;
	}
	if (options->prefix) {
		argv[n++] = "--prefix";
		argv[n++] = options->prefix;
	}
	argv[n++] = options->files[0];
	argv[n] = NULL;
	r = ks_sandbox_enter(options);
	if (r != 0)
		return r;
	ks_process_give_signals_back();
	(void)execvp(argv[0], (char *const *)argv);
	ks_message("python3: %s", strerror(errno));
	return EXIT_IO;
}
