/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The filter mode. All files are one source, as for cat: a key that a splitter cut in two is found, in frames
 * or not.
 */
#include "filter_command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "descriptor.h"
#include "filter.h"
#include "filter_output.h"
#include "inlet.h"
#include "input_places.h"
#include "known_watch.h"
#include "masking.h"
#include "message.h"
#include "notify.h"
#include "observer.h"
#include "reload.h"
#include "rule_selection.h"
#include "sandbox.h"
#include "scrub_command.h"
#include "signals.h"
#include "standard_error.h"
#include "statistics.h"
#include "telemetry.h"

struct job {
	const struct options *options;
	struct observer observer;
	struct input_places places;
	struct signals signals;
	struct known_watch known_watch;
	struct rule_selection rules;
	struct reload reload;
	struct statistics stats;
	struct telemetry telemetry;
	struct filter *filter;
	struct filter_output output;
	bool is_stopping;   /* a signal asks for it */
	bool is_unfinished; /* and there would have been more to read */
	int status;         /* exit status: the first that is not 0 */
};

static void
note_status(struct job *job, int status)
{
	if (job->status == 0)
		job->status = status;
}

/* ------------------------------------------------------------------------- rules ---- */

/* A ks_finding_fn. What is found while the rules change was found by the former ones. */
static void
note_finding(void *ctx, const struct ks_finding *finding)
{
	struct job *job = ctx;
	struct ks_finding in_input = *finding;
	const char *name = ks_input_places_find(&job->places, &in_input);

	ks_observer_note(&job->observer, &job->rules, &job->stats, name, &in_input);
}

static int
use_rules(struct job *job, const struct rule_selection *rules)
{
	struct ks_stream_options options = { .on_finding = note_finding, .finding_ctx = job };

	ks_masking_set(job->options, rules, &options);
	ks_observer_set(&job->observer, &options);
	return ks_filter_use(job->filter, rules->set, &options);
}

/* The filter is idle: the rules that wait take over, if there are any. Returns KS_OK or an error. */
static int
change_rules(struct job *job)
{
	int r;

	if (!job->reload.is_ready)
		return KS_OK;
	r = use_rules(job, &job->reload.next);
	if (r == KS_OK)
		r = ks_reload_apply(&job->reload, &job->rules, &job->stats);
	return r == KS_OK ? ks_telemetry_use_rules(&job->telemetry, &job->rules) : r;
}

/* Use the rules that wait as soon as it is idle. */
static int
use_next_rules(struct job *job)
{
	if (ks_filter_is_idle(job->filter))
		return change_rules(job);
	if (job->reload.is_ready)
		ks_filter_want_idle(job->filter);
	return KS_OK;
}

/* ----------------------------------------------------------------------- signals ---- */

static void
print_statistics(struct job *job)
{
	enum ks_frame frame = ks_filter_frame(job->filter);

	ks_message_statistics(&job->stats, ks_filter_bytes(job->filter));
	if (frame != KS_FRAME_AUTO)
		ks_message("frames: %s", ks_frame_name(frame));
	ks_observer_print(&job->observer);
}

static void
stop_being_ready(struct job *job)
{
	ks_notify_stopping();
	ks_telemetry_set_ready(&job->telemetry, false);
}

/* What is not counted where it happens. */
static void
measure(struct job *job)
{
	struct metrics *metrics = job->telemetry.metrics;

	ks_metrics_set_findings(metrics, &job->stats);
	ks_telemetry_note_observer(&job->telemetry, &job->observer);
	ks_metrics_set(metrics, METRIC_HELD_BYTES, ks_filter_held(job->filter));
}

/* Do what signals ask for. Returns KS_OK or an error. */
static int
attend(struct job *job)
{
	unsigned raised = ks_signals_take(&job->signals);

	if (raised & SIGNALS_TICK) {
		ks_notify_alive();
		ks_observer_tick(&job->observer);
	}
	if (ks_telemetry_wants(&job->telemetry, raised))
		measure(job);
	ks_telemetry_attend(&job->telemetry, raised, &job->rules);
	if (raised & SIGNALS_REPORT)
		print_statistics(job);
	if (raised & SIGNALS_STOP) {
		stop_being_ready(job);
		job->is_stopping = true;
	}
	if (raised & SIGNALS_RELOAD)
		ks_observer_reopen(&job->observer);
	ks_reload_attend(&job->reload, raised, &job->rules, &job->telemetry);
	return use_next_rules(job);
}

