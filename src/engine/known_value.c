/* SPDX-License-Identifier: Apache-2.0 */
/* See known_value.h; docs/definition.md, "Known values", says the same. */
#include "known_value.h"

#include <string.h>

#define DIFFERENT_MIN 4U  /* bytes of a secret */
#define DIGITS_MIN    10U /* if it has nothing else */
#define LINE_MIN      16U /* for a line to be known by itself */
#define OVERLAP       3U  /* of pieces: no character of base64 or UTF-8 lies across both ends */

/* ---------------------------------------------------------------------- common ---- */

/* Without what stands before the first letter and behind the last one. */
static const char *const words[] = {
	"abcdefgh",    "admin",         "administrator", "anonymous",     "application",
	"changeit",    "changeme",      "changethis",    "cluster.local", "credential",
	"credentials", "database",      "default",       "demo",          "development",
	"disabled",    "dummy",         "elastic",       "enabled",       "example",
	"example.com", "external",      "guest",         "hunter",        "iloveyou",
	"insecure",    "internal",      "invalid",       "kubernetes",    "letmein",
	"localhost",   "mariadb",       "master",        "minioadmin",    "mongodb",
	"monkey",      "mysecret",      "nopassword",    "notasecret",    "pass",
	"passphrase",  "passw0rd",      "password",      "placeholder",   "please-change-me",
	"postgres",    "postgresql",    "private",       "production",    "public",
	"p@ssw0rd",    "p@ssword",      "qwertyui",      "rabbitmq",      "readonly",
	"redacted",    "replaceme",     "replace-me",    "root",          "sample",
	"secret",      "secretkey",     "secret-key",    "service",       "serviceaccount",
	"staging",     "sunshine",      "superadmin",    "supersecret",   "system",
	"temporary",   "test",          "testing",       "testpassword",  "token",
	"topsecret",   "trustno",       "undefined",     "unknown",       "user",
	"username",    "welcome",       "change-me",     "change_me",     "test-password",
	"my-secret",   "your-password", "yourpassword",  "your-secret",   "your_secret",
};

static bool
is_letter(uint8_t b)
{
	return (b | 0x20) >= 'a' && (b | 0x20) <= 'z';
}

static bool
is_digit(uint8_t b)
{
	return b >= '0' && b <= '9';
}

static bool
is_word(const uint8_t *value, size_t len, const char *word)
{
	if (strlen(word) != len)
		return false;
	for (size_t i = 0; i < len; i++) {
		uint8_t b = is_letter(value[i]) ? value[i] | 0x20 : value[i];

		if (b != (uint8_t)word[i])
			return false;
	}
	return true;
}

static bool
is_common_word(const uint8_t *value, size_t len)
{
	while (len > 0 && !is_letter(value[0])) {
		value++;
		len--;
	}
	while (len > 0 && !is_letter(value[len - 1]))
		len--;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (is_word(value, len, words[i]))
			return true;
	}
	return false;
}

static unsigned
count_different(const uint8_t *value, size_t len)
{
	bool seen[256] = { false };
	unsigned count = 0;

	for (size_t i = 0; i < len; i++) {
		count += !seen[value[i]];
		seen[value[i]] = true;
	}
	return count;
}

/* Is each byte, with one exception in four, the last one's neighbour or the same? */
static bool
is_sequence(const uint8_t *value, size_t len)
{
	size_t jumps = 0;

	for (size_t i = 1; i < len; i++) {
		int step = value[i] - value[i - 1];

		jumps += step < -1 || step > 1;
	}
	return jumps * 4 <= len - 1;
}

bool
ks_known_is_common(const uint8_t *value, size_t len)
{
	size_t digits = 0;

	for (size_t i = 0; i < len; i++)
		digits += is_digit(value[i]);
	return (digits == len && len < DIGITS_MIN) || count_different(value, len) < DIFFERENT_MIN ||
	       is_sequence(value, len) || is_common_word(value, len);
}

/* ----------------------------------------------------------------------- texts ---- */

/* A place at or before at at which no character of UTF-8 is cut, if there is one close by. */
static size_t
character_border(const uint8_t *value, size_t at)
{
	for (size_t back = 0; back <= OVERLAP && back <= at; back++) {
		if ((value[at - back] & 0xc0) != 0x80)
			return at - back;
	}
	return at;
}

/* What is too long for one text is known by pieces that overlap; the last is about as long as the others. */
static int
split_pieces(const uint8_t *value, size_t len, known_text_fn fn, void *ctx)
{
	size_t from = 0;
	int r = 0;

	while (r == 0 && len - from > KNOWN_TEXT_MAX) {
		size_t to = character_border(value, from + KNOWN_TEXT_MAX), last;

		r = fn(ctx, value + from, to - from);
		from = character_border(value, to - OVERLAP);
		last = character_border(value, len - KNOWN_TEXT_MAX + OVERLAP);
		from = last < from ? last : from;
	}
	return r == 0 ? fn(ctx, value + from, len - from) : r;
}

static bool
is_line_of_its_own(const uint8_t *line, size_t len)
{
	if (len < LINE_MIN || ks_known_is_common(line, len))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (line[i] <= ' ' || line[i] == '"' || line[i] == '\'')
			return false;
	}
	return true;
}

int
ks_known_split(const uint8_t *value, size_t len, known_text_fn fn, void *ctx)
{
	const uint8_t *end = value + len, *line = value, *next;
	int r = split_pieces(value, len, fn, ctx);

	if (!memchr(value, '\n', len))
		return r;
	for (; r == 0 && line < end; line = next) {
		const uint8_t *stop = memchr(line, '\n', (size_t)(end - line));
		size_t n = (size_t)((stop ? stop : end) - line);

		next = stop ? stop + 1 : end;
		n -= n > 0 && line[n - 1] == '\r';
		if (is_line_of_its_own(line, n))
			r = split_pieces(line, n, fn, ctx);
	}
	return r;
}
