/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Beginning, or going on: the checkpoint says with which entry, how much of what comes out of it is written
 * already, and how long the output was then.
 */
#include "journal_job.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "masking.h"
#include "message.h"
#include "monotonic.h"
#include "notify.h"
#include "sandbox.h"
#include "shared_library.h"
#include "sighting.h"
#include "systemd_library.h"

#define SOURCE_NAME   "journal"
#define FOLLOW_BEGIN  10U  /* entries: as journalctl -f */
#define FOLLOW_BEFORE 100U /* entries before them, in which a key may begin that ends in them */
#define DAMAGE_SHOWN  5U

static int
fail_io(const char *name, int error)
{
	ks_message_file(name, strerror(error));
	return EXIT_IO;
}

static int
fail_memory(void)
{
	ks_message("%s", ks_status_text(KS_ERROR_MEMORY));
	return EXIT_INTERNAL;
}

/* ---------------------------------------------------------------------- journal ---- */

static const char *
damage_text(int error)
{
	switch (error) {
	case EBADMSG:
	case ENODATA:
	case EIO:
		return "no journal file, or a damaged one";
	case EPROTONOSUPPORT:
		return "a journal file that this libsystemd cannot read";
	default:
		return strerror(error);
	}
}

/* A journal_damage_fn. Files of a journal in use may be removed at any time. */
static void
tell_damage(void *ctx, const char *path, int error)
{
	struct journal_job *job = ctx;

	if (error == ENOENT && job->options->journal_files.count == 0)
		return;
	if (job->damaged++ < DAMAGE_SHOWN)
		ks_message_file(path, damage_text(error));
}

/* The journal goes on without files that cannot be read; but whoever waits for its end must know. */
static int
judge_damage(struct journal_job *job, const char *name, size_t count)
{
	if (job->damaged > DAMAGE_SHOWN)
		ks_message("%s: %zu more files cannot be read", name, job->damaged - DAMAGE_SHOWN);
	if (count == 0 && job->damaged == 0)
		ks_message_file(name, "no journal files");
	if (!job->options->follow && (count == 0 || job->damaged > 0))
		job->status = EXIT_IO;
	return count == 0 && (!job->options->follow || job->damaged > 0) ? EXIT_IO : 0;
}

void
ks_journal_job_tell_unreadable(struct journal_job *job, int error)
{
	ks_metrics_add(job->telemetry.metrics, METRIC_INPUT_ERRORS, 1);
	if (job->unreadable++ < DAMAGE_SHOWN)
		ks_message("journal: an entry cannot be read: %s", strerror(error));
	if (job->status == 0 && !job->options->follow)
		job->status = EXIT_IO;
}

static int
add_matches(struct journal_job *job)
{
	char **match = job->options->files;

	for (; *match; match++) {
		int r = ks_journal_match(job->journal, *match);

		if (r == -EINVAL) {
			ks_message("a match must be FIELD=VALUE, or + between two of them");
			return EXIT_USAGE;
		}
		if (r < 0)
			return fail_io("journal", -r);
	}
	return 0;
}

/* No code can be loaded later. Newer versions of libsystemd load what inflates entries when they meet one. */
static int
enter_sandbox(const struct options *options)
{
	static const char *const inflating[] = { "libzstd.so.1", "liblz4.so.1", "liblzma.so.5" };
	struct systemd_library library;
	int r = ks_systemd_library_load(&library);

	if (r < 0) {
		ks_message("the journal needs libsystemd%s%s",
		           r == -ENOSYS ? ", which is not installed" : ": ",
		           r == -ENOSYS ? "" : strerror(-r));
		return EXIT_IO;
	}
	for (size_t i = 0; i < sizeof(inflating) / sizeof(inflating[0]); i++)
		(void)ks_shared_library_load(inflating[i], NULL,
		                             0); /* what is missing is not needed, or told */
	ks_notify_open();
	return ks_sandbox_enter(options);
}

static int
open_journal(struct journal_job *job)
{
	const struct options *o = job->options;
	const struct journal_place place = { .directory = o->directory,
		                             .files = o->journal_files.items,
		                             .file_count = o->journal_files.count };
	const char *name = o->directory ? o->directory : "journal";
	size_t count;
	int r;

	if (o->directory && place.file_count > 0) {
		ks_message("--directory and --file exclude each other");
		return EXIT_USAGE;
	}
	r = ks_journal_open(&place, tell_damage, job, &job->journal, &count);
	if (r < 0 && job->damaged == 0)
		return fail_io(name, -r);
	if (r < 0)
		return EXIT_IO;
	r = judge_damage(job, name, count);
	return r != 0 ? r : add_matches(job);
}

/* ------------------------------------------------------------------ checkpoints ---- */

static int
open_state(struct journal_job *job)
{
	const char *path = job->options->state;
	int r = path ? ks_state_open(&job->state, path, &job->checkpoint) : 0;

	if (r != 0)
		return r;
	if (job->checkpoint.source_count > 1 ||
	    (job->checkpoint.source_count == 1 && !job->checkpoint.sources[0].cursor)) {
		ks_message_file(path, "the state of keysieve follow, not of keysieve journal");
		return EXIT_USAGE;
	}
	return 0;
}

