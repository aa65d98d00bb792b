/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A page to look at and to attach to an incident. It loads nothing and runs nothing, which it also tells the
 * browser. All that comes from ledgers and the command line goes through ks_text_print_html().
 */
#include <inttypes.h>
#include <string.h>

#include "advice.h"
#include "report_page.h"
#include "text.h"

#define KEYS_SHOWN    500U
#define SOURCES_SHOWN 50U

struct page {
	const struct report *report;
	int64_t now;
	size_t shown; /* keys */
	FILE *out;
};

static void
print(const struct page *p, const char *html)
{
	(void)fputs(html, p->out);
}

static void
print_text(const struct page *p, const char *text)
{
	ks_text_print_html(text, p->out);
}

/* --------------------------------------------------------------------- elements ---- */

/* A time as people read it, and as programs do. */
static void
print_time(const struct page *p, int64_t instant)
{
	char exact[INSTANT_SIZE], plain[INSTANT_SIZE];

	ks_instant_write(instant, exact);
	ks_instant_write_plain(instant, plain);
	(void)fprintf(p->out, "<time datetime=\"%s\">%s</time>", exact, plain);
}

static void
print_ago(const struct page *p, int64_t instant)
{
	char ago[2 * INSTANT_SIZE];

	ks_leak_write_ago(instant, p->now, ago);
	(void)fprintf(p->out, "<br><span class=\"soft\">%s</span>", ago);
}

static bool
is_web_address(const char *text)
{
	return strncmp(text, "https://", 8) == 0 || strncmp(text, "http://", 7) == 0;
}

/* Only an address of the web becomes a link. */
static void
print_address(const struct page *p, const char *address)
{
	if (!is_web_address(address)) {
		print_text(p, address);
		return;
	}
	print(p, "<a rel=\"noopener noreferrer\" href=\"");
	print_text(p, address);
	print(p, "\">");
	print_text(p, address);
	print(p, "</a>");
}

static void
print_code(const struct page *p, const char *text)
{
	print(p, "<code>");
	print_text(p, text);
	print(p, "</code>");
}

static void
print_badges(const struct page *p, const struct leak *leak)
{
	const char *word = ks_leak_state_word(leak->state);
	char max_age[INSTANT_SIZE];

	(void)fprintf(p->out, "<span class=\"badge %s\">%s</span>", word,
	              leak->state == LEAK_GOES_ON ? "STILL LEAKING" : word);
	if (!leak->is_old)
		return;
	ks_duration_write_exact(p->report->policy.max_age, max_age);
	(void)fprintf(p->out, " <span class=\"badge old\">for more than %s</span>", max_age);
}

/* ------------------------------------------------------------------------- head ---- */

static void
print_head(const struct page *p)
{
	print(p, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	         "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	         "style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n"
	         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	         "<meta name=\"referrer\" content=\"no-referrer\">\n"
	         "<title>Leaked keys</title>\n<style>\n");
	print(p, ks_report_style);
	print(p, "</style>\n</head>\n<body>\n");
}

static void
print_tile(const struct page *p, uint64_t number, const char *words, bool is_bad)
{
	(void)fprintf(p->out, "<li%s><b>%" PRIu64 "</b>%s</li>\n", is_bad ? " class=\"bad\"" : "",
	              number, words);
}

static void
print_tiles(const struct page *p)
{
	const struct leaks *leaks = p->report->leaks;
	size_t leaking = ks_leaks_count(leaks, LEAK_GOES_ON), old = 0;
	char words[64], max_age[INSTANT_SIZE];

	for (size_t i = 0; i < leaks->count; i++)
		old += leaks->items[i]->is_old;
	ks_duration_write_exact(p->report->policy.max_age, max_age);
	(void)snprintf(words, sizeof(words), "for more than %s", max_age);
	print(p, "<ul class=\"tiles\">\n");
	print_tile(p, leaking, "still leaking", leaking > 0);
	print_tile(p, leaks->count, leaks->count == 1 ? "key leaked" : "keys leaked", false);
	print_tile(p, ks_leaks_count(leaks, LEAK_REVOKED), "revoked, not seen since", false);
	print_tile(p, old, words, false);
	print(p, "</ul>\n");
}

