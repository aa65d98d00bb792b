/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The main thread does it, between two reads, when the clock ticks: once a second, which costs nothing beside
 * what it reads. The file's draft has a name of its own beside it; one that a kill has left is removed.
 */
#include "telemetry.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "canary.h"
#include "descriptor.h"
#include "memory_text.h"
#include "message.h"
#include "metrics_address.h"
#include "standard_error.h"

#define SECOND_NS    UINT64_C(1000000000)
#define FILE_SECONDS 15U
#define TICK_USEC    UINT64_C(1000000)

/* ------------------------------------------------------------------------- meter ---- */

#define BLOCK 255U /* as many as fit into a byte: then sixteen bytes are looked at in one step */

static uint8_t
count_block(const uint8_t *data, size_t len)
{
	uint8_t lines = 0;

	for (size_t i = 0; i < len; i++)
		lines = (uint8_t)(lines + (data[i] == '\n'));
	return lines;
}

/* All that is read goes through here: measured, eight times as fast as a sum of words, thrice as memchr(3). */
static uint64_t
count_lines(const uint8_t *data, size_t len)
{
	uint64_t lines = 0;

	while (len > 0) {
		size_t n = len < BLOCK ? len : BLOCK;

		lines += count_block(data, n);
		data += n;
		len -= n;
	}
	return lines;
}

static void
on_read(void *ctx, const uint8_t *data, size_t len)
{
	ks_metrics_add(ctx, METRIC_BYTES_IN, len);
	ks_metrics_add(ctx, METRIC_LINES, count_lines(data, len));
}

static void
on_delay(void *ctx, uint64_t nanoseconds)
{
	ks_metrics_delay(ctx, nanoseconds);
}

static void
on_write(void *ctx)
{
	ks_metrics_begin_write(ctx);
}

static void
on_written(void *ctx, size_t len)
{
	ks_metrics_end_write(ctx, len);
}

const struct meter *
ks_telemetry_meter(const struct telemetry *t)
{
	return t->metrics ? &t->meter : NULL;
}

/* -------------------------------------------------------------------------- file ---- */

/* "app" of /var/lib/node_exporter/app.prom: there is one file a process, and each must have series of its own. */
static char *
label_of(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	const char *dot = strrchr(name, '.');

	return dot && dot > name ? strndup(name, (size_t)(dot - name)) : strdup(name);
}

/* Returns 0 or a negative errno. */
static int
write_draft(const struct telemetry *t, int fd)
{
	struct memory_text page;
	FILE *out = ks_memory_text_open(&page);
	int r;

	if (!out)
		return -ENOMEM;
	ks_metrics_print(t->metrics, t->label, out);
	if (ks_memory_text_close(&page, out) != KS_OK)
		return -ENOMEM;
	r = ks_descriptor_write(fd, (const uint8_t *)page.text, page.len);
	free(page.text);
	return r;
}

/* Everybody may read it, whatever the umask is; in the sandbox no mode can be changed later. */
static int
create_draft(const char *path)
{
	mode_t before = umask(0);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	int r = fd < 0 ? -errno : fd;

	(void)umask(before);
	return r;
}

/* It is not synced: after a crash of the machine it is written anew anyway. */
static int
replace_file(const struct telemetry *t)
{
	int fd, r;

	(void)unlink(t->draft);
	fd = create_draft(t->draft);
	if (fd < 0)
		return fd;
	r = write_draft(t, fd);
	if (close(fd) < 0 && r == 0)
		r = -errno;
	if (r == 0 && rename(t->draft, t->options->metrics_file) < 0)
		r = -errno;
	if (r < 0)
		(void)unlink(t->draft);
	return r;
}

/* Returns 0 or a negative errno, which was told. */
static int
write_file(struct telemetry *t)
{
	int r;

	if (!t->draft)
		return 0;
	r = replace_file(t);
	if (r < 0) {
		ks_metrics_add(t->metrics, METRIC_REPORT_ERRORS, 1);
		if (ks_complaint_raise(&t->file_failed))
			ks_message_file(t->options->metrics_file, strerror(-r));
	} else if (ks_complaint_settle(&t->file_failed)) {
		ks_message_file(t->options->metrics_file, "it can be written again");
	}
	t->file_due = ks_passage_clock() + FILE_SECONDS * SECOND_NS;
	return r;
}

/* A device or a FIFO would be replaced by a file. */
static int
prepare_file(struct telemetry *t)
{
	const char *path = t->options->metrics_file;
	struct stat st;

	if (lstat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		ks_message_file(path, "not a regular file");
		return EXIT_IO;
	}
	t->label = label_of(path);
	if (t->label && asprintf(&t->draft, "%s.draft", path) >= 0)
		return 0;
	t->draft = NULL;
	ks_message("%s", ks_status_text(KS_ERROR_MEMORY));
	return EXIT_INTERNAL;
}

/* ------------------------------------------------------------------------ server ---- */

static int
listen_for(struct telemetry *t)
{
	const char *text = t->options->metrics_listen;
	struct metrics_address address;
	int r;

	(void)ks_metrics_address_read(text, &address); /* it was found right */
	r = ks_metrics_server_new(&address, t->metrics, &t->server);
	if (r == -ENOSYS)
		ks_message("--metrics-listen: libmicrohttpd is not installed, or was not built in");
	else if (r < 0)
		ks_message("--metrics-listen: %s", strerror(-r));
	if (r == 0)
		return 0;
	return r == -ENOSYS ? EXIT_USAGE : EXIT_IO;
}

static int
start_server(struct telemetry *t)
{
	int r = t->server ? ks_metrics_server_start(t->server) : 0;

	if (r < 0)
		ks_message("--metrics-listen: %s", strerror(-r));
	return r;
}

