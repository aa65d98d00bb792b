/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A line is an object whose members the table below lists; others are read over, for a later version may add
 * some. What is wrong with a member does not matter if the line is of another version.
 */
#include "ledger_line.h"

#include <stdbool.h>
#include <string.h>

#include "instant.h"
#include "json_scan.h"

#define LEDGER_VERSION 1

enum member {
	MEMBER_V,
	MEMBER_EVENT,
	MEMBER_TIME,
	MEMBER_SOURCE,
	MEMBER_OFFSET,
	MEMBER_LINE,
	MEMBER_RULE,
	MEMBER_PROVIDER,
	MEMBER_TITLE,
	MEMBER_FINGERPRINT,
	MEMBER_LENGTH,
	MEMBER_KNOWN_SOURCE,
	MEMBER_KNOWN_NUMBER,
	MEMBER_REVOKE,
	MEMBER_COUNT,
	MEMBER_FIRST,
	MEMBER_LAST,
	MEMBERS
};

enum kind { KIND_TEXT, KIND_NUMBER, KIND_TIME };

static const struct {
	const char *name;
	enum kind kind;
	const char *wrong, *missing; /* missing is NULL if it may be missing, or null */
} members[MEMBERS] = {
	[MEMBER_V] = { "v", KIND_NUMBER, "'v' is no number", "'v' is missing" },
	[MEMBER_EVENT] = { "event", KIND_TEXT, "'event' is no text", "'event' is missing" },
	[MEMBER_TIME] = { "time", KIND_TIME, "'time' is no time", "'time' is missing" },
	[MEMBER_SOURCE] = { "source", KIND_TEXT, "'source' is no text", "'source' is missing" },
	[MEMBER_OFFSET] = { "offset", KIND_NUMBER, "'offset' is no number" },
	[MEMBER_LINE] = { "line", KIND_NUMBER, "'line' is no number" },
	[MEMBER_RULE] = { "rule", KIND_TEXT, "'rule' is no text", "'rule' is missing" },
	[MEMBER_PROVIDER] = { "provider", KIND_TEXT, "'provider' is no text" },
	[MEMBER_TITLE] = { "title", KIND_TEXT, "'title' is no text" },
	[MEMBER_FINGERPRINT] = { "fingerprint", KIND_TEXT, "'fingerprint' is no text" },
	[MEMBER_LENGTH] = { "length", KIND_NUMBER, "'length' is no number" },
	[MEMBER_KNOWN_SOURCE] = { "known_source", KIND_TEXT, "'known_source' is no text" },
	[MEMBER_KNOWN_NUMBER] = { "known_number", KIND_NUMBER, "'known_number' is no number" },
	[MEMBER_REVOKE] = { "revoke", KIND_TEXT, "'revoke' is no text" },
	[MEMBER_COUNT] = { "count", KIND_NUMBER, "'count' is no number" },
	[MEMBER_FIRST] = { "first", KIND_TIME, "'first' is no time" },
	[MEMBER_LAST] = { "last", KIND_TIME, "'last' is no time" },
};

struct value {
	bool is_there; /* and not null */
	const char *text;
	uint64_t number;
	int64_t time;
};

struct parse {
	struct json_scan scan;
	char *texts; /* what is free of them */
	struct value values[MEMBERS];
	const char *problem; /* the first; NULL: none */
};

static void
blame(struct parse *p, const char *problem)
{
	if (!p->problem)
		p->problem = problem;
}

/* ---------------------------------------------------------------------- values ---- */

static bool
is_plain(const struct json_scan *scan, const char *word)
{
	size_t len = strlen(word);

	return scan->to - scan->from == len && memcmp(scan->text + scan->from, word, len) == 0;
}

/* The string that was scanned last, as a text. A NUL in it becomes '?'. */
static const char *
take_text(struct parse *p)
{
	const uint8_t *at = p->scan.text + p->scan.from, *end = p->scan.text + p->scan.to;
	char *text = p->texts, *nul = text;

	while (at < end) {
		const uint8_t *escape = memchr(at, '\\', (size_t)(end - at));
		size_t plain = (size_t)((escape ? escape : end) - at), len;

		memcpy(p->texts, at, plain);
		p->texts += plain;
		at += plain;
		if (escape) {
			at += ks_json_unescape(at, (size_t)(end - at), (uint8_t *)p->texts, &len);
			p->texts += len;
		}
	}
	while ((nul = memchr(nul, '\0', (size_t)(p->texts - nul))))
		*nul = '?';
	*p->texts++ = '\0';
	return text;
}

static bool
take_number(const struct json_scan *scan, uint64_t *ret_number)
{
	uint64_t number = 0;

	for (size_t i = scan->from; i < scan->to; i++) {
		uint8_t b = scan->text[i];

		if (b < '0' || b > '9' || __builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, b - (uint64_t)'0', &number))
			return false;
	}
	*ret_number = number;
	return true;
}

static bool
take_value(struct parse *p, enum json_token token, enum kind kind, struct value *value)
{
	switch (kind) {
	case KIND_NUMBER:
		return token == JSON_PLAIN && take_number(&p->scan, &value->number);
	case KIND_TEXT:
	case KIND_TIME:
		if (token != JSON_STRING)
			return false;
		value->text = take_text(p);
		return kind == KIND_TEXT || ks_instant_read(value->text, &value->time);
	}
	return false;
}