/* ----------------------------------------------------------------------- input ---- */

/* Say what went wrong, but not with an input. Returns -1: nothing more may be written. */
static int
report(struct job *job, const struct filter_error *error)
{
	if (error->side == FILTER_OUTPUT) {
		ks_message_file(job->output.name, strerror(error->code));
		ks_metrics_add(job->telemetry.metrics, METRIC_OUTPUT_ERRORS, 1);
		note_status(job, EXIT_IO);
	} else {
		ks_message("%s", ks_status_text(error->code));
		note_status(job, EXIT_INTERNAL);
	}
	return -1;
}

static void
report_input(struct job *job, const char *name, const struct inlet *inlet, int code)
{
	char reason[INPUT_REASON_SIZE];

	ks_input_reason(inlet->input, code, reason, sizeof(reason));
	ks_message_file(name, reason);
	ks_metrics_add(job->telemetry.metrics, METRIC_INPUT_ERRORS, 1);
	note_status(job, EXIT_IO);
}

/* Put the input through. Returns as ks_filter_copy() does at its end. */
static int
copy_inlet(struct job *job, struct inlet *inlet, struct filter_error *reterr)
{
	for (;;) {
		int status = KS_OK, r = ks_filter_copy(job->filter, inlet, reterr);

		if (r == FILTER_WOKEN)
			status = attend(job);
		else if (r == FILTER_IDLE)
			status = change_rules(job);
		else
			return r;
		if (job->is_stopping)
			ks_inlet_stop(inlet);
		if (status != KS_OK) {
			*reterr = (struct filter_error){ FILTER_ENGINE, status };
			return -1;
		}
	}
}

/* What is undecided where an input breaks off is masked. Returns 0, or -1 if nothing more may be written. */
static int
break_off(struct job *job, const char *name, const struct inlet *inlet)
{
	struct filter_error error;

	if (ks_inlet_is_broken_off(inlet)) {
		ks_message_file(name, "stopped before its end");
		job->is_unfinished = true;
	}
	return ks_filter_break_off(job->filter, &error) < 0 ? report(job, &error) : 0;
}

/* The same returns. */
static int
copy_input(struct job *job, const char *name, struct inlet *inlet)
{
	struct filter_error error;
	int r = copy_inlet(job, inlet, &error);

	if (r < 0 && error.side != FILTER_INPUT)
		return report(job, &error);
	if (r < 0)
		report_input(job, name, inlet, error.code);
	return r < 0 || job->is_stopping ? break_off(job, name, inlet) : 0;
}

static int
copy_descriptor(struct job *job, const char *name, int fd)
{
	struct inlet inlet;
	int r;

	if (ks_filter_output_is(&job->output, fd) || ks_observer_has_file(&job->observer, fd)) {
		ks_message_file(name, ks_filter_output_is(&job->output, fd)
		                              ? "the input file is the output file"
		                              : "the input file is the ledger");
		note_status(job, EXIT_IO);
		return 0;
	}
	ks_input_places_add(&job->places, &(struct input_place){ name, ks_filter_bytes(job->filter),
	                                                         ks_filter_lines(job->filter) });
	ks_descriptor_enlarge_pipe(fd);
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	if (ks_inlet_init(&inlet, fd, &job->signals.wake) < 0)
		return report(job, &(struct filter_error){ FILTER_ENGINE, KS_ERROR_MEMORY });
	r = copy_input(job, name, &inlet);
	ks_inlet_done(&inlet);
	return r;
}

/* Returns a descriptor or a negative errno: -EINTR if it is to stop. A FIFO waits for somebody who writes. */
static int
open_input(struct job *job, const char *path)
{
	while (!job->is_stopping) {
		int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

		if (fd >= 0)
			return fd;
		if (errno != EINTR)
			return -errno;
		if (attend(job) != KS_OK)
			return -ENOMEM;
	}
	return -EINTR;
}

static int
copy_file(struct job *job, const char *path)
{
	int fd, r;

	if (strcmp(path, "-") == 0)
		return copy_descriptor(job, "standard input", STDIN_FILENO);
	fd = open_input(job, path);
	if (fd == -EINTR)
		return 0;
	if (fd < 0) {
		ks_message_file(path, ks_sandbox_reason(path, -fd));
		ks_metrics_add(job->telemetry.metrics, METRIC_INPUT_ERRORS, 1);
		note_status(job, EXIT_IO);
		return 0;
	}
	r = copy_descriptor(job, path, fd);
	(void)close(fd);
	return r;
}

