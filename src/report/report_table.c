/* SPDX-License-Identifier: Apache-2.0 */
/* For people at a terminal: a table of two lines a key, then each key's sources and what to do about it. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "advice.h"
#include "report.h"
#include "text.h"

#define GAP           "  "
#define SOURCES_SHOWN 10U
#define PROVIDER_MIN  8U
#define WIDTH_MIN     40U

/* Everything but the provider's name, and gaps. */
#define STATE_WIDTH 13
#define DATE_WIDTH  10
#define AGE_WIDTH   6

struct table {
	const struct report *report;
	FILE *out;
	size_t width;
	int number, count, sources, provider; /* columns of these cells */
};

/* ------------------------------------------------------------------------- text ---- */

static void
print_spaces(size_t n, FILE *out)
{
	(void)fprintf(out, "%*s", (int)n, "");
}

/* Text that is too wide is cut; what is not is filled up to width. */
static void
print_cell(const char *text, size_t width, FILE *out)
{
	size_t needed = ks_text_width(text);

	if (needed > width) {
		(void)ks_text_print(text, width - strlen("..."), out);
		(void)fputs("...", out);
	} else {
		(void)ks_text_print(text, needed, out);
		print_spaces(width - needed, out);
	}
}

/* The columns of the word that text begins with. */
static size_t
word_width(const char *text)
{
	char word[256];
	size_t len = strcspn(text, " ");

	if (len >= sizeof(word))
		return len;
	memcpy(word, text, len);
	word[len] = '\0';
	return ks_text_width(word);
}

/* Print text and a line end. It begins, and each of its lines, at column indent; a word that does not fit is cut. */
static void
print_wrapped(const struct table *t, const char *text, size_t indent)
{
	size_t column = indent;

	while (*text) {
		const char *end = text + strcspn(text, " ");
		size_t width = word_width(text);

		if (column > indent && column + 1 + width > t->width) {
			(void)fputc('\n', t->out);
			print_spaces(column = indent, t->out);
		} else if (column > indent) {
			(void)fputc(' ', t->out);
			column++;
		}
		while (text < end) {
			if (column == t->width) {
				(void)fputc('\n', t->out);
				print_spaces(column = indent, t->out);
			}
			text = ks_text_print(text, 1, t->out);
			column++;
		}
		text += strspn(text, " ");
	}
	(void)fputc('\n', t->out);
}

/* ------------------------------------------------------------------------ table ---- */

static const char *
provider_of(const struct leak *leak)
{
	return leak->provider ? leak->provider : "-";
}

static const char *
state_cell(const struct leak *leak)
{
	return leak->state == LEAK_GOES_ON ? "STILL LEAKING" : ks_leak_state_word(leak->state);
}

static int
digits_of(uint64_t n)
{
	return snprintf(NULL, 0, "%" PRIu64, n);
}

static int
greater(int a, int b)
{
	return a > b ? a : b;
}

/* The provider has what the other cells leave, if it needs that. */
static void
measure(struct table *t)
{
	const struct leaks *leaks = t->report->leaks;
	int others, needed = (int)strlen("PROVIDER");

	t->number = digits_of(leaks->count);
	t->count = (int)strlen("COUNT");
	t->sources = (int)strlen("SOURCES");
	for (size_t i = 0; i < leaks->count; i++) {
		const struct leak *leak = leaks->items[i];

		t->count = greater(t->count, digits_of(leak->count));
		t->sources = greater(t->sources, digits_of(leak->source_count));
		needed = greater(needed, (int)ks_text_width(provider_of(leak)));
	}
	others = t->number + STATE_WIDTH + t->count + t->sources + 2 * DATE_WIDTH + AGE_WIDTH +
	         7 * (int)strlen(GAP);
	t->provider = greater((int)t->width - others, (int)PROVIDER_MIN);
	if (needed < t->provider)
		t->provider = needed;
}

