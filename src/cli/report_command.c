/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keysieve report: from ledgers to a report. What cannot be read is told and left out, and the exit status says
 * so; only for a ledger of another version there is no report, for nobody knows what would be missing.
 */
#include "report_command.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "message.h"
#include "named_input.h"
#include "report.h"
#include "sandbox.h"
#include "standard_output.h"
#include "whole_file.h"

#define MAX_AGE         (90 * DAY)
#define MESSAGES_MAX    10U /* about the lines of one ledger */
#define WIDTH_USUAL     80U
#define FINGERPRINT_LEN (KS_FINGERPRINT_SIZE - 1)

struct job {
	const struct options *options;
	struct leaks leaks;
	struct leak_policy policy;
	struct leak_revocation *revocations;
	char **texts; /* that revocations borrow */
	uint64_t records, unreadable;
	int status; /* EXIT_IO if something could not be read */
};

/* ---------------------------------------------------------------------- options ---- */

static int
complain(const char *problem)
{
	ks_message("%s", problem);
	return EXIT_USAGE;
}

/* A time, or how long before now it was. */
static bool
read_time(const char *text, int64_t now, int64_t *ret_instant)
{
	int64_t ago;

	if (ks_instant_read(text, ret_instant))
		return true;
	if (!ks_duration_read(text, &ago))
		return false;
	*ret_instant = ago < now ? now - ago : 0;
	return true;
}

static bool
is_fingerprint(const char *text, size_t len)
{
	size_t id = KS_KEY_ID_SIZE - 1;

	return len == FINGERPRINT_LEN && strspn(text, "0123456789abcdefABCDEF") == id &&
	       text[id] == '-' && strspn(text + id + 1, "0123456789abcdefABCDEF") == len - id - 1;
}

/* "SOURCE:NUMBER" of a known value. */
static bool
is_place(const char *text, size_t len)
{
	size_t digits = 0;

	while (digits < len && text[len - digits - 1] >= '0' && text[len - digits - 1] <= '9')
		digits++;
	return digits > 0 && len > digits + 1 && text[len - digits - 1] == ':';
}

/* TIME, or FINGERPRINT=TIME, or PLACE=TIME. */
static int
read_revocation(struct job *job, const char *text)
{
	const char *equals = strrchr(text, '=');
	struct leak_revocation revocation = { 0 };

	if (!read_time(equals ? equals + 1 : text, job->policy.now, &revocation.at))
		return complain(
			"--revoked-at: must be like 2026-11-22, 2026-11-22T10:00:00Z, or 12h "
			"(ago), with FINGERPRINT= before it or not");
	if (equals) {
		char *copy;

		if (!is_fingerprint(text, (size_t)(equals - text)) &&
		    !is_place(text, (size_t)(equals - text)))
			return complain("--revoked-at: before the '=' must be a fingerprint, or "
			                "the place of a known value as the report shows it");
		copy = strndup(text, (size_t)(equals - text));
		if (!copy)
			return EXIT_INTERNAL;
		job->texts[job->policy.revocation_count] = copy;
		revocation.fingerprint = copy;
	}
	job->revocations[job->policy.revocation_count++] = revocation;
	return 0;
}

static int
read_revocations(struct job *job)
{
	const struct text_list *list = &job->options->revoked_at;
	int r = 0;

	job->revocations = calloc(list->count + 1, sizeof(*job->revocations));
	job->texts = calloc(list->count + 1, sizeof(*job->texts));
	if (!job->revocations || !job->texts)
		return EXIT_INTERNAL;
	job->policy.revocations = job->revocations;
	for (size_t i = 0; r == 0 && i < list->count; i++)
		r = read_revocation(job, list->items[i]);
	return r;
}

static int
read_options(struct job *job)
{
	const struct options *o = job->options;
	int64_t now = ks_instant_now();

	job->policy.max_age = MAX_AGE;
	job->policy.now = now;
	if (!o->files[0])
		return complain("report wants a LEDGER; see keysieve report --help");
	if (o->json && o->html && strcmp(o->html, "-") == 0)
		return complain("--json and --html - both want the standard output");
	if (o->max_age && !ks_duration_read(o->max_age, &job->policy.max_age))
		return complain("--max-age: must be a number and s, m, h, d or w, like 90d");
	if (o->as_of && !read_time(o->as_of, now, &job->policy.now))
		return complain(
			"--as-of: must be like 2026-11-22, 2026-11-22T10:00:00Z, or 12h (ago)");
	return read_revocations(job);
}

/* ---------------------------------------------------------------------- ledgers ---- */

static void
tell(const char *name, const struct ledger_reader *reader, const char *more)
{
	uint64_t line = ks_ledger_reader_line(reader);
	char text[200];

	if (line > 0)
		(void)snprintf(text, sizeof(text), "line %" PRIu64 ": %s%s", line,
		               ks_ledger_reader_problem(reader), more);
	else
		(void)snprintf(text, sizeof(text), "%s%s", ks_ledger_reader_problem(reader), more);
	ks_message_file(name, text);
}

/* Records that were written later than the report's time are not known yet. */
static int
count_in(struct job *job, const struct ledger_record *record)
{
	if (job->options->as_of && record->time > job->policy.now)
		return 0;
	job->records++;
	return ks_leaks_add(&job->leaks, record) < 0 ? EXIT_INTERNAL : 0;
}

