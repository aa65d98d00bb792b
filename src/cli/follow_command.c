/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Following files: what the follower gives is written, what it notes is told, what signals ask for is done,
 * and every now and then what has been done is written down.
 *
 * The order that keeps every byte: write, sync, checkpoint. After an error no checkpoint is written any more,
 * so that the next start goes on before it.
 */
#include "follow_command.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "descriptor.h"
#include "follow_notes.h"
#include "follow_rules.h"
#include "follower.h"
#include "known_watch.h"
#include "masking.h"
#include "message.h"
#include "notify.h"
#include "observer.h"
#include "output.h"
#include "reload.h"
#include "sandbox.h"
#include "signals.h"
#include "standard_error.h"
#include "state.h"
#include "telemetry.h"

#define LOOK_MS      1000 /* between two looks at everything */
#define SAVE_SECONDS 1.0  /* between two checkpoints, at least */
#define LINE_SECONDS 1.0  /* that reopening the output waits for the end of a line, at most */
#define LINE_MS      50   /* between two looks at that */

struct job {
	const struct options *options;
	struct observer observer;
	struct signals signals;
	struct known_watch known_watch;
	struct reload reload;
	struct follow_rules *rules;
	struct follower follower;
	struct output *output;
	struct telemetry telemetry;
	struct follow_notes notes;
	struct state state;
	double saved;           /* when, of the monotonic clock */
	bool is_changed;        /* since then */
	bool must_reopen;       /* the output */
	double asked_to_reopen; /* when */
	bool is_stopping;       /* a signal has come: what was there then is still read ... */
	uint64_t stop_at; /* ... up to this number of bytes; what comes meanwhile may not end */
	bool is_stopped;
	int write_error; /* errno */
	int status;      /* exit status: the first that is not 0 */
};

static void
note_status(struct job *job, int status)
{
	if (job->status == 0)
		job->status = status;
}

/* Returns a negative number: no more can be done. */
static int
fail_errno(struct job *job, const char *name, int error)
{
	ks_message_file(name, strerror(error));
	note_status(job, error == ENOMEM ? EXIT_INTERNAL : EXIT_IO);
	return -1;
}

static int
fail_status(struct job *job, int status)
{
	if (status == KS_ERROR_SINK) {
		ks_metrics_add(job->telemetry.metrics, METRIC_OUTPUT_ERRORS, 1);
		return fail_errno(job, ks_output_name(job->output), job->write_error);
	}
	ks_message("%s", ks_status_text(status));
	note_status(job, EXIT_INTERNAL);
	return -1;
}

/* ------------------------------------------------------ what the follower asks for ---- */

/* A ks_sink_fn. */
static int
write_output(void *ctx, const uint8_t *data, size_t len)
{
	struct job *job = ctx;
	int r = ks_output_write(job->output, data, len);

	job->is_changed = true;
	if (r == 0)
		return 0;
	job->write_error = -r;
	return KS_ERROR_SINK;
}

static bool
is_output_file(const struct job *job, const struct stat *in)
{
	struct stat out;

	return fstat(ks_output_descriptor(job->output), &out) == 0 && S_ISREG(in->st_mode) &&
	       in->st_dev == out.st_dev && in->st_ino == out.st_ino;
}

/* Would reading this file make more of it? A pattern may match the output, the ledger and the checkpoint. */
static bool
is_own(void *ctx, int fd)
{
	const struct job *job = ctx;
	struct stat in;

	if (fstat(fd, &in) < 0)
		return false;
	return ks_observer_has_file(&job->observer, fd) || is_output_file(job, &in) ||
	       (job->state.file && ks_checkpoint_file_has(job->state.file, &in));
}

/* ------------------------------------------------------------------ checkpoints ---- */

static int
save(struct job *job, bool is_final)
{
	struct checkpoint c = { .is_final = is_final };
	bool is_written = false;
	int r = 0, status;

	if (!job->state.file)
		return 0;
	if (ks_follower_record(&job->follower, &c) < 0)
		r = fail_status(job, KS_ERROR_MEMORY);
	if (r == 0) {
		r = ks_output_record(job->output, &c);
		if (r < 0)
			r = fail_errno(job, ks_output_name(job->output), -r);
	}
	if (r == 0) {
		status = ks_state_write(&job->state, &c, job->telemetry.metrics, &is_written);
		note_status(job, status);
		r = status == 0 ? 0 : -1;
	}
	ks_checkpoint_done(&c);
	job->is_changed = !is_written;
	job->saved = ks_followed_clock();
	return r;
}

