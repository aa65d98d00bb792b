/* SPDX-License-Identifier: Apache-2.0 */
/* One document; docs/report.md describes it. */
#include <errno.h>
#include <inttypes.h>

#include "advice.h"
#include "json.h"
#include "report.h"

static void
print_text(const char *name, const char *value, FILE *out)
{
	(void)fprintf(out, ", \"%s\": ", name);
	ks_json_string(value, out);
}

static void
print_number(const char *name, uint64_t value, FILE *out)
{
	if (value == LEDGER_UNKNOWN)
		(void)fprintf(out, ", \"%s\": null", name);
	else
		(void)fprintf(out, ", \"%s\": %" PRIu64, name, value);
}

static void
print_instant(const char *name, int64_t value, FILE *out)
{
	char text[INSTANT_SIZE];

	if (value != LEAK_NEVER)
		ks_instant_write(value, text);
	print_text(name, value == LEAK_NEVER ? NULL : text, out);
}

static void
print_truth(const char *name, bool value, FILE *out)
{
	(void)fprintf(out, ", \"%s\": %s", name, value ? "true" : "false");
}

static void
print_source(const struct leak_source *source, FILE *out)
{
	(void)fputs("{\"source\": ", out);
	ks_json_string(source->name, out);
	print_number("count", source->count, out);
	print_instant("first_seen", source->first, out);
	print_instant("last_seen", source->last, out);
	print_number("line", source->line, out);
	print_number("offset", source->offset, out);
	(void)fputc('}', out);
}

static void
print_key(const struct leak *leak, FILE *out)
{
	(void)fputs("{\"rule\": ", out);
	ks_json_string(leak->rule, out);
	print_text("provider", leak->provider, out);
	print_text("title", leak->title, out);
	print_text("fingerprint", leak->fingerprint, out);
	print_number("length", leak->length, out);
	print_text("revoke", leak->revoke, out);
	if (!leak->place)
		return;
	print_text("known_source", leak->known_source, out);
	print_number("known_number", leak->known_number, out);
}

static void
print_times(const struct leak *leak, int64_t now, FILE *out)
{
	print_number("count", leak->count, out);
	print_instant("first_seen", leak->first, out);
	print_instant("last_seen", leak->last, out);
	print_number("age_seconds", (uint64_t)(ks_leak_age(leak->first, now) / SECOND), out);
	print_text("state", ks_leak_state_word(leak->state), out);
	print_truth("still_leaking", leak->state == LEAK_GOES_ON, out);
	print_instant("revoked_at", leak->revoked_at, out);
	print_truth("over_max_age", leak->is_old, out);
}

static int
print_leak(const struct leak *leak, int64_t now, FILE *out)
{
	const char *steps[ADVICE_STEPS + 1] = { NULL };
	struct advice advice;
	int r = ks_advice_init(&advice, leak);

	for (size_t i = 0; i < ADVICE_STEPS; i++)
		steps[i] = advice.steps[i];
	print_key(leak, out);
	print_times(leak, now, out);
	(void)fputs(",\n   \"sources\": [", out);
	for (size_t i = 0; i < leak->source_count; i++) {
		(void)fputs(i > 0 ? ",\n    " : "\n    ", out);
		print_source(leak->sources[i], out);
	}
	(void)fputs("],\n   \"next_steps\": ", out);
	ks_json_strings(steps, out);
	(void)fputc('}', out);
	ks_advice_done(&advice);
	return r;
}

static void
print_head(const struct report *report, FILE *out)
{
	(void)fputs("{\"version\": 1", out);
	print_text("keysieve", report->version, out);
	print_instant("as_of", report->policy.now, out);
	print_number("max_age_seconds", (uint64_t)(report->policy.max_age / SECOND), out);
	(void)fputs(", \"ledgers\": ", out);
	ks_json_strings(report->ledgers, out);
	print_number("records", report->records, out);
	print_number("unreadable_lines", report->unreadable, out);
	print_number("still_leaking", ks_leaks_count(report->leaks, LEAK_GOES_ON), out);
}

int
ks_report_print_json(const struct report *report, FILE *out)
{
	int r = 0;

	print_head(report, out);
	(void)fputs(",\n \"leaks\": [", out);
	for (size_t i = 0; r == 0 && i < report->leaks->count; i++) {
		(void)fputs(i > 0 ? ",\n  " : "\n  ", out);
		r = print_leak(report->leaks->items[i], report->policy.now, out);
	}
	(void)fputs("\n ]}\n", out);
	return r;
}
