/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The key comes from the standard input or from a prompt, never from the command line, where everybody can
 * read it. It goes through the same rules as logs do, so that its fingerprint is the one that they show.
 */
#include "fingerprint_command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "descriptor.h"
#include "keysieve.h"
#include "message.h"
#include "rule_selection.h"
#include "sandbox.h"
#include "secret_memory.h"
#include "standard_output.h"

#define TEXT_MAX 65536U

struct job {
	struct rule_selection rules;
	uint8_t *text;
	size_t len;
	size_t findings;
};

/* ------------------------------------------------------------------------ input ---- */

/* Read to the end, or to the end of a line. Returns 0 or an exit status. */
static int
read_text(struct job *job, int fd, bool is_line)
{
	ssize_t n = 1;

	while (n > 0 && job->len < TEXT_MAX && !(is_line && memchr(job->text, '\n', job->len))) {
		n = ks_descriptor_read(fd, job->text + job->len, TEXT_MAX - job->len);
		job->len += n > 0 ? (size_t)n : 0;
	}
	if (n < 0) {
		ks_message_file("standard input", strerror((int)-n));
		return EXIT_IO;
	}
	if (job->len == TEXT_MAX) {
		ks_message("a key of more than %u bytes is none", TEXT_MAX - 1);
		return EXIT_USAGE;
	}
	return 0;
}

/* Whoever gives up at the prompt wants to see again what they type. */
static struct termios usual; /* a signal's handler has no other way to it */

static void
give_up(int number)
{
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &usual);
	(void)raise(number); /* which ends the process, when this returns */
}

static void
catch_ends(void)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	const struct sigaction action = { .sa_handler = give_up, .sa_flags = (int)SA_RESETHAND };
	struct sigaction before;

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		if (sigaction(ends[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
			(void)sigaction(ends[i], &action, NULL);
	}
}

/* Nothing that is typed is shown, once it is asked for. */
static int
ask(struct job *job)
{
	static const char prompt[] = "key (not shown): ";
	struct termios quiet;
	int status;

	if (tcgetattr(STDIN_FILENO, &usual) < 0) {
		ks_message_file("standard input", strerror(errno));
		return EXIT_IO;
	}
	catch_ends();
	quiet = usual;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK);
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	(void)ks_descriptor_write(STDERR_FILENO, (const uint8_t *)prompt, strlen(prompt));
	status = read_text(job, STDIN_FILENO, true);
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &usual);
	(void)ks_descriptor_write(STDERR_FILENO, (const uint8_t *)"\n", 1);
	return status;
}

static void
strip_line_end(struct job *job)
{
	while (job->len > 0 && (job->text[job->len - 1] == '\n' || job->text[job->len - 1] == '\r'))
		job->len--;
}

/* ----------------------------------------------------------------- fingerprints ---- */

/* A ks_finding_fn. */
static void
print_finding(void *ctx, const struct ks_finding *finding)
{
	struct job *job = ctx;
	struct ks_catalog_entry entry;

	ks_catalog_get(job->rules.catalog, job->rules.index[finding->rule], &entry);
	(void)printf("%s  %s\n", finding->fingerprint, entry.rule.id);
	job->findings++;
}

/* Returns KS_OK or an error. */
static int
find(struct job *job)
{
	struct ks_stream_options options = { .on_finding = print_finding,
		                             .finding_ctx = job,
		                             .fills_only = 1,
		                             .fingerprint = job->rules.fingerprint };
	struct ks_scratch *scratch = NULL;
	struct ks_stream *stream = NULL;
	size_t settled = 0;
	int r = ks_scratch_new(job->rules.set, &scratch);

	if (r == KS_OK)
		r = ks_stream_new(job->rules.set, &options, &stream);
	if (r == KS_OK)
		r = ks_stream_mask(stream, scratch, job->text, job->len, &settled);
	if (r == KS_OK)
		r = ks_stream_mask_end(stream, scratch, job->text + settled, job->len - settled);
	ks_stream_free(stream);
	ks_scratch_free(scratch);
	return r;
}

/* A key that logs show only beside its name: what was given is the key. */
static int
print_whole(const struct job *job)
{
	char text[KS_FINGERPRINT_SIZE];
	int r = ks_fingerprint_text(job->rules.fingerprint, job->text, job->len, text);

	if (r != KS_OK)
		return r;
	ks_message("no rule knows a key in this: the fingerprint is that of all of it");
	(void)printf("%s\n", text);
	return KS_OK;
}

static int
print_fingerprints(struct job *job)
{
	int r;

	strip_line_end(job);
	if (job->len == 0) {
		ks_message("there is no key in the input");
		return EXIT_USAGE;
	}
	r = find(job);
	if (r == KS_OK && job->findings == 0)
		r = print_whole(job);
	if (r == KS_OK)
		return ks_standard_output_end(0);
	ks_message("%s", ks_status_text(r));
	return EXIT_INTERNAL;
}

static int
check_options(const struct options *options)
{
	if (options->files[0]) {
		ks_message(
			"fingerprint takes no argument: a key on a command line is seen by others");
		return EXIT_USAGE;
	}
	if (!options->key_file) {
		ks_message("fingerprint needs --key-file, that of the logs");
		return EXIT_USAGE;
	}
	return 0;
}

int
ks_fingerprint_command(const struct options *options)
{
	struct job job = { .len = 0 };
	int r = check_options(options);

	if (r != 0)
		return r;
	job.text = ks_secret_memory_new(TEXT_MAX);
	r = ks_rule_selection_init(&job.rules, options);
	if (r == 0)
		r = ks_sandbox_enter(options);
	if (r == 0 && !job.text) {
		ks_message("%s", ks_status_text(KS_ERROR_MEMORY));
		r = EXIT_INTERNAL;
	}
	if (r == 0)
		r = isatty(STDIN_FILENO) ? ask(&job) : read_text(&job, STDIN_FILENO, false);
	if (r == 0)
		r = print_fingerprints(&job);
	ks_rule_selection_done(&job.rules);
	ks_secret_memory_free(job.text, TEXT_MAX);
	return r;
}