static int
save_sometimes(struct job *job)
{
	if (!job->is_changed || ks_followed_clock() - job->saved < SAVE_SECONDS)
		return 0;
	return save(job, false);
}

/*
 * Lines stay whole, if they end soon. Nothing may be written to the new file before a checkpoint tells of it.
 */
static int
reopen_at_line_end(struct job *job)
{
	int r;

	if (!job->must_reopen || (!ks_follower_hold(&job->follower) &&
	                          ks_followed_clock() - job->asked_to_reopen < LINE_SECONDS))
		return 0;
	job->must_reopen = false;
	r = ks_output_reopen(job->output);
	if (r < 0) {
		ks_message_file(ks_output_name(job->output), strerror(-r));
		ks_metrics_add(job->telemetry.metrics, METRIC_OUTPUT_ERRORS, 1);
	}
	if (save(job, false) < 0)
		return -1;
	r = ks_follower_resume(&job->follower);
	return r == KS_OK ? 0 : fail_status(job, r);
}

/* ----------------------------------------------------------------------- rules ---- */

/* rules: NULL if memory is out. */
static int
use_rules(struct job *job, struct follow_rules *rules)
{
	if (!rules)
		return fail_status(job, KS_ERROR_MEMORY);
	job->rules = rules;
	if (ks_telemetry_use_rules(&job->telemetry, &rules->selection) != KS_OK)
		return fail_status(job, KS_ERROR_MEMORY);
	return 0;
}

static int
use_next_rules(struct job *job)
{
	struct follow_rules *rules;

	if (!job->reload.is_ready)
		return 0;
	rules = ks_follow_rules_new(&job->reload.next, job->options, &job->observer, job->rules);
	job->reload.is_ready = !rules;
	if (use_rules(job, rules) < 0)
		return -1;
	ks_follower_change(&job->follower, &job->rules->masker);
	return 0;
}

static void
reopen(struct job *job)
{
	job->must_reopen = true;
	job->asked_to_reopen = ks_followed_clock();
	ks_observer_reopen(&job->observer);
}

/* --------------------------------------------------------------------- signals ---- */

static void
report(struct job *job)
{
	ks_message_statistics(ks_follow_rules_statistics(job->rules),
	                      ks_follower_bytes(&job->follower));
	for (size_t i = 0; i < job->follower.count; i++) {
		const struct source *s = job->follower.sources[i];

		if (s->redactor && s->frame != KS_FRAME_AUTO && !s->files.is_late)
			ks_message_file(s->files.path, ks_frame_name(s->frame));
	}
	ks_observer_print(&job->observer);
}

/* Who asks twice does not want to wait. */
static int
stop(struct job *job)
{
	int r;

	job->is_stopped = job->is_stopping;
	job->is_stopping = true;
	ks_notify_stopping();
	r = ks_follower_wake_all(&job->follower);
	job->stop_at = ks_follower_bytes(&job->follower) + ks_follower_waiting(&job->follower);
	return r < 0 ? fail_errno(job, "following", -r) : 0;
}

/* A follower_lag_fn. */
static void
note_lag(void *ctx, const char *path, uint64_t bytes, bool is_late)
{
	ks_metrics_add_file(ctx, path, bytes, is_late);
}

/* What is not counted where it happens. */
static void
measure(struct job *job)
{
	struct metrics *metrics = job->telemetry.metrics;

	if (!metrics)
		return;
	ks_metrics_set_findings(metrics, ks_follow_rules_statistics(job->rules));
	ks_telemetry_note_observer(&job->telemetry, &job->observer);
	ks_metrics_set(metrics, METRIC_HELD_BYTES,
	               ks_follower_lag(&job->follower, note_lag, metrics));
	ks_metrics_publish_files(metrics);
}