/* Read over what is inside an object or array that has just begun. Returns the token that ends it. */
static enum json_token
skip_level(struct json_scan *scan)
{
	unsigned outside = scan->depth - 1;
	enum json_token token = JSON_OPEN;

	while (scan->depth > outside && token != JSON_TORN && token != JSON_WRONG)
		token = ks_json_next(scan);
	return token;
}

/* ---------------------------------------------------------------------- members ---- */

/* MEMBERS if it is none of ours. */
static size_t
find_member(const struct json_scan *scan)
{
	size_t i = 0;

	while (i < MEMBERS && !is_plain(scan, members[i].name))
		i++;
	return i;
}

/* Read the value of member i. Returns its last token. */
static enum json_token
read_value(struct parse *p, size_t i)
{
	enum json_token token = ks_json_next(&p->scan);
	struct value value = { .is_there = true };

	if (token == JSON_TORN || token == JSON_WRONG)
		return token;
	if (i < MEMBERS && !(token == JSON_PLAIN && is_plain(&p->scan, "null"))) {
		if (!take_value(p, token, members[i].kind, &value))
			blame(p, members[i].wrong);
		else
			p->values[i] = value;
	}
	return token == JSON_OPEN ? skip_level(&p->scan) : token;
}

/* Returns the token that ends all. */
static enum json_token
read_members(struct parse *p)
{
	enum json_token token = ks_json_next(&p->scan);

	if (token != JSON_OPEN || !(p->scan.objects & 1))
		return token == JSON_TORN ? JSON_TORN : JSON_WRONG;
	for (token = ks_json_next(&p->scan); token == JSON_KEY; token = ks_json_next(&p->scan)) {
		token = read_value(p, find_member(&p->scan));
		if (token == JSON_TORN || token == JSON_WRONG)
			return token;
	}
	return token == JSON_CLOSE ? ks_json_next(&p->scan) : token;
}

/* ----------------------------------------------------------------------- records ---- */

static bool
is_event(const struct parse *p, const char *event)
{
	const struct value *value = &p->values[MEMBER_EVENT];

	return value->is_there && strcmp(value->text, event) == 0;
}

static void
set_rest(struct parse *p, struct ledger_record *record)
{
	*record = (struct ledger_record){ .count = p->values[MEMBER_COUNT].number };
	if (!p->values[MEMBER_COUNT].is_there)
		blame(p, "'count' is missing");
}

/* When and how often a record's key was seen. */
static void
set_seen(struct parse *p, struct ledger_record *record)
{
	const struct value *v = p->values;

	record->first = record->last = record->time;
	record->count = 1;
	if (!v[MEMBER_EVENT].is_there || is_event(p, "finding"))
		return;
	if (!is_event(p, "repeat"))
		blame(p, "an unknown 'event'");
	if (!v[MEMBER_COUNT].is_there || !v[MEMBER_FIRST].is_there || !v[MEMBER_LAST].is_there)
		blame(p, "'count', 'first' or 'last' is missing");
	if (v[MEMBER_FIRST].time > v[MEMBER_LAST].time)
		blame(p, "'last' is before 'first'");
	record->first = v[MEMBER_FIRST].time;
	record->last = v[MEMBER_LAST].time;
	record->count = v[MEMBER_COUNT].number;
}

static uint64_t
number_of(const struct value *value)
{
	return value->is_there ? value->number : LEDGER_UNKNOWN;
}

static void
set_record(struct parse *p, struct ledger_record *record)
{
	const struct value *v = p->values;

	for (size_t i = 0; i < MEMBERS; i++) {
		if (members[i].missing && !v[i].is_there)
			blame(p, members[i].missing);
	}
	*record = (struct ledger_record){
		.source = v[MEMBER_SOURCE].text,
		.rule = v[MEMBER_RULE].text,
		.provider = v[MEMBER_PROVIDER].text,
		.title = v[MEMBER_TITLE].text,
		.fingerprint = v[MEMBER_FINGERPRINT].text,
		.revoke = v[MEMBER_REVOKE].text,
		.known_source = v[MEMBER_KNOWN_SOURCE].text,
		.known_number = number_of(&v[MEMBER_KNOWN_NUMBER]),
		.time = v[MEMBER_TIME].time,
		.offset = number_of(&v[MEMBER_OFFSET]),
		.line = number_of(&v[MEMBER_LINE]),
		.length = number_of(&v[MEMBER_LENGTH]),
	};
	set_seen(p, record);
}

enum ledger_line
ks_ledger_line_read(const char *line, size_t len, char *texts, struct ledger_record *ret_record,
                    const char **reterr)
{
	struct parse p = { .scan = { .text = (const uint8_t *)line, .len = len }, .texts = texts };
	struct ledger_record record;
	enum json_token token = read_members(&p);
	const struct value *version = &p.values[MEMBER_V];
	bool is_rest;

	*reterr = token == JSON_TORN ? "the line breaks off" : "the line is no JSON object";
	if (token != JSON_END)
		return LEDGER_LINE_WRONG;
	*reterr = "a version of the format that this keysieve does not know";
	if (version->is_there && version->number != LEDGER_VERSION)
		return LEDGER_LINE_FOREIGN;
	is_rest = is_event(&p, "suppressed");
	if (is_rest)
		set_rest(&p, &record);
	else
		set_record(&p, &record);
	*reterr = p.problem;
	if (p.problem)
		return LEDGER_LINE_WRONG;
	*ret_record = record;
	return is_rest ? LEDGER_LINE_REST : LEDGER_LINE_RIGHT;
}
