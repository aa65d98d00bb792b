/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop: entries as long as there are any, and between them what signals ask for. Before it waits, all that
 * was read is out, but for what the rules have not decided.
 */
#include "journal_command.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "journal_job.h"
#include "known_watch.h"
#include "message.h"
#include "monotonic.h"
#include "notify.h"
#include "patience.h"
#include "signals.h"
#include "standard_error.h"

#define SAVE_INTERVAL 1000U /* milliseconds between checkpoints, at least */

enum turn { TURN_ON, TURN_END, TURN_STOP, TURN_FAILED };

static enum turn
fail(struct journal_job *job, int status)
{
	if (job->status == 0)
		job->status = status;
	return TURN_FAILED;
}

/* r: what a function of the stream has returned. */
static enum turn
judge(struct journal_job *job, int r)
{
	int code = job->stream.failure.code;

	if (r == 0)
		return TURN_ON;
	switch (job->stream.failure.side) {
	case JOURNAL_READING:
		ks_journal_job_tell_unreadable(job, code);
		return TURN_ON;
	case JOURNAL_WRITING:
		ks_message_file(ks_output_name(job->output), strerror(code));
		ks_metrics_add(job->telemetry.metrics, METRIC_OUTPUT_ERRORS, 1);
		return fail(job, EXIT_IO);
	case JOURNAL_MASKING:
		ks_message("%s", ks_status_text(code));
		return fail(job, EXIT_INTERNAL);
	}
	return TURN_FAILED;
}

/* ------------------------------------------------------------- between entries ---- */

static enum turn
reopen(struct journal_job *job)
{
	int r = ks_output_reopen(job->output);

	job->is_reopening = false;
	if (r < 0) {
		ks_message_file(ks_output_name(job->output), strerror(-r));
		ks_metrics_add(job->telemetry.metrics, METRIC_OUTPUT_ERRORS, 1);
	}
	r = ks_journal_job_save(job, false);
	return r == 0 ? TURN_ON : fail(job, r);
}

/* What had to wait for the right moment, if this is it. */
static enum turn
do_pending(struct journal_job *job)
{
	enum turn turn = TURN_ON;
	int r;

	if (job->is_reopening && ks_journal_stream_is_between(&job->stream))
		turn = reopen(job);
	if (turn == TURN_ON && job->reload.is_ready &&
	    (ks_journal_stream_is_idle(&job->stream) || ks_patience_is_over(job->reload.since))) {
		r = ks_journal_job_use_next_rules(job);
		turn = r == 0 ? TURN_ON : fail(job, r);
	}
	return turn;
}

static void
note_written(struct journal_job *job)
{
	const struct meter *meter = ks_telemetry_meter(&job->telemetry);

	if (meter)
		ks_passage_end(&job->passage, job->stream.written, meter);
}

/* What is not counted where it happens. */
static void
measure(struct journal_job *job)
{
	struct metrics *metrics = job->telemetry.metrics;

	ks_metrics_set_findings(metrics, &job->stats);
	ks_telemetry_note_observer(&job->telemetry, job->observer);
	ks_metrics_set(metrics, METRIC_HELD_BYTES, job->stream.read - job->stream.out);
}

static void
print_statistics(struct journal_job *job)
{
	ks_message_statistics(&job->stats, job->stream.fed);
	ks_observer_print(job->observer);
}

/* Let out all that was read, and make use of the moment. */
static enum turn
flush(struct journal_job *job)
{
	enum turn turn = judge(job, ks_journal_stream_flush(&job->stream));

	note_written(job);
	return turn == TURN_ON ? do_pending(job) : turn;
}

static enum turn
take_signals(struct journal_job *job, struct signals *signals)
{
	unsigned taken;

	if (!ks_signals_are_raised(signals))
		return TURN_ON;
	taken = ks_signals_take(signals);
	if (taken & SIGNALS_TICK) {
		ks_notify_alive();
		ks_observer_tick(job->observer);
	}
	if (ks_telemetry_wants(&job->telemetry, taken))
		measure(job);
	ks_telemetry_attend(&job->telemetry, taken, &job->rules);
	if (taken & SIGNALS_REPORT)
		print_statistics(job);
	if (taken & SIGNALS_STOP)
		return TURN_STOP;
	if (taken & SIGNALS_RELOAD) {
		ks_observer_reopen(job->observer);
		job->is_reopening = true;
	}
	ks_reload_attend(&job->reload, taken, &job->rules, &job->telemetry);
	return job->is_reopening || job->reload.is_ready ? flush(job) : TURN_ON;
}

/* How long until the next checkpoint: milliseconds, or -1 if there is nothing to be saved. */
static int
time_to_save(const struct journal_job *job)
{
	uint64_t passed;

	if (!job->state.file || !job->is_unsaved)
		return -1;
	passed = ks_monotonic_milliseconds() - job->saved;
	return passed < SAVE_INTERVAL ? (int)(SAVE_INTERVAL - passed) : 0;
}

static enum turn
save_in_time(struct journal_job *job)
{
	int r;

	if (time_to_save(job) != 0)
		return TURN_ON;
	r = ks_journal_job_save(job, false);
	return r == 0 ? TURN_ON : fail(job, r);
}

/* ---------------------------------------------------------------------- entries ---- */

static enum turn
fail_journal(struct journal_job *job, int error)
{
	ks_message_file("journal", strerror(error));
	return fail(job, EXIT_IO);
}

