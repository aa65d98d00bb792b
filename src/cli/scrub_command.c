/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Masking in place, a file after another. Each is a source of its own: no secret goes on in the next file.
 * What goes wrong with one file does not keep the others from being done.
 */
#include "scrub_command.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "masking.h"
#include "message.h"
#include "observer.h"
#include "progress.h"
#include "rule_selection.h"
#include "sandbox.h"
#include "scrub.h"
#include "standard_error.h"
#include "statistics.h"

struct job {
	const struct options *options;
	struct observer observer;
	struct rule_selection rules;
	struct statistics stats;
	struct ks_scratch *scratch;
	struct progress progress;
	sigset_t mask;    /* of signals, as it was */
	uint64_t done;    /* bytes of the files before */
	uint64_t bytes;   /* of text */
	size_t file;      /* its number, from 1 */
	const char *path; /* of it */
	int status;       /* exit status: the first that is not 0 */
};

static void
note_status(struct job *job, int status)
{
	if (job->status == 0)
		job->status = status;
}

static int
check_options(const struct options *o)
{
	const char *problem = NULL;

	if (!o->files[0])
		problem = "no file is named";
	else if (o->output)
		problem = "it cannot go with --output";
	else if (o->check)
		problem = "it cannot go with --check";
	else if (o->gzip)
		problem = "it cannot go with --gzip; archives stay archives";
	else if (o->mask > KS_MASK_FILL)
		problem = "it can only fill; not with another --mask";
	else if (o->keep_last > 0)
		problem = "it masks all bytes; not with --keep-last";
	else if (o->metrics_file || o->metrics_listen || o->canary)
		problem = "it ends by itself; not with metrics or a canary";
	else if (o->suffix && strchr(o->suffix, '/'))
		problem = "the suffix of copies cannot have a slash in it";
	for (char **file = o->files; !problem && *file; file++) {
		if (strcmp(*file, "-") == 0)
			problem = "the standard input has no place";
	}
	if (problem)
		ks_message("option '--in-place': %s", problem);
	return problem ? EXIT_USAGE : 0;
}

/* --------------------------------------------------------------------- signals ---- */

static const int stop_signals[] = { SIGINT, SIGTERM, SIGHUP };

#define STOP_COUNT (sizeof(stop_signals) / sizeof(stop_signals[0]))

