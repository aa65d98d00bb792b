/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: any bytes as a ledger, and the reports on it. A record that is read can be written, and is read as the
 * same. What is wrong is told in words that have nothing of the ledger. Names cannot get out of a page, a table or
 * JSON: no tag, no control byte, no second line. And a ledger's line of any names is read as it was written.
 */
#include "instant.h"
#include "json_scan.h"
#include "ledger_line.h"
#include "ledger_reader.h"
#include "report.h"
#include "sighting.h"
#include "target.h"

#define INPUT_MAX 2048U
#define NOW       (INT64_C(1800000000) * SECOND)

/* ---------------------------------------------------------------------- records ---- */

static bool
is_same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool
has_same_texts(const struct ledger_record *a, const struct ledger_record *b)
{
	return is_same_text(a->source, b->source) && is_same_text(a->rule, b->rule) &&
	       is_same_text(a->provider, b->provider) && is_same_text(a->title, b->title) &&
	       is_same_text(a->fingerprint, b->fingerprint) && is_same_text(a->revoke, b->revoke);
}

/* Write the record, and read that: *ret_text is what its texts are lent from. */
static struct ledger_record
write_and_read(const struct ledger_record *record, char **ret_texts)
{
	struct sighting sighting = {
		.source = record->source,
		.rule = record->rule,
		.title = record->title ? record->title : "",
		.provider = record->provider,
		.revoke = record->revoke,
		.fingerprint = record->fingerprint ? record->fingerprint : "",
		.length = record->length,
	};
	struct seen_times times = { record->count, record->first, record->last };
	struct ledger_record again;
	const char *problem;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	require(out, "no memory");
	ks_sighting_write_repeat(&sighting, &times, NOW, out);
	require(fclose(out) == 0, "no memory");
	require(len > 0 && memchr(text, '\n', len) == text + len - 1, "not one line");
	*ret_texts = malloc(len + 1);
	require(ks_ledger_line_read(text, len - 1, *ret_texts, &again, &problem) ==
	                LEDGER_LINE_RIGHT,
	        "what was written cannot be read");
	free(text);
	return again;
}

/* What is no UTF-8 is replaced the first time; the second time all is the same. */
static void
go_round(const struct ledger_record *record)
{
	char *texts, *again_texts;
	struct ledger_record read = write_and_read(record, &texts);
	struct ledger_record again = write_and_read(&read, &again_texts);

	require(read.first == record->first && read.last == record->last &&
	                read.count == record->count && read.length == record->length,
	        "other numbers");
	require(has_same_texts(&read, &again), "other texts");
	free(texts);
	free(again_texts);
}

/* A finding whose names are the input's. What is no UTF-8 changes as it is written: then only that it is read counts. */
static void
write_finding(struct choices c)
{
	char source[256], rule[64];
	struct sighting sighting = {
		.offset = choose_number(&c),
		.line = choose_number(&c) >> 1,
		.length = choose_number(&c) >> 1,
		.time = (int64_t)(choose_number(&c) % UINT64_C(200000000000000)),
		.source = choose_text(&c, source, sizeof(source)),
		.rule = choose_text(&c, rule, sizeof(rule)),
		.fingerprint = "0123abcd-0123456789abcdef",
	};
	char *text = NULL, *texts;
	struct ledger_record record;
	const char *problem;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	require(out, "no memory");
	ks_sighting_write(&sighting, out);
	require(fclose(out) == 0, "no memory");
	require(memchr(text, '\n', len) == text + len - 1, "not one line");
	texts = malloc(len + 1);
	require(ks_ledger_line_read(text, len - 1, texts, &record, &problem) == LEDGER_LINE_RIGHT,
	        "what was written cannot be read");
	require(record.offset == sighting.offset && record.length == sighting.length &&
	                record.line == (sighting.line ? sighting.line : LEDGER_UNKNOWN) &&
	                record.time == sighting.time,
	        "other numbers");
	require(strchr(record.source, 0xef - 256) || strcmp(record.source, source) == 0,
	        "another source");
	free(texts);
	free(text);
}

/* ---------------------------------------------------------------------- reports ---- */

/* The names of tags that the page has. */
static bool
is_tag(const char *at)
{
	static const char *const names[] = {
		"!DOCTYPE", "a",      "b",          "body",   "br",     "code", "dd",    "div",
		"dl",       "dt",     "figcaption", "figure", "footer", "h1",   "h2",    "h3",
		"head",     "header", "html",       "li",     "line",   "main", "meta",  "ol",
		"p",        "rect",   "section",    "span",   "style",  "svg",  "table", "tbody",
		"td",       "th",     "thead",      "time",   "title",  "tr",   "ul",
	};
	size_t len;

	at += *at == '/';
	len = strspn(at, "abcdefghijklmnopqrstuvwxyz!DOCTYPE0123456789");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strlen(names[i]) == len && strncmp(at, names[i], len) == 0)
			return true;
	}
	return false;
}