static void
print_header(const struct page *p)
{
	print(p, "<header>\n<h1>Leaked keys</h1>\n<p class=\"soft\">As of ");
	print_time(p, p->now);
	print(p, p->report->ledgers[1] ? ", from the ledgers" : ", from the ledger");
	for (size_t i = 0; p->report->ledgers[i]; i++) {
		print(p, i > 0 ? ", " : " ");
		print_code(p, p->report->ledgers[i]);
	}
	print(p, "</p>\n");
	if (p->report->unreadable > 0)
		(void)fprintf(p->out,
		              "<p class=\"warn\">Lines that could not be read: %" PRIu64 "</p>\n",
		              p->report->unreadable);
	print_tiles(p);
	print(p, "</header>\n<main>\n");
}

/* --------------------------------------------------------------------- overview ---- */

static void
print_date_cell(const struct page *p, int64_t instant, const char *more)
{
	char date[INSTANT_SIZE];

	ks_instant_write_date(instant, date);
	(void)fprintf(p->out, "<td class=\"date%s\">%s</td>", more, date);
}

static void
print_row(const struct page *p, size_t i)
{
	const struct leak *leak = p->report->leaks->items[i];

	print(p, "<tr><td class=\"name\">");
	(void)fprintf(p->out, "<a href=\"#key-%zu\">", i + 1);
	print_text(p, ks_leak_title(leak));
	print(p, "</a></td><td>");
	print_badges(p, leak);
	(void)fprintf(p->out, "</td><td class=\"number less\">%" PRIu64 "</td>", leak->count);
	(void)fprintf(p->out, "<td class=\"number less\">%zu</td>", leak->source_count);
	print_date_cell(p, leak->first, " less");
	print_date_cell(p, leak->last, "");
	print(p, "</tr>\n");
}