/* The checkpoint's source, which is made if need be. NULL: memory is out. */
static struct checkpoint_source *
need_source(struct checkpoint *checkpoint)
{
	struct checkpoint_source *source;

	if (checkpoint->source_count > 0)
		return checkpoint->sources;
	source = calloc(1, sizeof(*source));
	if (!source)
		return NULL;
	source->path = strdup(SOURCE_NAME);
	if (!source->path) {
		free(source);
		return NULL;
	}
	checkpoint->sources = source;
	checkpoint->source_count = 1;
	return source;
}

static int
note_place(struct checkpoint *checkpoint, const struct journal_stream_place *place)
{
	struct checkpoint_source *source;
	char *cursor;

	if (!place->cursor)
		return 0; /* nothing was read yet: the last checkpoint is right */
	source = need_source(checkpoint);
	if (!source || asprintf(&cursor, "%s%s%s", place->cursor, place->last ? " " : "",
	                        place->last ? place->last : "") < 0)
		return fail_memory();
	free(source->cursor);
	source->cursor = cursor;
	source->frame = KS_FRAME_JOURNAL;
	source->restart = place->restart;
	source->settled = place->settled;
	return 0;
}

int
ks_journal_job_save(struct journal_job *job, bool is_final)
{
	struct checkpoint *checkpoint = &job->checkpoint;
	struct journal_stream_place place;
	bool is_written;
	int r;

	job->is_unsaved = false;
	job->saved = ks_monotonic_milliseconds();
	if (!job->state.file)
		return 0;
	ks_journal_stream_place(&job->stream, &place);
	if (note_place(checkpoint, &place) != 0)
		return EXIT_INTERNAL;
	r = ks_output_record(job->output, checkpoint);
	if (r < 0)
		return fail_io(ks_output_name(job->output), -r);
	checkpoint->is_final = is_final;
	if (place.partial < checkpoint->output_length)
		checkpoint->output_length -= place.partial;
	else if (place.partial > 0)
		checkpoint->output_length = 0;
	r = ks_state_write(&job->state, checkpoint, job->telemetry.metrics, &is_written);
	job->is_unsaved = !is_written;
	return r;
}

/* ----------------------------------------------------------------------- output ---- */

static int
open_output(struct journal_job *job)
{
	const char *path = job->options->output;
	int r = ks_output_open(path, job->state.file != NULL, &job->output);

	if (r < 0)
		return fail_io(path ? path : "standard output", -r);
	ks_output_set_meter(job->output, ks_telemetry_meter(&job->telemetry));
	r = ks_output_restore(job->output, &job->checkpoint);
	if (r < 0)
		return fail_io(ks_output_name(job->output), -r);
	if (r == OUTPUT_GONE)
		ks_message_file(
			ks_output_name(job->output),
			"not the file that was written before; some entries may be in both");
	return 0;
}

/* ------------------------------------------------------------------------ rules ---- */

/* A ks_finding_fn. What was written before was counted then. */
static void
note_finding(void *ctx, const struct ks_finding *finding)
{
	struct journal_job *job = ctx;
	struct ks_finding told = *finding;
	const char *source = ks_journal_stream_source(&job->stream, finding->offset);

	if (ks_journal_stream_is_dropping(&job->stream))
		return;
	told.offset = SIGHTING_NO_OFFSET; /* a journal is no text that has places */
	told.line = 0;
	ks_observer_note(job->observer, &job->rules, &job->stats, source ? source : SOURCE_NAME,
	                 &told);
}

static int
make_rules(struct journal_job *job, const struct rule_selection *rules,
           struct journal_stream_rules *ret_rules)
{
	if (ks_scratch_new(rules->set, &job->scratch) != KS_OK)
		return fail_memory();
	*ret_rules = (struct journal_stream_rules){
		.set = rules->set,
		.scratch = job->scratch,
		.options = { .on_finding = note_finding, .finding_ctx = job },
		.wants_sources = ks_observer_is_on(job->observer),
	};
	ks_masking_set(job->options, rules, &ret_rules->options);
	ks_observer_set(job->observer, &ret_rules->options);
	return 0;
}

int
ks_journal_job_use_next_rules(struct journal_job *job)
{
	struct ks_scratch *former = job->scratch;
	struct journal_stream_rules rules;
	int r, status;

	job->scratch = NULL;
	r = make_rules(job, &job->reload.next, &rules);
	if (r != 0) {
		job->scratch = former;
		return r;
	}
	if (ks_journal_stream_is_idle(&job->stream)) {
		ks_journal_stream_leave_rules(&job->stream);
		status = ks_journal_stream_use_rules(&job->stream, &rules);
	} else {
		status = ks_journal_stream_change_rules(&job->stream, &rules);
	}
	ks_scratch_free(former);
	if (status == KS_OK) /* what was found by the former rules has been told */
		status = ks_reload_apply(&job->reload, &job->rules, &job->stats);
	if (status == KS_OK)
		status = ks_telemetry_use_rules(&job->telemetry, &job->rules);
	return status == KS_OK ? 0 : fail_memory();
}