/* The attributes of a tag, from behind its name on: none runs a script or loads anything. Returns the tag's end. */
static const char *
check_attributes(const char *at)
{
	for (at += strcspn(at, " >"); *at == ' ';) {
		const char *name = ++at, *value;

		at += strcspn(at, "= >");
		require(strncmp(name, "on", 2) != 0 && strncmp(name, "src", 3) != 0, "a script");
		if (*at != '=')
			continue;
		value = ++at + 1;
		require(*at == '"' && (at = strchr(value, '"')), "a value without quotes");
		if (strncmp(name, "href=", 5) == 0)
			require(*value == '#' || strncmp(value, "https://", 8) == 0 ||
			                strncmp(value, "http://", 7) == 0,
			        "a link that is no address");
		at++;
	}
	return at;
}

/* None but its own tags, nothing loaded, no control byte. */
static void
check_page(const char *page)
{
	for (const char *at = strchr(page, '<'); at; at = strchr(at, '<')) {
		require(is_tag(++at), "a tag that is not the page's");
		if (strncmp(at, "!DOCTYPE", 8) != 0)
			at = check_attributes(at);
		at += strcspn(at, ">");
		require(*at == '>', "a tag that is not closed");
	}
	for (; *page; page++)
		require((unsigned char)*page >= ' ' || *page == '\n', "a control byte in a page");
}

static void
check_table(const char *table)
{
	for (; *table; table++)
		require(((unsigned char)*table >= ' ' || *table == '\n') && *table != 0x7f,
		        "a control byte in a table");
}

static void
check_json(const char *json)
{
	struct json_scan scan = { .text = (const uint8_t *)json, .len = strlen(json) };
	enum json_token token;

	do
		token = ks_json_next(&scan);
	while (token < JSON_END);
	require(token == JSON_END, "a report that is no JSON");
	check_table(json);
}

static void
check_reports(struct leaks *leaks)
{
	static const char *const ledgers[] = { "a ledger", NULL };
	struct report report = { .leaks = leaks,
		                 .policy = { .now = NOW, .max_age = 90 * DAY },
		                 .ledgers = ledgers,
		                 .version = "1" };

	ks_leaks_judge(leaks, &report.policy);
	for (unsigned kind = 0; kind < 3; kind++) {
		char *text = NULL;
		size_t len;
		FILE *out = open_memstream(&text, &len);
		int r;

		require(out, "no memory");
		if (kind == 0)
			r = ks_report_print_html(&report, out);
		else if (kind == 1)
			r = ks_report_print_table(&report, 80, out);
		else
			r = ks_report_print_json(&report, out);
		require(fclose(out) == 0 && r == 0, "no report");
		require(strlen(text) == len, "a NUL in a report");
		(kind == 0 ? check_page : kind == 1 ? check_table : check_json)(text);
		free(text);
	}
}

/* A problem is told in words of ours: they do not change with the input, and are few. */
static void
check_problem(const char *problem)
{
	require(problem && strlen(problem) < 100 && is_plain_text(problem), "no plain words");
	require(strspn(problem, "abcdefghijklmnopqrstuvwxyz ',JSON") == strlen(problem),
	        "words that are not ours");
}

static void
read_ledger(const uint8_t *data, size_t len)
{
	struct leaks leaks = { .has_timelines = true };
	struct ledger_reader *reader = NULL;
	struct ledger_record record;
	size_t events = 0;
	int event;

	require(ks_ledger_reader_new(file_of(data, len), &reader) == 0, "no memory");
	while ((event = ks_ledger_read(reader, &record)) > 0) {
		require(data[0] == 0x1f || ++events <= len, "more events than lines");
		if (event != LEDGER_RECORD) {
			check_problem(ks_ledger_reader_problem(reader));
			continue;
		}
		require(record.source && record.rule && record.first <= record.last,
		        "a record without what it must have");
		go_round(&record);
		require(ks_leaks_add(&leaks, &record) == 0, "no memory");
	}
	if (event < 0)
		require(is_plain_text(ks_ledger_reader_problem(reader)), "no plain words");
	ks_ledger_reader_free(reader);
	check_reports(&leaks);
	ks_leaks_done(&leaks);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct choices c = { data, len };
	unsigned way = choose(&c);

	if (c.len > INPUT_MAX)
		return 0;
	if (way & 1)
		write_finding(c);
	else
		read_ledger(c.data, c.len);
	return 0;
}