static void
print_overview(const struct page *p)
{
	size_t rest = p->report->leaks->count - p->shown;

	print(p, "<div class=\"card wide\"><table>\n<thead><tr><th>Key</th><th>State</th>"
	         "<th class=\"number less\">Seen</th><th class=\"number less\">Sources</th>"
	         "<th class=\"less\">First seen</th><th>Last seen</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < p->shown; i++)
		print_row(p, i);
	print(p, "</tbody></table>\n");
	if (rest > 0)
		(void)fprintf(p->out, "<p class=\"soft\">and %zu more: see --json</p>\n", rest);
	print(p, "</div>\n");
}

/* --------------------------------------------------------------------- one key ---- */

static void
print_fact(const struct page *p, const char *name, const char *value)
{
	(void)fprintf(p->out, "<div><dt>%s</dt><dd>", name);
	print_text(p, value ? value : "not known");
	print(p, "</dd></div>\n");
}

static void
print_fact_time(const struct page *p, const char *name, int64_t instant)
{
	(void)fprintf(p->out, "<div><dt>%s</dt><dd>", name);
	print_time(p, instant);
	print_ago(p, instant);
	print(p, "</dd></div>\n");
}

static void
print_facts(const struct page *p, const struct leak *leak)
{
	print(p, "<dl>\n");
	print_fact(p, "Provider", leak->provider);
	print_fact(p, "Rule", leak->rule);
	if (leak->fingerprint) {
		print(p, "<div><dt>Fingerprint</dt><dd>");
		print_code(p, leak->fingerprint);
		print(p, "</dd></div>\n");
	} else if (!leak->place) {
		print_fact(p, "Fingerprint", "none: these can be several keys");
	}
	if (leak->place) {
		print(p, "<div><dt>Known value</dt><dd>");
		print_code(p, leak->place);
		print(p, "</dd></div>\n");
	}
	(void)fprintf(p->out,
	              "<div><dt>Seen</dt><dd>%" PRIu64 " time%s in %zu source%s</dd></div>\n",
	              leak->count, leak->count == 1 ? "" : "s", leak->source_count,
	              leak->source_count == 1 ? "" : "s");
	print_fact_time(p, "First seen", leak->first);
	print_fact_time(p, "Last seen", leak->last);
	if (leak->revoked_at != LEAK_NEVER)
		print_fact_time(p, "Revoked", leak->revoked_at);
	if (leak->revoke) {
		print(p, "<div class=\"row\"><dt>Revoke at</dt><dd>");
		print_address(p, leak->revoke);
		print(p, "</dd></div>\n");
	}
	print(p, "</dl>\n");
}

static void
print_source(const struct page *p, const struct leak_source *source)
{
	char first[INSTANT_SIZE], last[INSTANT_SIZE];

	ks_instant_write_minute(source->first, first);
	ks_instant_write_minute(source->last, last);
	print(p, "<tr><td class=\"name\">");
	print_code(p, source->name);
	if (source->line != LEDGER_UNKNOWN)
		(void)fprintf(p->out, ", line&nbsp;%" PRIu64, source->line);
	(void)fprintf(p->out,
	              "</td><td class=\"number\">%" PRIu64 "</td><td class=\"date less\">%s</td>"
	              "<td class=\"date\">%s</td></tr>\n",
	              source->count, first, last);
}

static void
print_sources(const struct page *p, const struct leak *leak)
{
	print(p, "<h3>Sources</h3>\n<div class=\"wide\"><table>\n<thead><tr><th>Source</th>"
	         "<th class=\"number\">Seen</th><th class=\"less\">First seen</th>"
	         "<th>Last seen</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < leak->source_count && i < SOURCES_SHOWN; i++)
		print_source(p, leak->sources[i]);
	print(p, "</tbody></table></div>\n");
	if (leak->source_count > SOURCES_SHOWN)
		(void)fprintf(p->out, "<p class=\"soft\">and %zu more: see --json</p>\n",
		              leak->source_count - SOURCES_SHOWN);
}

/* The address that the first step ends with becomes a link. */
static void
print_step(const struct page *p, const struct leak *leak, const char *step, bool is_first)
{
	size_t len = strlen(step), tail = leak->revoke ? strlen(leak->revoke) : 0;
	char head[128];

	print(p, "<li>");
	if (is_first && tail > 0 && tail <= len && strcmp(step + len - tail, leak->revoke) == 0) {
		(void)snprintf(head, sizeof(head), "%.*s", (int)(len - tail), step);
		print_text(p, head);
		print_address(p, leak->revoke);
	} else {
		print_text(p, step);
	}
	print(p, "</li>\n");
}

static int
print_steps(const struct page *p, const struct leak *leak)
{
	struct advice advice;
	int r = ks_advice_init(&advice, leak);

	print(p, "<h3>Next steps</h3>\n<ol>\n");
	for (size_t i = 0; r == 0 && i < ADVICE_STEPS; i++)
		print_step(p, leak, advice.steps[i], i == 0);
	print(p, "</ol>\n");
	ks_advice_done(&advice);
	return r;
}

static int
print_key(const struct page *p, size_t i)
{
	const struct leak *leak = p->report->leaks->items[i];
	int r;

	(void)fprintf(p->out,
	              "<section class=\"card key %s\" id=\"key-%zu\">\n<div class=\"head\"><h2>",
	              ks_leak_state_word(leak->state), i + 1);
	(void)fprintf(p->out, "%zu. ", i + 1);
	print_text(p, ks_leak_title(leak));
	print(p, "</h2>");
	print_badges(p, leak);
	print(p, "</div>\n");
	print_facts(p, leak);
	ks_report_print_chart(leak, p->now, p->out);
	r = print_steps(p, leak);
	print_sources(p, leak);
	print(p, "</section>\n");
	return r;
}

/* ----------------------------------------------------------------------- page ---- */

static void
print_footer(const struct page *p)
{
	print(p, "</main>\n<footer>Made by keysieve ");
	print_text(p, p->report->version);
	print(p,
	      ". There is no part of a key on this page: a fingerprint is a keyed hash.</footer>\n"
	      "</body>\n</html>\n");
}

int
ks_report_print_html(const struct report *report, FILE *out)
{
	size_t count = report->leaks->count;
	struct page p = { report, report->policy.now, count < KEYS_SHOWN ? count : KEYS_SHOWN,
		          out };
	int r = 0;

	print_head(&p);
	print_header(&p);
	if (count > 0)
		print_overview(&p);
	else
		print(&p, "<p class=\"card\">No key leaked.</p>\n");
	for (size_t i = 0; r == 0 && i < p.shown; i++)
		r = print_key(&p, i);
	print_footer(&p);
	return r;
}
