/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The filter mode. All files are one stream, as for cat: a key that a splitter cut in two is found.
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
#include "message.h"
#include "rule_selection.h"
#include "statistics.h"

struct job {
	const struct options *options;
	struct rule_selection rules;
	struct statistics stats;
	struct ks_stream *stream;
	struct ks_scratch *scratch;
	struct filter *filter;
	int output_fd;
	const char *output_name;
	int status; /* exit status: the first that is not 0 */
};

static void
note_status(struct job *job, int status)
{
	if (job->status == 0)
		job->status = status;
}

/* ---------------------------------------------------------------------- output ---- */

static bool
is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Would reading fd feed the output back, or destroy the input? */
static bool
is_output(const struct job *job, int fd)
{
	struct stat in, out;

	return job->output_fd >= 0 && fstat(fd, &in) == 0 && fstat(job->output_fd, &out) == 0 &&
	       S_ISREG(in.st_mode) && is_same_file(&in, &out);
}

static bool
output_is_among_files(const struct job *job)
{
	struct stat in, out;

	if (stat(job->options->output, &out) < 0 || !S_ISREG(out.st_mode))
		return false;
	for (char **file = job->options->files; *file; file++) {
		bool is_stdin = strcmp(*file, "-") == 0;

		if ((is_stdin ? fstat(STDIN_FILENO, &in) : stat(*file, &in)) == 0 &&
		    is_same_file(&in, &out))
			return true;
	}
	return !job->options->files[0] && fstat(STDIN_FILENO, &in) == 0 && is_same_file(&in, &out);
}

static int
open_output(struct job *job)
{
	const char *path = job->options->output;

	job->output_fd = job->options->check ? -1 : STDOUT_FILENO;
	job->output_name = "standard output";
	if (job->options->check || !path)
		return 0;
	job->output_name = path;
	if (output_is_among_files(job)) {
		ks_message_file(path, "the input file is the output file");
		return EXIT_USAGE;
	}
	job->output_fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (job->output_fd < 0) {
		ks_message_file(path, strerror(errno));
		return EXIT_IO;
	}
	return 0;
}

/* A full disk can show up at the very last. */
static void
close_output(struct job *job)
{
	if (job->output_fd >= 0 && close(job->output_fd) < 0) {
		ks_message_file(job->output_name, strerror(errno));
		note_status(job, EXIT_IO);
	}
	job->output_fd = -1;
}

/* ----------------------------------------------------------------------- input ---- */

/* Returns 0, or -1 if nothing more may be written. */
static int
report(struct job *job, const char *input_name, const struct filter_error *error)
{
	switch (error->side) {
	case FILTER_INPUT:
		ks_message_file(input_name, strerror(error->code));
		note_status(job, EXIT_IO);
		return 0;
	case FILTER_OUTPUT:
		ks_message_file(job->output_name, strerror(error->code));
		note_status(job, EXIT_IO);
		return -1;
	case FILTER_ENGINE:
		ks_message("%s", ks_status_text(error->code));
		note_status(job, EXIT_INTERNAL);
		return -1;
	}
	return -1;
}

static int
copy_descriptor(struct job *job, const char *name, int fd)
{
	struct filter_error error;

	if (is_output(job, fd)) {
		ks_message_file(name, "the input file is the output file");
		note_status(job, EXIT_IO);
		return 0;
	}
	ks_descriptor_enlarge_pipe(fd);
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	return ks_filter_copy(job->filter, fd, &error) < 0 ? report(job, name, &error) : 0;
}

static int
copy_file(struct job *job, const char *path)
{
	int fd, r;

	if (strcmp(path, "-") == 0)
		return copy_descriptor(job, "standard input", STDIN_FILENO);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0) {
		ks_message_file(path, strerror(errno));
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

	for (; r == 0 && *file; file++)
		r = copy_file(job, *file);
	if (r == 0 && ks_filter_end(job->filter, &error) < 0)
		(void)report(job, "", &error);
}

/* ------------------------------------------------------------------------ whole ---- */

static int
start(struct job *job)
{
	struct ks_stream_options options = {
		.on_finding = ks_statistics_count,
		.finding_ctx = &job->stats,
	};
	int r = ks_rule_selection_init(&job->rules, job->options);

	if (r != 0)
		return r;
	r = open_output(job);
	if (r != 0)
		return r;
	if (job->rules.allowlist) {
		options.is_allowed = ks_allowlist_has;
		options.allow_ctx = job->rules.allowlist;
	}
	if (ks_statistics_init(&job->stats, job->rules.catalog, job->rules.index,
	                       ks_ruleset_count(job->rules.set)) != KS_OK ||
	    ks_scratch_new(job->rules.set, &job->scratch) != KS_OK ||
	    ks_stream_new(job->rules.set, &options, &job->stream) != KS_OK)
		goto no_memory;
	job->filter = ks_filter_new(job->stream, job->scratch, job->output_fd);
	if (!job->filter)
		goto no_memory;
	if (job->output_fd >= 0)
		ks_descriptor_enlarge_pipe(job->output_fd);
	return 0;
no_memory:
	ks_message("%s", ks_status_text(KS_ERROR_MEMORY));
	return EXIT_INTERNAL;
}

static void
finish(struct job *job)
{
	ks_filter_free(job->filter);
	ks_stream_free(job->stream);
	ks_scratch_free(job->scratch);
	ks_statistics_done(&job->stats);
	ks_rule_selection_done(&job->rules);
}

int
ks_filter_command(const struct options *options)
{
	struct job job = { .options = options, .output_fd = -1 };

	note_status(&job, start(&job));
	if (job.status == 0) {
		copy_all(&job);
		close_output(&job);
		if (options->stats)
			ks_statistics_print(&job.stats, ks_filter_bytes(job.filter), stderr);
		if (options->check && job.stats.findings > 0)
			note_status(&job, EXIT_FOUND);
	}
	finish(&job);
	return job.status;
}
