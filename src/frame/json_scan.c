/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A JSON text of one line, token by token, without memory of its own. Invariant: text[0, at) is a beginning
 * of a JSON text, as far as it is checked at all.
 */
#include "json_scan.h"

#include <string.h>

#include "bytes.h"
#include "bytes16.h"

#define DEPTH_MAX   64U
#define REPLACEMENT 0xfffdU

/* The code unit of an escape \uXXXX at text; -1: there is none. */
static int
code_unit(const uint8_t *text, size_t len)
{
	int unit = 0;

	if (len < 6 || text[0] != '\\' || text[1] != 'u')
		return -1;
	for (unsigned i = 2; i < 6; i++) {
		int digit = ks_hex_value(text[i]);

		if (digit < 0)
			return -1;
		unit = unit * 16 + digit;
	}
	return unit;
}

static size_t
encode(unsigned c, uint8_t out[JSON_CHARACTER_MAX])
{
	if (c < 0x80) {
		out[0] = (uint8_t)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (uint8_t)(0xc0 | c >> 6);
		out[1] = (uint8_t)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (uint8_t)(0xe0 | c >> 12);
		out[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
		out[2] = (uint8_t)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (uint8_t)(0xf0 | c >> 18);
	out[1] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
	out[2] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
	out[3] = (uint8_t)(0x80 | (c & 0x3f));
	return 4;
}

static bool
is_surrogate(int unit)
{
	return unit >= 0xd800 && unit < 0xe000;
}

static size_t
unescape_unit(const uint8_t *text, size_t len, uint8_t *ret_text, size_t *ret_len)
{
	int unit = code_unit(text, len), low;

	if (unit < 0)
		return 0;
	low = code_unit(text + 6, len - 6);
	if (unit >= 0xd800 && unit < 0xdc00 && low >= 0xdc00 && low < 0xe000) {
		*ret_len = encode(0x10000U + ((unsigned)unit - 0xd800U) * 0x400U +
		                          ((unsigned)low - 0xdc00U),
		                  ret_text);
		return 12;
	}
	*ret_len = encode(is_surrogate(unit) ? REPLACEMENT : (unsigned)unit, ret_text);
	return 6;
}

size_t
ks_json_unescape(const uint8_t *text, size_t len, uint8_t ret_text[JSON_CHARACTER_MAX],
                 size_t *ret_len)
{
	static const uint8_t characters[UINT8_MAX + 1] = {
		['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
		['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t'
	};

	if (len < 2)
		return 0;
	if (text[1] == 'u')
		return unescape_unit(text, len, ret_text, ret_len);
	ret_text[0] = characters[text[1]];
	*ret_len = 1;
	return ret_text[0] ? 2 : 0;
}

/* Copy bytes up to the first quote or backslash. Returns how many. */
static size_t
copy_plain(const uint8_t *text, size_t len, uint8_t *out)
{
	size_t at = 0;

	for (size_t n; len - at >= sizeof(bytes16); at += n) {
		bytes16 next = ks_bytes16(text + at);

		memcpy(out + at, &next, sizeof(next));
		n = ks_bytes16_first((bytes16)(next == '"') | (bytes16)(next == '\\'));
		if (n < sizeof(next))
			return at + n;
	}
	for (; at < len && text[at] != '"' && text[at] != '\\'; at++)
		out[at] = text[at];
	return at;
}

size_t
ks_json_decode(const uint8_t *text, size_t len, uint8_t *out)
{
	uint8_t character[JSON_CHARACTER_MAX];
	size_t at = 0, to = 0;

	for (;;) {
		size_t n = copy_plain(text + at, len - at, out + to), decoded;

		at += n;
		to += n;
		if (at == len)
			return to;
		n = text[at] == '\\' ? ks_json_unescape(text + at, len - at, character, &decoded)
		                     : 0;
		if (n == 0)
			return SIZE_MAX;
		memcpy(out + to, character, decoded);
		at += n;
		to += decoded;
	}
}

static void
skip_blanks(struct json_scan *scan)
{
	for (; scan->at < scan->len; scan->at++) {
		uint8_t b = scan->text[scan->at];

		if (b != ' ' && b != '\t' && b != '\r' && b != '\n')
			return;
	}
}

static enum json_token
end_token(struct json_scan *scan, enum json_token token)
{
	scan->from = scan->to = scan->at;
	return token;
}

/* Can text[0, len), which is no escape, become one? */
static bool
is_begun_escape(const uint8_t *text, size_t len)
{
	if (len < 2)
		return true;
	if (text[1] != 'u' || len >= 6)
		return false;
	for (size_t i = 2; i < len; i++) {
		if (ks_hex_value(text[i]) < 0)
			return false;
	}
	return true;
}

/*
 * The end of the string that text[at, len) is the beginning of: its closing quote, or len. SIZE_MAX: an
 * escape in it is wrong.
 */
static size_t
find_string_end(const uint8_t *text, size_t at, size_t len)
{
	uint8_t character[JSON_CHARACTER_MAX];
	const uint8_t *quote = NULL, *escape;

	for (size_t n; at < len; at += n) {
		if (!quote || quote < text + at)
			quote = memchr(text + at, '"', len - at);
		if (!quote)
			quote = text + len;
		escape = memchr(text + at, '\\', (size_t)(quote - text) - at);
		if (!escape)
			return (size_t)(quote - text);
		at = (size_t)(escape - text);
		n = ks_json_unescape(escape, len - at, character, &(size_t){ 0 });
		if (n == 0)
			return is_begun_escape(escape, len - at) ? len : SIZE_MAX;
	}
	return len;
}

/* What follows is an opening quote. JSON_STRING, or how it fails. */
static enum json_token
read_string(struct json_scan *scan)
{
	size_t end;

	scan->from = scan->at + 1;
	end = find_string_end(scan->text, scan->from, scan->len);
	if (end == SIZE_MAX)
		return JSON_WRONG;
	scan->to = scan->at = end;
	if (end == scan->len)
		return JSON_TORN;
	scan->at++;
	return JSON_STRING;
}

static enum json_token
read_name(struct json_scan *scan)
{
	enum json_token token;

	if (scan->text[scan->at] != '"')
		return end_token(scan, JSON_WRONG);
	token = read_string(scan);
	if (token != JSON_STRING)
		return end_token(scan, token);
	skip_blanks(scan);
	if (scan->at == scan->len)
		return end_token(scan, JSON_TORN);
	if (scan->text[scan->at++] != ':')
		return end_token(scan, JSON_WRONG);
	scan->expectation = JSON_VALUE;
	return JSON_KEY;
}

static enum json_token
open_level(struct json_scan *scan, bool is_object)
{
	if (scan->depth == DEPTH_MAX)
		return end_token(scan, JSON_WRONG);
	scan->at++;
	scan->depth++;
	scan->objects = scan->objects << 1 | (is_object ? 1U : 0U);
	scan->expectation = is_object ? JSON_NAME_OR_CLOSE : JSON_VALUE_OR_CLOSE;
	return end_token(scan, JSON_OPEN);
}

static enum json_token
close_level(struct json_scan *scan)
{
	scan->at++;
	scan->depth--;
	scan->objects >>= 1;
	scan->expectation = JSON_COMMA;
	return end_token(scan, JSON_CLOSE);
}

/* A number or a word; 0: neither. */
static size_t
plain_length(const uint8_t *text, size_t len)
{
	size_t n = 0;

	while (n < len && text[n] && strchr("+-.0123456789Eaeflnrstu", text[n]))
		n++;
	return n;
}

static enum json_token
read_value(struct json_scan *scan)
{
	uint8_t b = scan->text[scan->at];
	size_t n;

	if (b == '{' || b == '[')
		return open_level(scan, b == '{');
	scan->expectation = JSON_COMMA;
	if (b == '"')
		return read_string(scan);
	n = plain_length(scan->text + scan->at, scan->len - scan->at);
	if (n == 0)
		return end_token(scan, JSON_WRONG);
	scan->from = scan->at;
	scan->to = scan->at += n;
	return JSON_PLAIN;
}

static bool
may_close(const struct json_scan *scan)
{
	uint8_t b = scan->text[scan->at];

	if (scan->expectation == JSON_VALUE || scan->expectation == JSON_NAME)
		return false;
	return scan->depth > 0 && b == (scan->objects & 1 ? '}' : ']');
}

enum json_token
ks_json_next(struct json_scan *scan)
{
	bool is_over = scan->expectation == JSON_COMMA && scan->depth == 0;

	skip_blanks(scan);
	if (scan->at == scan->len)
		return end_token(scan, is_over ? JSON_END : JSON_TORN);
	if (is_over)
		return end_token(scan, JSON_WRONG);
	if (may_close(scan))
		return close_level(scan);
	if (scan->expectation == JSON_COMMA) {
		if (scan->text[scan->at++] != ',')
			return end_token(scan, JSON_WRONG);
		scan->expectation = scan->objects & 1 ? JSON_NAME : JSON_VALUE;
		return ks_json_next(scan);
	}
	if (scan->expectation == JSON_NAME || scan->expectation == JSON_NAME_OR_CLOSE)
		return read_name(scan);
	return read_value(scan);
}