/* Tell of a line that is no record, unless of too many. */
static void
skip_line(struct job *job, const char *name, const struct ledger_reader *reader, uint64_t nth)
{
	job->unreadable++;
	job->status = EXIT_IO;
	if (nth <= MESSAGES_MAX)
		tell(name, reader, "; skipped");
}

static void
tell_rest(const char *name, uint64_t damaged)
{
	char text[80];

	if (damaged <= MESSAGES_MAX)
		return;
	(void)snprintf(text, sizeof(text), "skipped %" PRIu64 " more lines",
	               damaged - MESSAGES_MAX);
	ks_message_file(name, text);
}

/* A report with holes must say so. */
static void
tell_suppressed(const char *name, uint64_t count)
{
	char text[80];

	if (count == 0)
		return;
	(void)snprintf(text, sizeof(text), "%" PRIu64 " more findings were too many to be noted",
	               count);
	ks_message_file(name, text);
}

static int
read_records(struct job *job, const char *name, struct ledger_reader *reader)
{
	struct ledger_record record;
	uint64_t damaged = 0;
	int event, r = 0;

	while (r == 0 && (event = ks_ledger_read(reader, &record)) > 0) {
		if (event == LEDGER_RECORD)
			r = count_in(job, &record);
		else if (event == LEDGER_TORN)
			tell(name, reader, "; skipped, as the last line");
		else
			skip_line(job, name, reader, ++damaged);
	}
	tell_rest(name, damaged);
	tell_suppressed(name, ks_ledger_reader_rest(reader));
	if (r == 0 && event < 0) {
		tell(name, reader, "");
		job->status = EXIT_IO;
		r = ks_ledger_reader_line(reader) > 0 ? EXIT_IO : 0;
	}
	return r;
}

/* A ledger that cannot be opened does not keep the others from being read. */
static int
read_ledger(struct job *job, const char *path)
{
	struct ledger_reader *reader = NULL;
	struct named_input input;
	int fd, r;

	if (ks_named_input_open(path, &input) != 0) {
		job->status = EXIT_IO;
		return 0;
	}
	fd = fcntl(input.fd, F_DUPFD_CLOEXEC, 0);
	r = fd < 0 ? -errno : ks_ledger_reader_new(fd, &reader);
	ks_named_input_close(&input);
	if (r < 0) {
		ks_message_file(input.name, strerror(-r));
		return EXIT_INTERNAL;
	}
	r = read_records(job, input.name, reader);
	ks_ledger_reader_free(reader);
	return r;
}

static int
read_ledgers(struct job *job)
{
	int r = 0;

	for (char **path = job->options->files; r == 0 && *path; path++)
		r = read_ledger(job, *path);
	return r;
}

/* ---------------------------------------------------------------------- reports ---- */

static size_t
width_of_output(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return WIDTH_USUAL;
}

static int
write_page(const struct report *report, const char *path)
{
	struct whole_file file;
	int r = ks_whole_file_open(&file, path);

	if (r == 0) {
		r = ks_report_print_html(report, file.out);
		if (r == 0)
			r = ks_whole_file_commit(&file);
		else
			ks_whole_file_abandon(&file);
	}
	if (r == 0)
		return 0;
	ks_message_file(path, strerror(-r));
	return r == -ENOMEM ? EXIT_INTERNAL : EXIT_IO;
}

/* To the standard output: what was asked for, or nothing if that was a page in a file. */
static int
print_report(const struct report *report, const struct options *o)
{
	int r = 0;

	if (o->json)
		r = ks_report_print_json(report, stdout);
	else if (o->html && strcmp(o->html, "-") == 0)
		r = ks_report_print_html(report, stdout);
	else if (!o->html)
		r = ks_report_print_table(report, width_of_output(), stdout);
	return ks_standard_output_end(r < 0 ? EXIT_INTERNAL : 0);
}

static int
write_reports(struct job *job)
{
	const struct options *o = job->options;
	struct report report = { .leaks = &job->leaks,
		                 .policy = job->policy,
		                 .records = job->records,
		                 .unreadable = job->unreadable,
		                 .ledgers = (const char *const *)o->files,
		                 .version = ks_version() };
	int r = 0;

	ks_leaks_judge(&job->leaks, &job->policy);
	if (o->html && strcmp(o->html, "-") != 0)
		r = write_page(&report, o->html);
	if (r == 0)
		r = print_report(&report, o);
	if (r == 0)
		r = job->status;
	if (r == 0 && o->check && ks_leaks_count(&job->leaks, LEAK_GOES_ON) > 0)
		r = EXIT_FOUND;
	return r;
}

int
ks_report_command(const struct options *options)
{
	struct job job = { .options = options, .leaks = { .has_timelines = options->html } };
	int r = read_options(&job);

	if (r == 0)
		r = ks_sandbox_enter(options);
	if (r == 0)
		r = read_ledgers(&job);
	if (r == 0)
		r = write_reports(&job);
	if (r == EXIT_INTERNAL)
		ks_message("out of memory");
	ks_leaks_done(&job.leaks);
	for (size_t i = 0; job.texts && i < options->revoked_at.count; i++)
		free(job.texts[i]);
	free(job.texts);
	free(job.revocations);
	return r;
}