static int
do_signals(struct job *job)
{
	unsigned raised = ks_signals_take(&job->signals);

	if (raised & SIGNALS_TICK) {
		ks_notify_alive();
		ks_observer_tick(&job->observer);
	}
	if (ks_telemetry_wants(&job->telemetry, raised))
		measure(job);
	ks_telemetry_attend(&job->telemetry, raised, &job->rules->selection);
	if (raised & SIGNALS_REPORT)
		report(job);
	if (raised & SIGNALS_STOP && stop(job) < 0)
		return -1;
	if (raised & SIGNALS_RELOAD)
		reopen(job);
	ks_reload_attend(&job->reload, raised, &job->rules->selection, &job->telemetry);
	return use_next_rules(job);
}

static int
wait_for_change(struct job *job)
{
	struct pollfd fd = { .fd = ks_follower_fd(&job->follower), .events = POLLIN };
	int r = ks_signals_wait(&job->signals, &fd, 1, job->must_reopen ? LINE_MS : LOOK_MS);

	return r < 0 ? fail_errno(job, "poll", -r) : 0;
}

/* ------------------------------------------------------------------------ loop ---- */

static int
turn(struct job *job)
{
	int r = ks_follower_wake(&job->follower);

	if (r < 0)
		return fail_errno(job, "following", -r);
	r = ks_follower_clean(&job->follower);
	if (r != KS_OK)
		return fail_status(job, r);
	ks_follow_rules_clean(job->rules);
	r = ks_follower_turn(&job->follower);
	if (r < 0)
		return fail_status(job, r);
	if (save_sometimes(job) < 0)
		return -1;
	if (job->is_stopping && (r == 0 || ks_follower_bytes(&job->follower) >= job->stop_at))
		job->is_stopped = true;
	if (job->is_stopped)
		return 0;
	return r > 0 ? 0 : wait_for_change(job);
}

/* Without checkpoints what is undecided is masked; with them it is read again at the next start. */
static void
finish_work(struct job *job)
{
	int r = KS_OK;

	ks_telemetry_set_ready(&job->telemetry, false);
	if (job->state.file)
		(void)save(job, true);
	else
		r = ks_follower_stop(&job->follower);
	if (r != KS_OK)
		(void)fail_status(job, r);
	if (ks_follower_has_failed(&job->follower))
		note_status(job, EXIT_IO);
}

static void
work(struct job *job)
{
	int r = 0;

	ks_telemetry_set_ready(&job->telemetry, true);
	ks_notify_ready();
	ks_standard_error_set_patience(PATIENCE_NONE);
	while (r == 0 && !job->is_stopped) {
		r = do_signals(job);
		if (r == 0)
			r = reopen_at_line_end(job);
		if (r == 0 && !job->is_stopped)
			r = turn(job);
	}
	if (r == 0)
		finish_work(job);
	ks_standard_error_set_patience(PATIENCE_BOUNDED);
	if (r == 0 && job->options->stats)
		report(job);
	measure(job);
}

/* ----------------------------------------------------------------------- start ---- */

static int
open_state(struct job *job, struct checkpoint *ret_saved)
{
	int status = 0;

	if (job->options->state)
		status = ks_state_open(&job->state, job->options->state, ret_saved);
	note_status(job, status);
	return status == 0 ? 0 : -1;
}

static int
open_output(struct job *job, const struct checkpoint *saved)
{
	int r = ks_output_open(job->options->output, job->state.file != NULL, &job->output);

	if (r < 0)
		return fail_errno(
			job, job->options->output ? job->options->output : "standard output", -r);
	ks_output_set_meter(job->output, ks_telemetry_meter(&job->telemetry));
	r = saved->has_output ? ks_output_restore(job->output, saved) : 0;
	if (r < 0)
		return fail_errno(job, ks_output_name(job->output), -r);
	if (r == OUTPUT_GONE)
		ks_message_file(ks_output_name(job->output),
		                "not the file of the last run; some lines may come twice");
	return 0;
}

/* Does the output that was cut back end in the middle of a line? */
static bool
is_unfinished(const struct job *job, const struct checkpoint *saved)
{
	int fd = ks_output_descriptor(job->output);
	struct stat st;
	char last;

	return saved->has_output && ks_output_is_exact(job->output) && fstat(fd, &st) == 0 &&
	       st.st_size > 0 && pread(fd, &last, 1, st.st_size - 1) == 1 && last != '\n';
}

