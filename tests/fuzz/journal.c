/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: any bytes as the export text of a journal entry, into the other formats. JSON is read back: it is one
 * line, one object, and has every field with all its values. The short format has no byte that could steer a
 * terminal.
 */
#include "journal_entry.h"
#include "journal_format.h"
#include "json_scan.h"
#include "printable.h"
#include "target.h"

#define FIELDS_MAX 512U

struct field {
	struct journal_field field;
	bool is_found;
};

struct fields {
	struct field items[FIELDS_MAX];
	size_t count;
	bool are_named; /* all have names of the journal's, or of text at least */
};

static void
gather(const uint8_t *data, size_t len, struct fields *fields)
{
	struct journal_field field;
	size_t at = 0, before = 0;

	fields->count = 0;
	fields->are_named = true;
	while (ks_journal_field_next(data, len, &at, &field)) {
		require(at > before && at <= len, "a field that does not move on");
		require(field.value >= field.name + field.name_len &&
		                field.value + field.value_len <= data + at,
		        "a value that lies elsewhere");
		fields->are_named &= ks_text_is_printable(field.name, field.name_len, false);
		require(fields->count < FIELDS_MAX, "more fields than there can be");
		fields->items[fields->count++] = (struct field){ field, false };
		before = at;
	}
}

/* What the string that was scanned last says, in text. */
static size_t
read_string(const struct json_scan *scan, uint8_t *text)
{
	size_t at = scan->from, n = 0, more;

	while (at < scan->to) {
		if (scan->text[at] != '\\') {
			text[n++] = scan->text[at++];
			continue;
		}
		more = 0;
		at += ks_json_unescape(scan->text + at, scan->to - at, text + n, &more);
		n += more;
		require(more > 0, "an escape that is none");
	}
	return n;
}

/* What an array of numbers says, from behind its bracket. */
static size_t
read_numbers(struct json_scan *scan, uint8_t *bytes)
{
	size_t n = 0;

	while (ks_json_next(scan) == JSON_PLAIN) {
		unsigned number = 0;

		for (size_t i = scan->from; i < scan->to; i++) {
			require(scan->text[i] >= '0' && scan->text[i] <= '9', "no number");
			number = number * 10 + scan->text[i] - '0';
		}
		require(number < 256, "a number that is no byte");
		bytes[n++] = (uint8_t)number;
	}
	return n;
}

static void
find_field(struct fields *fields, const uint8_t *name, size_t name_len, const uint8_t *value,
           size_t value_len)
{
	for (size_t i = 0; i < fields->count; i++) {
		struct field *field = &fields->items[i];

		if (field->is_found || field->field.name_len != name_len ||
		    memcmp(field->field.name, name, name_len) != 0)
			continue;
		require(field->field.value_len == value_len &&
		                memcmp(field->field.value, value, value_len) == 0,
		        "another value, or values in another order");
		field->is_found = true;
		return;
	}
	require(false, "a field that is not there");
}

/*
 * A value is a string or numbers, and of several values there is an array. Only an array whose first item is a number is
 * one value.
 */
static void
read_value(struct json_scan *scan, struct fields *fields, const uint8_t *name, size_t name_len,
           uint8_t *value)
{
	enum json_token token = ks_json_next(scan);
	struct json_scan ahead = *scan;

	if (token == JSON_STRING) {
		find_field(fields, name, name_len, value, read_string(scan, value));
		return;
	}
	require(token == JSON_OPEN, "no value");
	if (ks_json_next(&ahead) == JSON_PLAIN) {
		find_field(fields, name, name_len, value, read_numbers(scan, value));
		return;
	}
	for (token = ks_json_next(scan); token != JSON_CLOSE; token = ks_json_next(scan)) {
		size_t n;

		require(token == JSON_STRING || token == JSON_OPEN, "no value in an array");
		n = token == JSON_STRING ? read_string(scan, value) : read_numbers(scan, value);
		find_field(fields, name, name_len, value, n);
	}
}

static void
check_json(const struct buffer *json, struct fields *fields)
{
	static uint8_t name[65536], value[65536];
	struct json_scan scan = { .text = json->bytes, .len = json->len };
	enum json_token token;

	require(json->len > 0 &&
	                memchr(json->bytes, '\n', json->len) == json->bytes + json->len - 1,
	        "JSON that is no line");
	if (!fields->are_named)
		return;
	require(ks_text_is_printable(json->bytes, json->len, true), "JSON that is no text");
	require(ks_json_next(&scan) == JSON_OPEN, "no object");
	while ((token = ks_json_next(&scan)) == JSON_KEY) {
		size_t len = read_string(&scan, name);

		read_value(&scan, fields, name, len, value);
	}
	require(token == JSON_CLOSE && ks_json_next(&scan) == JSON_END, "no JSON");
	for (size_t i = 0; i < fields->count; i++)
		require(fields->items[i].is_found, "a field is missing");
}

static void
check_short(const struct buffer *text)
{
	require(text->len == 0 || text->bytes[text->len - 1] == '\n', "the line has no end");
	require(ks_text_is_printable(text->bytes, text->len, true), "a line that is no text");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct fields fields;
	struct buffer json = { 0 }, text = { 0 };

	if (len > 1024)
		return 0;
	gather(data, len, &fields);
	ks_journal_format_entry(JOURNAL_JSON, data, len, &json);
	require(!json.is_short, "no memory");
	check_json(&json, &fields);
	ks_journal_format_entry(JOURNAL_SHORT, data, len, &text);
	require(!text.is_short, "no memory");
	check_short(&text);
	ks_buffer_done(&json);
	ks_buffer_done(&text);
	return 0;
}