static bool
is_ignored(int number)
{
	struct sigaction action;

	return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

/*
 * They are left pending: nobody is interrupted, and they can be seen whenever that is fine. The kernel keeps even
 * those that nohup(1) has it ignore, if they are held.
 */
static void
hold_signals(struct job *job)
{
	sigset_t held;

	(void)sigemptyset(&held);
	for (size_t i = 0; i < STOP_COUNT; i++) {
		if (!is_ignored(stop_signals[i]))
			(void)sigaddset(&held, stop_signals[i]);
	}
	(void)sigprocmask(SIG_BLOCK, &held, &job->mask);
}

static bool
has_signal(void)
{
	sigset_t pending;
	bool has = false;

	if (sigpending(&pending) < 0)
		return false;
	for (size_t i = 0; i < STOP_COUNT; i++)
		has |= sigismember(&pending, stop_signals[i]) == 1;
	return has;
}

static bool
should_stop(void *ctx, uint64_t position)
{
	struct job *job = ctx;

	ks_progress_update(&job->progress, job->done + position, job->file);
	ks_observer_tick(&job->observer);
	return has_signal();
}

static uint64_t
file_size(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
}

/* ----------------------------------------------------------------------- files ---- */

static void
report_error(struct job *job, const char *path, const struct scrub_error *error)
{
	if (error->problem == SCRUB_ENGINE) {
		ks_message_file(path, ks_status_text(error->status));
		note_status(job, EXIT_INTERNAL);
		return;
	}
	ks_message_file(path, error->reason);
	note_status(job, EXIT_IO);
}

static void
report_result(const char *path, const struct scrub_result *result)
{
	char text[160];
	int n;

	if (result->masked == 0)
		return;
	if (result->findings == 0)
		n = snprintf(text, sizeof(text), "the rest of an interrupted run masked");
	else
		n = snprintf(text, sizeof(text), "%" PRIu64 " secret%s masked", result->findings,
		             result->findings == 1 ? "" : "s");
	n += snprintf(text + n, sizeof(text) - (size_t)n, ", %" PRIu64 " bytes", result->masked);
	if (result->new_size > 0)
		(void)snprintf(text + n, sizeof(text) - (size_t)n,
		               "; archive of %" PRIu64 " bytes, was %" PRIu64, result->new_size,
		               result->size);
	ks_message_file(path, text);
}

/* A ks_finding_fn. */
static void
note_finding(void *ctx, const struct ks_finding *finding)
{
	struct job *job = ctx;

	ks_observer_note(&job->observer, &job->rules, &job->stats, job->path, finding);
}

/* Returns 0, or -1 if no other file is to be done. */
static int
scrub_one(struct job *job, const char *path, const struct scrub_options *options)
{
	struct scrub_result result;
	struct scrub_error error;
	int r = ks_scrub_file(path, options, &result, &error);

	ks_progress_clear(&job->progress);
	report_result(path, &result);
	if (r < 0)
		report_error(job, path, &error);
	job->bytes += result.bytes;
	job->done += file_size(path);
	return r < 0 && error.problem != SCRUB_FILE ? -1 : 0;
}

static void
scrub_all(struct job *job)
{
	struct scrub_options options = {
		.set = job->rules.set,
		.scratch = job->scratch,
		.redactor = { .frame = job->options->frame,
		              .stream = { .on_finding = note_finding, .finding_ctx = job } },
		.suffix = job->options->suffix,
		.keep_times = job->options->keep_times,
		.should_stop = should_stop,
		.stop_ctx = job,
	};

	ks_masking_set(job->options, &job->rules, &options.redactor.stream);
	ks_observer_set(&job->observer, &options.redactor.stream);
	for (char **file = job->options->files; *file; file++) {
		job->file++;
		job->path = *file;
		if (has_signal() || scrub_one(job, *file, &options) < 0)
			break;
	}
}

static void
begin_progress(struct job *job)
{
	uint64_t total = 0;
	size_t files = 0;

	for (char **file = job->options->files; *file; file++, files++)
		total += file_size(*file);
	ks_progress_init(&job->progress, total, files);
}

static int
start(struct job *job)
{
	int r = check_options(job->options);

	if (r == 0)
		r = ks_observer_init(&job->observer, job->options);
	if (r == 0)
		r = ks_rule_selection_init(&job->rules, job->options);
	if (r == 0)
		r = ks_masking_check(job->options, &job->rules);
	if (r != 0)
		return r;
	if (ks_statistics_init(&job->stats, job->rules.catalog, job->rules.index,
	                       ks_ruleset_count(job->rules.set)) != KS_OK ||
	    ks_scratch_new(job->rules.set, &job->scratch) != KS_OK) {
		ks_message("%s", ks_status_text(KS_ERROR_MEMORY));
		return EXIT_INTERNAL;
	}
	begin_progress(job);
	return ks_sandbox_enter(job->options);
}

int
ks_scrub_command(const struct options *options)
{
	struct job job = { .options = options };

	hold_signals(&job);
	note_status(&job, start(&job));
	if (job.status == 0) {
		ks_standard_error_set_patience(PATIENCE_NONE);
		scrub_all(&job);
		ks_standard_error_set_patience(PATIENCE_BOUNDED);
		if (options->stats) {
			ks_message_statistics(&job.stats, job.bytes);
			ks_observer_print(&job.observer);
		}
	}
	ks_observer_done(&job.observer);
	ks_scratch_free(job.scratch);
	ks_statistics_done(&job.stats);
	ks_rule_selection_done(&job.rules);
	(void)sigprocmask(SIG_SETMASK, &job.mask, NULL);
	return job.status;
}