static void
print_heading(const struct table *t)
{
	(void)fprintf(t->out, "%*s" GAP "%-*s" GAP "%-*s" GAP, t->number, "#", STATE_WIDTH, "STATE",
	              t->provider, "PROVIDER");
	(void)fprintf(t->out, "%*s" GAP "%*s" GAP "%-*s" GAP "%-*s" GAP "%*s\n", t->count, "COUNT",
	              t->sources, "SOURCES", DATE_WIDTH, "FIRST SEEN", DATE_WIDTH, "LAST SEEN",
	              AGE_WIDTH - 1, "AGE");
}

/* The line of a key that says which it is. */
static void
print_identity(const struct table *t, const struct leak *leak)
{
	const char *fingerprint = ks_leak_identity(leak, "(no fingerprint)");
	size_t indent = (size_t)t->number + strlen(GAP), width = ks_text_width(leak->rule);
	size_t others = indent + strlen(GAP) + ks_text_width(fingerprint);

	if (others + width > t->width)
		width = t->width > others + PROVIDER_MIN ? t->width - others : PROVIDER_MIN;
	print_spaces(indent, t->out);
	print_cell(leak->rule, width, t->out);
	(void)fputs(GAP, t->out);
	print_wrapped(t, fingerprint, indent + width + strlen(GAP));
}

static void
print_row(const struct table *t, size_t i)
{
	const struct leak *leak = t->report->leaks->items[i];
	char first[INSTANT_SIZE], last[INSTANT_SIZE], age[INSTANT_SIZE];

	ks_instant_write_date(leak->first, first);
	ks_instant_write_date(leak->last, last);
	ks_duration_write(ks_leak_age(leak->first, t->report->policy.now), age);
	(void)fprintf(t->out, "%*zu" GAP "%-*s" GAP, t->number, i + 1, STATE_WIDTH,
	              state_cell(leak));
	print_cell(provider_of(leak), (size_t)t->provider, t->out);
	(void)fprintf(t->out, GAP "%*" PRIu64 GAP "%*zu" GAP "%-*s" GAP "%-*s" GAP "%*s%s\n",
	              t->count, leak->count, t->sources, leak->source_count, DATE_WIDTH, first,
	              DATE_WIDTH, last, AGE_WIDTH - 1, age, leak->is_old ? "!" : "");
	print_identity(t, leak);
}

static void
print_legend(const struct table *t)
{
	const struct leaks *leaks = t->report->leaks;
	char max_age[INSTANT_SIZE];

	for (size_t i = 0; i < leaks->count; i++) {
		if (!leaks->items[i]->is_old)
			continue;
		ks_duration_write_exact(t->report->policy.max_age, max_age);
		(void)fprintf(t->out, "! seen leaking for more than %s\n", max_age);
		return;
	}
}

/* ---------------------------------------------------------------------- details ---- */

static void
print_judgement(const struct table *t, const struct leak *leak)
{
	char length[INSTANT_SIZE], max_age[INSTANT_SIZE];

	if (leak->state == LEAK_GOES_ON)
		(void)fprintf(t->out, "    STILL LEAKING%s\n",
		              leak->revoked_at != LEAK_NEVER ? " after it was revoked" : "");
	if (!leak->is_old)
		return;
	ks_duration_write_words(leak->last - leak->first, length);
	ks_duration_write_exact(t->report->policy.max_age, max_age);
	(void)fprintf(t->out, "    Seen over %s, which is more than %s\n", length, max_age);
}

static void
print_seen(const struct table *t, const struct leak *leak)
{
	char first[INSTANT_SIZE], last[INSTANT_SIZE], ago[2 * INSTANT_SIZE];

	ks_instant_write_plain(leak->first, first);
	ks_instant_write_plain(leak->last, last);
	ks_leak_write_ago(leak->last, t->report->policy.now, ago);
	(void)fprintf(t->out, "    First seen   %s\n    Last seen    %s (%s)\n", first, last, ago);
}

