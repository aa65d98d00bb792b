/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tokens of one JSON text, where they lie. Grammar and escapes are checked, numbers and words are not, and
 * control bytes may stand in strings: what a log says is looked at, not judged.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum json_token {
	JSON_KEY,    /* a string before a colon */
	JSON_STRING, /* any other */
	JSON_OPEN,   /* an object or an array begins */
	JSON_CLOSE,
	JSON_PLAIN, /* a number or a word */
	JSON_END,   /* the text is whole, with nothing but blanks behind it */
	JSON_TORN,  /* it breaks off */
	JSON_WRONG  /* it is no JSON, or more than 64 levels deep */
};

enum json_expectation {
	JSON_VALUE,
	JSON_VALUE_OR_CLOSE,
	JSON_NAME,
	JSON_NAME_OR_CLOSE,
	JSON_COMMA
};

/* Begins as { .text = text, .len = len }. */
struct json_scan {
	const uint8_t *text; /* borrowed */
	size_t len, at;
	/* the last token; of a string, what is between the quotes; of JSON_TORN, the part of a string that
	   breaks off, if that is a value */
	size_t from, to;
	uint64_t objects; /* levels that are open, innermost lowest: 1 is an object, 0 an array */
	unsigned depth;
	enum json_expectation expectation;
};

/* The next token. After one of the last three, there are no more. */
enum json_token ks_json_next(struct json_scan *scan);

#define JSON_CHARACTER_MAX 4U

/* How many bytes of a string are before its first escape? */
static inline size_t
ks_json_plain_length(const uint8_t *text, size_t len)
{
	const uint8_t *escape = memchr(text, '\\', len);

	return escape ? (size_t)(escape - text) : len;
}

/*
 * The escape that text begins with, which is a backslash: its length, at most 12, and what it stands for in
 * UTF-8. Two escapes that make a pair are taken as one; half a pair stands for U+FFFD. 0: it is wrong, or
 * breaks off.
 */
size_t ks_json_unescape(const uint8_t *text, size_t len, uint8_t ret_text[JSON_CHARACTER_MAX],
                        size_t *ret_len);

/*
 * Decode what stands between the quotes of a string, to at most as many bytes. Returns how many; SIZE_MAX: it is no such
 * text, for it has a quote that is not escaped, or a wrong escape, or ends within one.
 */
size_t ks_json_decode(const uint8_t *text, size_t len, uint8_t *out);
