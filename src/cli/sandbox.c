/* SPDX-License-Identifier: Apache-2.0 */
/*
 * First Landlock, then seccomp, which takes away also the calls that make Landlock. What newer versions of Landlock add
 * (sockets, signals, the cutting of files) the filter refuses too; so all of it is there where both are, whatever the version.
 * In place attributes are written, by names that neither of them sees: of these, a capability is needed for the one that matters.
 */
#include "sandbox.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "capabilities.h"
#include "command.h"
#include "keysieve.h"
#include "ledger_file.h"
#include "message.h"
#include "rule_cache.h"
#include "sandbox_paths.h"
#include "seccomp_filter.h"
#include "standard_error.h"
#include "standard_output.h"

#define MASKING (COMMAND_FILTER | COMMAND_FOLLOW | COMMAND_JOURNAL)

/* -------------------------------------------------------------------- what it is ---- */

/* Will files be opened for writing, once all that is written now is open? */
static bool
writes_files(const struct options *o)
{
	bool reopens = o->output && o->command->bit & (COMMAND_FOLLOW | COMMAND_JOURNAL);
	bool has_ledger = o->ledger && ks_ledger_file_number(o->ledger) == -1;

	return reopens || has_ledger || o->state || o->metrics_file || o->html;
}

static unsigned
parts_of(const struct options *o)
{
	unsigned parts = SECCOMP_BASE, command = o->command->bit;

	if (command == COMMAND_RULES_IMPORT)
		return SECCOMP_PROGRAM;
	if (command == COMMAND_FINGERPRINT)
		return parts | SECCOMP_PROMPT;
	if (o->in_place)
		return parts | SECCOMP_PLACE | (ks_sandbox_paths_are_beside(o) ? SECCOMP_COPY : 0);
	parts |= command & MASKING ? SECCOMP_STREAM : 0;
	if (command & (COMMAND_FOLLOW | COMMAND_JOURNAL) || o->known.count + o->known_dir.count > 0)
		parts |= SECCOMP_WATCH;
	parts |= writes_files(o) ? SECCOMP_WRITE : 0;
	return parts | (o->metrics_listen ? SECCOMP_SERVER : 0);
}

/* Sanitizers trace and start processes, and open what they want. */
static bool
is_possible(void)
{
	return !KEYSIEVE_SANITIZED;
}

void
ks_sandbox_describe(char *ret_text, size_t size)
{
	int version = is_possible() ? ks_landlock_version() : 0;
	bool has_seccomp = is_possible() && ks_seccomp_is_there();

	if (version > 0)
		(void)snprintf(ret_text, size, "%sLandlock %d", has_seccomp ? "seccomp, " : "",
		               version);
	else
		(void)snprintf(ret_text, size, "%s", has_seccomp ? "seccomp, no Landlock" : "none");
}

const char *
ks_sandbox_reason(const char *path, int error)
{
	/* access(2) asks nobody but the file. */
	if (error == EACCES && access(path, R_OK) == 0)
		return "the sandbox does not let it be read; see --sandbox-read";
	return strerror(error);
}

/* ------------------------------------------------------------------------ printing ---- */

static void
print_rights(unsigned rights)
{
	static const struct {
		unsigned right;
		const char *word;
	} words[] = {
		{ LANDLOCK_READ | LANDLOCK_LIST, "read" },
		{ LANDLOCK_WRITE, "write" },
		{ LANDLOCK_CREATE, "create" },
		{ LANDLOCK_REMOVE, "remove" },
		{ LANDLOCK_EXECUTE, "execute" },
	};
	bool is_first = true;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (rights & words[i].right)
			(void)printf("%s%s", is_first ? "" : ", ", words[i].word);
		is_first &= !(rights & words[i].right);
	}
}

void
ks_sandbox_print(const struct options *o)
{
	struct sandbox_paths paths;

	ks_sandbox_paths_gather(&paths, o);
	for (size_t i = 0; o->sandbox != SANDBOX_OFF && i < paths.count; i++) {
		if (access(paths.items[i].path, F_OK) < 0)
			continue;
		(void)printf("# may ");
		print_rights(paths.items[i].rights);
		(void)printf(": ");
		ks_standard_output_plain(paths.items[i].path, SIZE_MAX);
		(void)putchar('\n');
	}
	ks_sandbox_paths_done(&paths);
}

/* ------------------------------------------------------------------------ entering ---- */

static int
allow(int rules, const struct sandbox_paths *paths)
{
	for (size_t i = 0; i < paths->count; i++) {
		int r = ks_landlock_allow(rules, paths->items[i].path, paths->items[i].rights);

		if (r < 0)
			return r;
	}
	return paths->is_out_of_memory ? -ENOMEM : 0;
}

/* Later it would look as if the option did not work. */
static void
tell_missing(const struct options *o)
{
	for (size_t i = 0; i < o->sandbox_read.count; i++) {
		if (access(o->sandbox_read.items[i], F_OK) < 0)
			ks_message_file(o->sandbox_read.items[i],
			                "--sandbox-read allows only what is there at the start");
	}
}

/* Returns 0 or a negative errno. */
static int
enforce_landlock(const struct options *o)
{
	struct sandbox_paths paths;
	int r, rules = ks_landlock_new();

	if (rules < 0)
		return rules;
	tell_missing(o);
	ks_sandbox_paths_gather(&paths, o);
	r = allow(rules, &paths);
	if (r == 0)
		r = ks_landlock_enforce(rules);
	ks_sandbox_paths_done(&paths);
	(void)close(rules);
	return r;
}

/* What cannot be had is an error only where all of it is required. */
static int
judge(const struct options *o, const char *what, int r)
{
	if (r == 0 || o->sandbox == SANDBOX_AUTO)
		return 0;
	ks_message("--sandbox=require: no %s here: %s", what, strerror(-r));
	return EXIT_CONFIG;
}

int
ks_sandbox_enter(const struct options *o)
{
	unsigned parts;
	int r;

	ks_standard_error_prepare();
	if (o->sandbox == SANDBOX_OFF || (o->sandbox == SANDBOX_AUTO && !is_possible()))
		return 0;
	if (!is_possible()) {
		ks_message("--sandbox=require: not possible, as this keysieve was built with a "
		           "sanitizer");
		return EXIT_CONFIG;
	}
	parts = parts_of(o); /* looks at files */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return judge(o, "PR_SET_NO_NEW_PRIVS", -errno);
	r = judge(o, "Landlock", enforce_landlock(o));
	if (r == 0 && o->in_place)
		r = judge(o, "capset", ks_capabilities_drop());
	if (r == 0)
		r = judge(o, "seccomp", ks_seccomp_enforce(parts, EXIT_INTERNAL));
	return r;
}