/* ------------------------------------------------------------------------ canary ---- */

/* It stays so until other rules are in use: a fault that comes and goes is no better. */
static void
tell_exposed(struct telemetry *t, const char *rule)
{
	ks_metrics_add(t->metrics, METRIC_CANARY_FAILURES, 1);
	ks_metrics_set_exposed(t->metrics, true);
	if (!t->canary_has_failed)
		ks_message("canary: a synthetic key of rule %s came out unmasked", rule);
	t->canary_has_failed = true;
}

static void
tell_missing(struct telemetry *t)
{
	ks_metrics_add(t->metrics, METRIC_CANARY_ERRORS, 1);
	if (!t->canary_is_missing)
		ks_message("canary: no rule in use has an example to make a key from");
	t->canary_is_missing = true;
}

static void
run_canary(struct telemetry *t, const struct rule_selection *rules)
{
	const char *rule = "";

	ks_metrics_add(t->metrics, METRIC_CANARY_RUNS, 1);
	t->canary_due = ks_passage_clock() + t->canary_every;
	switch (ks_canary_run(t->options, rules, t->canary_number++, &rule)) {
	case CANARY_MASKED:
		break;
	case CANARY_EXPOSED:
		tell_exposed(t, rule);
		break;
	case CANARY_NONE:
		tell_missing(t);
		break;
	case CANARY_ERROR:
		ks_metrics_add(t->metrics, METRIC_CANARY_ERRORS, 1);
		break;
	}
}

/* -------------------------------------------------------------------- life cycle ---- */

int
ks_telemetry_init(struct telemetry *t, const struct options *options)
{
	int r = 0;

	*t = (struct telemetry){ .options = options };
	if (!options->metrics_file && !options->metrics_listen && !options->canary)
		return 0;
	t->metrics = ks_metrics_new();
	if (!t->metrics) {
		ks_message("%s", ks_status_text(KS_ERROR_MEMORY));
		return EXIT_INTERNAL;
	}
	t->meter = (struct meter){ on_read, on_delay, on_write, on_written, t->metrics };
	t->canary_every = options->canary * 1000000;
	if (options->metrics_file)
		r = prepare_file(t);
	return r == 0 && options->metrics_listen ? listen_for(t) : r;
}

void
ks_telemetry_done(struct telemetry *t)
{
	t->server = ks_metrics_server_free(t->server);
	if (t->has_begun)
		(void)write_file(t);
	t->metrics = ks_metrics_free(t->metrics);
	free(t->label);
	free(t->draft);
	t->label = t->draft = NULL;
}

int
ks_telemetry_use_rules(struct telemetry *t, const struct rule_selection *rules)
{
	if (!t->metrics)
		return KS_OK;
	t->canary_has_failed = t->canary_is_missing = false;
	t->canary_due = 0;
	ks_metrics_set_exposed(t->metrics, false);
	if (rules->known &&
	    ks_metrics_use_known(t->metrics, ks_known_count(rules->known->compiled)) != KS_OK)
		return KS_ERROR_MEMORY;
	return ks_metrics_use_rules(t->metrics, rules->catalog, rules->index,
	                            ks_ruleset_count(rules->set));
}

void
ks_telemetry_note_observer(struct telemetry *t, const struct observer *observer)
{
	ks_metrics_set_count(t->metrics, METRIC_LEDGER_ERRORS, observer->unwritten.count);
	ks_metrics_set_count(t->metrics, METRIC_HOOK_ERRORS, observer->troubles.count);
	ks_metrics_set_count(t->metrics, METRIC_HOOK_DROPS, observer->dropped.count);
	ks_metrics_set_count(t->metrics, METRIC_MESSAGE_DROPS, ks_standard_error_dropped());
}

void
ks_telemetry_note_reload(struct telemetry *t, bool is_right)
{
	ks_metrics_add(t->metrics, is_right ? METRIC_RELOADS : METRIC_FAILED_RELOADS, 1);
	ks_metrics_set(t->metrics, METRIC_LAST_RELOAD_OK, is_right);
}

int
ks_telemetry_begin(struct telemetry *t, const struct rule_selection *rules, struct signals *signals,
                   uint64_t interval)
{
	int r = start_server(t);

	if (r < 0)
		return EXIT_IO;
	if (t->metrics && (interval == 0 || interval > TICK_USEC))
		interval = TICK_USEC;
	if (t->canary_every > 0)
		run_canary(t, rules);
	if (t->canary_is_missing)
		return EXIT_USAGE;
	if (t->metrics)
		r = write_file(t);
	if (r < 0)
		return EXIT_IO;
	t->has_begun = true;
	ks_signals_tick(signals, interval);
	return 0;
}

void
ks_telemetry_set_ready(struct telemetry *t, bool is_ready)
{
	ks_metrics_beat(t->metrics);
	ks_metrics_set_ready(t->metrics, is_ready);
}

bool
ks_telemetry_wants(const struct telemetry *t, unsigned raised)
{
	return t->metrics && (raised & (SIGNALS_TICK | SIGNALS_REPORT));
}

void
ks_telemetry_attend(struct telemetry *t, unsigned raised, const struct rule_selection *rules)
{
	uint64_t now = t->metrics ? ks_passage_clock() : 0;

	if (!ks_telemetry_wants(t, raised))
		return;
	ks_metrics_beat(t->metrics);
	ks_metrics_server_tidy(t->server);
	if (t->canary_every > 0 && now >= t->canary_due)
		run_canary(t, rules);
	if (t->draft && (now >= t->file_due || (raised & SIGNALS_REPORT)))
		(void)write_file(t);
}
