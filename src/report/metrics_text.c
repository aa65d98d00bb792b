/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text format of Prometheus, 0.0.4: a HELP and a TYPE line for each metric, then its samples.
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */
#include <inttypes.h>

#include "metrics_data.h"
#include "text.h"

struct page {
	FILE *out;
	const char *label; /* or NULL */
};

/* ---------------------------------------------------------------------- samples ---- */

static void
print_head(const struct page *page, const char *name, const char *type, const char *help)
{
	(void)fprintf(page->out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* A label's value: UTF-8, with escapes for three bytes. */
static void
print_text(FILE *out, const char *text)
{
	while (*text) {
		size_t len = *text & (char)0x80 ? ks_text_character(text) : 1;

		if (len == 0)
			(void)fputs("\xef\xbf\xbd",
			            out); /* U+FFFD: a wrong byte would spoil the page */
		else if (*text == '\n')
			(void)fputs("\\n", out);
		else if (*text == '"' || *text == '\\')
			(void)fprintf(out, "\\%c", *text);
		else
			(void)fwrite(text, 1, len, out);
		text += len ? len : 1;
	}
}

static void
print_label(const struct page *page, const char *name, const char *value, int *count)
{
	(void)fprintf(page->out, "%c%s=\"", (*count)++ ? ',' : '{', name);
	print_text(page->out, value);
	(void)fputc('"', page->out);
}

/* labels: names and values in turn, ended by NULL. */
static void
print_name(const struct page *page, const char *name, const char *const *labels)
{
	int count = 0;

	(void)fputs(name, page->out);
	if (page->label)
		print_label(page, "sieve", page->label, &count);
	for (; labels && *labels; labels += 2)
		print_label(page, labels[0], labels[1], &count);
	(void)fputs(count ? "} " : " ", page->out);
}

static void
print_sample(const struct page *page, const char *name, const char *const *labels, uint64_t value)
{
	print_name(page, name, labels);
	(void)fprintf(page->out, "%" PRIu64 "\n", value);
}

static void
print_seconds(const struct page *page, const char *name, double value)
{
	print_name(page, name, NULL);
	(void)fprintf(page->out, "%.6f\n", value);
}

/* ---------------------------------------------------------------- plain numbers ---- */

/* Rows of one name stand together: the head is printed before the first. */
static const struct {
	enum metric_counter counter;
	const char *name, *help, *label, *value;
} counters[] = {
	{ METRIC_BYTES_IN, "keysieve_input_bytes_total", "Bytes read.", NULL, NULL },
	{ METRIC_BYTES_OUT, "keysieve_output_bytes_total", "Bytes written, before compression.",
	  NULL, NULL },
	{ METRIC_LINES, "keysieve_input_lines_total", "Lines read; of a journal, entries.", NULL,
	  NULL },
	{ METRIC_INPUT_ERRORS, "keysieve_errors_total", "What went wrong, by kind.", "kind",
	  "input" },
	{ METRIC_LOST_FILES, "keysieve_errors_total", NULL, "kind", "lost" },
	{ METRIC_OUTPUT_ERRORS, "keysieve_errors_total", NULL, "kind", "output" },
	{ METRIC_LEDGER_ERRORS, "keysieve_errors_total", NULL, "kind", "ledger" },
	{ METRIC_HOOK_ERRORS, "keysieve_errors_total", NULL, "kind", "on-leak" },
	{ METRIC_HOOK_DROPS, "keysieve_errors_total", NULL, "kind", "on-leak-dropped" },
	{ METRIC_REPORT_ERRORS, "keysieve_errors_total", NULL, "kind", "metrics" },
	{ METRIC_STATE_ERRORS, "keysieve_errors_total", NULL, "kind", "state" },
	{ METRIC_MESSAGE_DROPS, "keysieve_errors_total", NULL, "kind", "message" },
	{ METRIC_CANARY_ERRORS, "keysieve_errors_total", NULL, "kind", "canary" },
	{ METRIC_RELOADS, "keysieve_reloads_total", "Reloads of the rules, by result.", "result",
	  "ok" },
	{ METRIC_FAILED_RELOADS, "keysieve_reloads_total", NULL, "result", "failed" },
	{ METRIC_CANARY_RUNS, "keysieve_canary_runs_total", "Synthetic keys that were put through.",
	  NULL, NULL },
	{ METRIC_CANARY_FAILURES, "keysieve_canary_failures_total",
	  "Synthetic keys that came out unmasked.", NULL, NULL },
};

static void
print_counters(const struct page *page, const struct metrics *m)
{
	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
		const char *const labels[] = { counters[i].label, counters[i].value, NULL };

		if (counters[i].help)
			print_head(page, counters[i].name, "counter", counters[i].help);
		print_sample(page, counters[i].name, labels,
		             metric_load(&m->counters[counters[i].counter]));
	}
}

static void
print_gauge(const struct page *page, const char *name, const char *help, uint64_t value)
{
	print_head(page, name, "gauge", help);
	print_sample(page, name, NULL, value);
}

static double
blocked_seconds(const struct metrics *m)
{
	uint64_t began = metric_load(&m->write_began), now = ks_metrics_clock();

	return began == 0 || began > now ? 0 : (double)(now - began) / 1e9;
}

static void
print_gauges(const struct page *page, const struct metrics *m)
{
	static const char *const version[] = { "version", NULL, NULL };
	const char *const labels[] = { version[0], ks_version(), NULL };

	print_head(page, "keysieve_build_info", "gauge", "Always 1: the version is in the label.");
	print_sample(page, "keysieve_build_info", labels, 1);
	print_head(page, "keysieve_start_time_seconds", "gauge", "Start, in seconds since 1970.");
	print_seconds(page, "keysieve_start_time_seconds", m->started);
	print_gauge(page, "keysieve_held_bytes", "Bytes that were read and are not written yet.",
	            metric_load(&m->gauges[METRIC_HELD_BYTES]));
	print_gauge(page, "keysieve_rules", "Rules in use.", metric_load(&m->rule_count));
	print_gauge(page, "keysieve_known_values", "Known secret values in use.",
	            metric_load(&m->gauges[METRIC_KNOWN_VALUES]));
	print_gauge(page, "keysieve_last_reload_successful",
	            "0 if the last reload failed, so that former rules are in use.",
	            metric_load(&m->gauges[METRIC_LAST_RELOAD_OK]));
	print_gauge(page, "keysieve_ready", "1 while it masks what comes in.",
	            ks_metrics_is_ready(m));
	print_gauge(page, "keysieve_healthy", "1 unless /healthz says that something is wrong.",
	            ks_metrics_ailment(m) == NULL);
	print_head(page, "keysieve_output_blocked_seconds", "gauge",
	           "How long the present write has waited for whoever reads.");
	print_seconds(page, "keysieve_output_blocked_seconds", blocked_seconds(m));
}

/* ---------------------------------------------------------------------- families ---- */

static void
print_findings(const struct page *page, struct metrics *m)
{
	const struct metric_rule *rule = atomic_load_explicit(&m->rules, memory_order_acquire);

	print_head(page, "keysieve_masked_bytes_total", "counter", "Bytes that were masked.");
	print_sample(page, "keysieve_masked_bytes_total", NULL, metric_load(&m->masked_bytes));
	print_head(page, "keysieve_findings_total", "counter", "Masked secrets, by rule.");
	for (; rule; rule = rule->next) {
		const char *const labels[] = { "provider", rule->provider ? rule->provider : "",
			                       "rule", rule->id, NULL };

		print_sample(page, "keysieve_findings_total", labels, metric_load(&rule->findings));
	}
}

static void
print_files(const struct page *page, struct metrics *m)
{
	print_head(page, "keysieve_followed_files", "gauge", "Files that are followed.");
	print_sample(page, "keysieve_followed_files", NULL,
	             metric_load(&m->gauges[METRIC_FOLLOWED_FILES]));
	print_head(page, "keysieve_followed_file_behind_bytes", "gauge",
	           "Bytes of a followed file that are not in the output yet.");
	(void)pthread_mutex_lock(&m->lock);
	for (size_t i = 0; i < m->files.count; i++) {
		const char *const labels[] = { "path", m->files.items[i].path, NULL };

		print_sample(page, "keysieve_followed_file_behind_bytes", labels,
		             m->files.items[i].behind);
	}
	(void)pthread_mutex_unlock(&m->lock);
}

/* The count is the sum of what is shown, whatever is counted meanwhile. */
static void
print_delays(const struct page *page, const struct metrics *m)
{
	uint64_t total = 0;

	print_head(page, "keysieve_delay_seconds", "histogram",
	           "How long the bytes of a read were inside: until the last of them was written.");
	for (size_t i = 0; i <= DELAY_BUCKETS; i++) {
		const char *limit = i < DELAY_BUCKETS ? ks_delay_limits[i].text : "+Inf";
		const char *const labels[] = { "le", limit, NULL };

		total += metric_load(&m->delays[i]);
		print_sample(page, "keysieve_delay_seconds_bucket", labels, total);
	}
	print_seconds(page, "keysieve_delay_seconds_sum", (double)metric_load(&m->delay_sum) / 1e9);
	print_sample(page, "keysieve_delay_seconds_count", NULL, total);
}

void
ks_metrics_print(struct metrics *m, const char *label, FILE *out)
{
	const struct page page = { out, label };

	print_gauges(&page, m);
	print_counters(&page, m);
	print_findings(&page, m);
	print_files(&page, m);
	print_delays(&page, m);
}