static void
print_fingerprint(const struct table *t, const struct leak *leak)
{
	static const char name[] = "    Fingerprint  ", known[] = "    Known value  ";

	if (leak->fingerprint || !leak->place) {
		(void)fputs(name, t->out);
		print_wrapped(t, ks_leak_identity(leak, "none: these can be several keys"),
		              strlen(name));
	}
	if (leak->place) {
		(void)fputs(known, t->out);
		print_wrapped(t, leak->place, strlen(known));
	}
}

static int
print_source(const struct table *t, const struct leak_source *source)
{
	int indent = 6 + t->count + (int)strlen(GAP);
	char line[32] = "", *text;

	if (source->line != LEDGER_UNKNOWN)
		(void)snprintf(line, sizeof(line), ", line %" PRIu64, source->line);
	(void)fprintf(t->out, "      %*" PRIu64 GAP, t->count, source->count);
	if (asprintf(&text, "%s%s", source->name, line) < 0)
		return -ENOMEM;
	print_wrapped(t, text, (size_t)indent);
	free(text);
	return 0;
}

static int
print_sources(const struct table *t, const struct leak *leak)
{
	int r = 0;

	(void)fputs("    Sources, and how often it was seen there:\n", t->out);
	for (size_t i = 0; r == 0 && i < leak->source_count && i < SOURCES_SHOWN; i++)
		r = print_source(t, leak->sources[i]);
	if (leak->source_count > SOURCES_SHOWN)
		(void)fprintf(t->out, "      and %zu more; see --json\n",
		              leak->source_count - SOURCES_SHOWN);
	return r;
}

static int
print_steps(const struct table *t, const struct leak *leak)
{
	struct advice advice;
	int r = ks_advice_init(&advice, leak);

	(void)fputs("    Next steps:\n", t->out);
	for (unsigned i = 0; r == 0 && i < ADVICE_STEPS; i++) {
		(void)fprintf(t->out, "      %u. ", i + 1);
		print_wrapped(t, advice.steps[i], 9);
	}
	ks_advice_done(&advice);
	return r;
}

static int
print_details(const struct table *t, size_t i)
{
	const struct leak *leak = t->report->leaks->items[i];
	int indent = fprintf(t->out, "\n%zu. ", i + 1) - 1, r;

	print_wrapped(t, ks_leak_title(leak), (size_t)(indent > 0 ? indent : 0));
	print_judgement(t, leak);
	print_fingerprint(t, leak);
	print_seen(t, leak);
	r = print_sources(t, leak);
	return r == 0 ? print_steps(t, leak) : r;
}

/* ----------------------------------------------------------------------- report ---- */

static void
print_summary(const struct table *t)
{
	const struct leaks *leaks = t->report->leaks;
	size_t leaking = ks_leaks_count(leaks, LEAK_GOES_ON);
	char as_of[INSTANT_SIZE];

	ks_instant_write_plain(t->report->policy.now, as_of);
	if (leaks->count == 0)
		(void)fprintf(t->out, "No key leaked, as of %s.\n", as_of);
	else if (leaking == 0)
		(void)fprintf(t->out, "Keys that leaked: %zu. None leaks still, as of %s.\n",
		              leaks->count, as_of);
	else
		(void)fprintf(t->out, "Keys that leaked: %zu. STILL LEAKING: %zu, as of %s.\n",
		              leaks->count, leaking, as_of);
	if (t->report->unreadable > 0)
		(void)fprintf(t->out, "Lines that could not be read: %" PRIu64 ".\n",
		              t->report->unreadable);
}

int
ks_report_print_table(const struct report *report, size_t width, FILE *out)
{
	struct table t = { .report = report, .out = out };
	size_t count = report->leaks->count;
	int r = 0;

	t.width = width > WIDTH_MIN ? width : WIDTH_MIN;
	measure(&t);
	print_summary(&t);
	if (count == 0)
		return 0;
	(void)fputc('\n', out);
	print_heading(&t);
	for (size_t i = 0; i < count; i++)
		print_row(&t, i);
	print_legend(&t);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = print_details(&t, i);
	return r;
}