/* -------------------------------------------------------------------- beginning ---- */

/* Go where nothing was read before. */
static int
seek_begin(struct journal_job *job)
{
	const struct options *o = job->options;
	unsigned found = 0;
	int r;

	if (o->follow && !o->from_start)
		r = ks_journal_seek_last(job->journal, FOLLOW_BEGIN + FOLLOW_BEFORE, &found);
	else
		r = ks_journal_seek_first(job->journal);
	if (r < 0)
		return fail_io("journal", -r);
	if (found > FOLLOW_BEGIN)
		ks_journal_stream_drop_entries(&job->stream, found - FOLLOW_BEGIN);
	return 0;
}

/* Returns 0, JOURNAL_GONE or a negative errno. */
static int
seek_behind(struct journal_job *job, const char *cursor)
{
	int r = ks_journal_seek_cursor(job->journal, cursor);

	if (r == 0) {
		r = ks_journal_next(job->journal);
		r = r < 0 ? r : 0;
	}
	return r;
}

/*
 * To the entry to begin again with, if also the last that was written is there still: else it could not be told
 * what was. *ret_drops: all up to that is to be dropped. *ret_gone: some were lost that had not been read.
 */
static int
seek_cursors(struct journal_job *job, const char *first, const char *last, bool *ret_drops,
             bool *ret_gone)
{
	int r = last ? ks_journal_seek_cursor(job->journal, last) : 0;

	*ret_drops = false;
	*ret_gone = r == JOURNAL_GONE;
	if (r != 0)
		return r;
	r = ks_journal_seek_cursor(job->journal, first);
	if (r == JOURNAL_GONE && last)
		return seek_behind(job, last);
	*ret_drops = r == 0 && last;
	*ret_gone = r == JOURNAL_GONE;
	return r;
}

/* cursors: what the checkpoint holds; is changed. Returns 0 or a negative errno. */
static int
seek_checkpoint(struct journal_job *job, char *cursors)
{
	char *last = strchr(cursors, ' ');
	bool drops, is_gone;
	int r;

	if (last)
		*last++ = '\0';
	r = seek_cursors(job, cursors, last, &drops, &is_gone);
	if (drops) {
		last = strdup(last);
		if (!last)
			return -ENOMEM;
		ks_journal_stream_drop_to(&job->stream, last);
	}
	if (is_gone)
		ks_message("the entry to go on with is not in the journal any more; "
		           "going on with the first that is later");
	return r < 0 ? r : 0;
}

static int
seek(struct journal_job *job)
{
	char *cursors;
	int r;

	if (job->checkpoint.source_count == 0)
		return seek_begin(job);
	cursors = strdup(job->checkpoint.sources[0].cursor);
	if (!cursors)
		return fail_memory();
	r = seek_checkpoint(job, cursors);
	free(cursors);
	if (r == -EINVAL) {
		ks_message_file(job->options->state, "it holds no cursor of a journal");
		return EXIT_IO;
	}
	return r < 0 ? fail_io("journal", -r) : 0;
}

static int
begin(struct journal_job *job)
{
	struct journal_stream_rules rules;
	int r = make_rules(job, &job->rules, &rules);

	if (r != 0)
		return r;
	if (ks_statistics_init(&job->stats, job->rules.catalog, job->rules.index,
	                       ks_ruleset_count(job->rules.set)) != KS_OK ||
	    ks_telemetry_use_rules(&job->telemetry, &job->rules) != KS_OK ||
	    ks_journal_stream_init(&job->stream, job->format, job->output, &rules) != KS_OK)
		return fail_memory();
	r = seek(job);
	return r == 0 ? ks_journal_job_save(job, false) : r;
}

int
ks_journal_job_init(struct journal_job *job, const struct options *options,
                    struct observer *observer)
{
	const char *format = options->format ? options->format : "export";
	int r;

	*job = (struct journal_job){ .options = options, .observer = observer };
	if (ks_journal_format_parse(format, &job->format) < 0) {
		ks_message("--format: must be export, json or short");
		return EXIT_USAGE;
	}
	r = ks_rule_selection_init(&job->rules, options);
	if (r == 0)
		r = ks_masking_check(options, &job->rules);
	if (r == 0)
		r = ks_telemetry_init(&job->telemetry, options);
	if (r == 0)
		r = enter_sandbox(options);
	if (r == 0)
		r = open_journal(job);
	if (r == 0)
		r = open_state(job);
	if (r == 0)
		r = open_output(job);
	return r == 0 ? begin(job) : r;
}

void
ks_journal_job_close(struct journal_job *job)
{
	ks_telemetry_done(&job->telemetry);
	ks_journal_stream_done(&job->stream);
	ks_scratch_free(job->scratch);
	ks_statistics_done(&job->stats);
	(void)ks_output_close(job->output);
	ks_checkpoint_done(&job->checkpoint);
	ks_state_done(&job->state);
	ks_journal_close(job->journal);
}

void
ks_journal_job_done(struct journal_job *job)
{
	ks_reload_done(&job->reload);
	ks_rule_selection_done(&job->rules);
}