static void
copy_all(struct job *job)
{
	struct filter_error error;
	char **file = job->options->files;
	int r = *file ? 0 : copy_file(job, "-");

	for (; r == 0 && *file && !job->is_stopping; file++)
		r = copy_file(job, *file);
	if (r == 0 && *file) {
		ks_message_file(*file, "stopped before it was read");
		job->is_unfinished = true;
	}
	if (!job->is_stopping)
		stop_being_ready(job);
	if (r == 0 && ks_filter_end(job->filter, &error) < 0)
		r = report(job, &error);
	if (r == 0)
		note_status(job, ks_filter_output_end(&job->output));
}

/* ------------------------------------------------------------------------ whole ---- */

static int
make_filter(struct job *job)
{
	const struct filter_options options = {
		.frame = job->options->frame,
		.write = job->output.fd < 0 ? NULL : ks_filter_output_write,
		.pause = job->output.gzip ? ks_filter_output_pause : NULL,
		.write_ctx = &job->output,
		.meter = ks_telemetry_meter(&job->telemetry),
		.threads = job->options->threads,
	};

	if (ks_input_places_init(&job->places, job->options->files) != KS_OK ||
	    ks_statistics_init(&job->stats, job->rules.catalog, job->rules.index,
	                       ks_ruleset_count(job->rules.set)) != KS_OK)
		return KS_ERROR_MEMORY;
	job->filter = ks_filter_new(&options);
	if (!job->filter || ks_telemetry_use_rules(&job->telemetry, &job->rules) != KS_OK)
		return KS_ERROR_MEMORY;
	return use_rules(job, &job->rules);
}

static int
start(struct job *job)
{
	int r = ks_observer_init(&job->observer, job->options);

	if (r != 0)
		return r;
	r = ks_signals_init(&job->signals);
	if (r < 0) {
		ks_message("signals: %s", strerror(-r));
		return EXIT_INTERNAL;
	}
	ks_known_watch_begin(&job->known_watch, job->options, &job->signals);
	ks_reload_init(&job->reload, job->options, &job->known_watch, &job->signals);
	r = ks_rule_selection_init(&job->rules, job->options);
	if (r != 0)
		return r;
	r = ks_masking_check(job->options, &job->rules);
	if (r == 0)
		r = ks_telemetry_init(&job->telemetry, job->options);
	if (r == 0)
		r = ks_filter_output_open(&job->output, job->options, &job->signals,
		                          job->telemetry.metrics);
	if (r != 0)
		return r;
	r = make_filter(job);
	if (r != KS_OK) {
		ks_message("%s", ks_status_text(r));
		return EXIT_INTERNAL;
	}
	ks_notify_open();
	r = ks_sandbox_enter(job->options);
	if (r != 0)
		return r;
	ks_known_watch_start(&job->known_watch);
	r = ks_telemetry_begin(&job->telemetry, &job->rules, &job->signals,
	                       ks_observer_interval(&job->observer, ks_notify_interval()));
	if (r != 0)
		return r;
	ks_telemetry_set_ready(&job->telemetry, true);
	ks_notify_ready();
	ks_standard_error_set_patience(PATIENCE_NONE);
	return 0;
}

static void
work(struct job *job)
{
	copy_all(job);
	note_status(job, ks_filter_output_close(&job->output));
	measure(job);
	ks_standard_error_set_patience(PATIENCE_BOUNDED);
	if (job->options->stats)
		print_statistics(job);
	if (job->options->check && job->stats.findings > 0)
		note_status(job, EXIT_FOUND);
}

static void
finish(struct job *job)
{
	ks_telemetry_done(&job->telemetry);
	ks_filter_free(job->filter);
	ks_observer_done(&job->observer);
	ks_input_places_done(&job->places);
	ks_filter_output_done(&job->output);
	ks_statistics_done(&job->stats);
	if (job->is_unfinished)
		ks_signals_die(&job->signals);
	ks_reload_leave(&job->reload, job->status);
	ks_reload_done(&job->reload);
	ks_rule_selection_done(&job->rules);
	ks_known_watch_done(&job->known_watch);
	ks_signals_done(&job->signals);
}

int
ks_filter_command(const struct options *options)
{
	struct job job = { .options = options, .output = { .fd = -1 }, .signals = SIGNALS_NONE };

	if (options->in_place)
		return ks_scrub_command(options);
	note_status(&job, start(&job));
	if (job.status == 0)
		work(&job);
	finish(&job);
	return job.status;
}