static enum turn
wait_for_entries(struct journal_job *job, struct signals *signals)
{
	struct pollfd fd;
	int timeout, due = time_to_save(job);
	int r = ks_journal_poll(job->journal, &fd, &timeout);

	if (due >= 0 && (timeout < 0 || due < timeout))
		timeout = due;
	if (r == 0)
		r = ks_signals_wait(signals, &fd, 1, timeout);
	if (r >= 0)
		r = ks_journal_process(job->journal);
	return r < 0 ? fail_journal(job, -r) : TURN_ON;
}

/* It was read a moment ago. */
static void
note_entry(struct journal_job *job, uint64_t len)
{
	if (!job->telemetry.metrics)
		return;
	ks_metrics_add(job->telemetry.metrics, METRIC_BYTES_IN, len);
	ks_metrics_add(job->telemetry.metrics, METRIC_LINES, 1);
	ks_passage_begin(&job->passage, job->stream.read);
	note_written(job);
}

static enum turn
take_entry(struct journal_job *job)
{
	uint64_t before = job->stream.read;
	enum turn turn = job->reload.is_ready ? do_pending(job) : TURN_ON;

	if (turn == TURN_ON)
		turn = judge(job, ks_journal_stream_take(&job->stream, job->journal));
	note_entry(job, job->stream.read - before);
	job->is_unsaved = true;
	if (turn == TURN_ON && (job->is_reopening || job->reload.is_ready))
		turn = flush(job);
	return turn;
}

/* All was read that is there. */
static enum turn
pause_reading(struct journal_job *job)
{
	if (ks_journal_stream_end_drop(&job->stream))
		ks_message("the journal has changed while it was read; "
		           "entries may be missing");
	return flush(job);
}

static enum turn
step(struct journal_job *job, struct signals *signals)
{
	enum turn turn = take_signals(job, signals);
	int r;

	if (turn != TURN_ON)
		return turn;
	r = ks_journal_next(job->journal);
	if (r < 0)
		return fail_journal(job, -r);
	turn = r > 0 ? take_entry(job) : pause_reading(job);
	if (turn == TURN_ON)
		turn = save_in_time(job);
	if (turn != TURN_ON || r > 0)
		return turn;
	return job->options->follow ? wait_for_entries(job, signals) : TURN_END;
}

/* ------------------------------------------------------------------------ whole ---- */

/* What comes after the last entry belongs to another run, if that goes on with this one's state. */
static void
finish(struct journal_job *job, bool is_end)
{
	enum turn turn;
	int r;

	ks_notify_stopping();
	ks_telemetry_set_ready(&job->telemetry, false);
	turn = judge(job, ks_journal_stream_finish(&job->stream, is_end && !job->state.file));
	if (turn != TURN_ON)
		return;
	r = ks_journal_job_save(job, true);
	if (r != 0)
		(void)fail(job, r);
}

/* What ends without having been done, and without a state to go on with, must not look as if it were done. */
static bool
is_unfinished(const struct journal_job *job, enum turn turn)
{
	return turn == TURN_STOP && !job->options->follow && !job->state.file && job->status == 0;
}

/* Returns true if it is not finished. */
static bool
run(struct journal_job *job, struct signals *signals)
{
	enum turn turn = TURN_ON;
	struct pollfd fd;
	int timeout, r;

	/* Before the first entry is read, so that none is missed after the last. */
	if (job->options->follow) {
		r = ks_journal_poll(job->journal, &fd, &timeout);
		turn = r < 0 ? fail_journal(job, -r) : TURN_ON;
	}
	r = ks_telemetry_begin(&job->telemetry, &job->rules, signals,
	                       ks_observer_interval(job->observer, ks_notify_interval()));
	if (r != 0)
		turn = fail(job, r);
	ks_telemetry_set_ready(&job->telemetry, turn == TURN_ON);
	if (turn == TURN_ON)
		ks_notify_ready();
	ks_standard_error_set_patience(PATIENCE_NONE);
	while (turn == TURN_ON)
		turn = step(job, signals);
	if (turn != TURN_FAILED)
		finish(job, turn == TURN_END);
	measure(job);
	return is_unfinished(job, turn);
}

static void
close_output(struct journal_job *job)
{
	const char *name = job->options->output ? job->options->output : "standard output";
	int r = ks_output_close(job->output);

	job->output = NULL;
	if (r < 0) {
		ks_message_file(name, strerror(-r));
		(void)fail(job, EXIT_IO);
	}
}

static int
run_job(const struct options *options, struct signals *signals, struct observer *observer)
{
	struct known_watch known_watch;
	struct journal_job job;
	bool must_die = false;
	int r;

	ks_known_watch_begin(&known_watch, options, signals);
	r = ks_journal_job_init(&job, options, observer);
	if (r == 0) {
		ks_reload_init(&job.reload, options, &known_watch, signals);
		ks_known_watch_start(&known_watch);
		must_die = run(&job, signals);
		close_output(&job);
		ks_standard_error_set_patience(PATIENCE_BOUNDED);
		if (options->stats)
			print_statistics(&job);
		r = job.status;
	}
	ks_journal_job_close(&job);
	ks_observer_done(observer);
	if (must_die)
		ks_signals_die(signals);
	ks_reload_leave(&job.reload, r);
	ks_journal_job_done(&job);
	ks_known_watch_done(&known_watch);
	return r;
}

int
ks_journal_command(const struct options *options)
{
	struct signals signals;
	struct observer observer;
	int r = ks_observer_init(&observer, options);

	if (r != 0)
		return r;
	r = ks_signals_init(&signals);
	if (r < 0) {
		ks_message("signals: %s", strerror(-r));
		ks_observer_done(&observer);
		return EXIT_INTERNAL;
	}
	r = run_job(options, &signals, &observer);
	ks_signals_done(&signals);
	return r;
}