static int
check_files(struct job *job)
{
	for (char **file = job->options->files; *file; file++) {
		struct stat in;

		if (stat(*file, &in) < 0 || !is_output_file(job, &in))
			continue;
		ks_message_file(*file, "the input file is the output file");
		note_status(job, EXIT_USAGE);
		return -1;
	}
	return 0;
}

static int
start_follower(struct job *job, const struct checkpoint *saved)
{
	const struct follower_options options = { .paths = job->options->files,
		                                  .frame = job->options->frame,
		                                  .from_start = job->options->from_start,
		                                  .is_unfinished = is_unfinished(job, saved),
		                                  .write = write_output,
		                                  .write_ctx = job,
		                                  .note = ks_follow_notes_tell,
		                                  .note_ctx = &job->notes,
		                                  .refuses = is_own,
		                                  .refuses_ctx = job,
		                                  .meter = ks_telemetry_meter(&job->telemetry) };
	int r;

	job->notes.telemetry = &job->telemetry;
	r = ks_follower_init(&job->follower, &options, &job->rules->masker, saved);
	if (r < 0)
		return fail_errno(job, "following", -r);
	if (!ks_follower_is_hopeless(&job->follower))
		return save(job, false);
	note_status(job, EXIT_IO);
	return -1;
}

static int
begin_telemetry(struct job *job)
{
	int r;

	measure(job);
	r = ks_telemetry_begin(&job->telemetry, &job->rules->selection, &job->signals,
	                       ks_observer_interval(&job->observer, ks_notify_interval()));
	note_status(job, r);
	return r == 0 ? 0 : -1;
}

static int
enter_sandbox(struct job *job)
{
	int r;

	ks_notify_open();
	r = ks_sandbox_enter(job->options);
	note_status(job, r);
	if (r != 0)
		return -1;
	ks_known_watch_start(&job->known_watch);
	return 0;
}

/* The first ones. */
static int
make_rules(struct job *job)
{
	struct rule_selection selection;
	struct follow_rules *rules = NULL;
	int r = ks_rule_selection_init(&selection, job->options);

	if (r == 0)
		r = ks_masking_check(job->options, &selection);
	if (r == 0)
		r = ks_telemetry_init(&job->telemetry, job->options);
	note_status(job, r);
	if (r == 0)
		rules = ks_follow_rules_new(&selection, job->options, &job->observer, NULL);
	if (!rules)
		ks_rule_selection_done(&selection);
	return r == 0 ? use_rules(job, rules) : -1;
}

static int
start(struct job *job)
{
	struct checkpoint saved = { 0 };
	int r;

	ks_known_watch_begin(&job->known_watch, job->options, &job->signals);
	ks_reload_init(&job->reload, job->options, &job->known_watch, &job->signals);
	r = make_rules(job);
	if (r == 0)
		r = enter_sandbox(job);
	if (r == 0)
		r = open_state(job, &saved);
	if (r == 0)
		r = open_output(job, &saved);
	if (r == 0)
		r = check_files(job);
	if (r == 0)
		r = start_follower(job, &saved);
	ks_checkpoint_done(&saved);
	return r < 0 ? r : begin_telemetry(job);
}

static void
finish(struct job *job)
{
	const char *path = job->options->output;
	int r;

	ks_follow_notes_end(&job->notes);
	ks_telemetry_done(&job->telemetry);
	ks_follower_done(&job->follower);
	r = ks_output_close(job->output);
	if (r < 0)
		(void)fail_errno(job, path ? path : "standard output", -r);
	ks_state_done(&job->state);
	ks_observer_done(&job->observer);
	ks_reload_leave(&job->reload, job->status);
	ks_reload_done(&job->reload);
	job->rules = ks_follow_rules_free(job->rules);
	ks_known_watch_done(&job->known_watch);
	ks_signals_done(&job->signals);
}

int
ks_follow_command(const struct options *options)
{
	struct job job = { .options = options };
	int r;

	if (!options->files[0]) {
		ks_message("no files to follow; see keysieve follow --help");
		return EXIT_USAGE;
	}
	r = ks_observer_init(&job.observer, options);
	if (r != 0)
		return r;
	ks_descriptor_raise_limit();
	r = ks_signals_init(&job.signals);
	if (r < 0)
		(void)fail_errno(&job, "signals", -r);
	else if (start(&job) == 0)
		work(&job);
	finish(&job);
	return job.status;
}
