/* SPDX-License-Identifier: Apache-2.0 */
/* See known_value.h; docs/definition.md, "Known values", says the same. */
#include "known_value.h"

#include <string.h>

#define WORD_MAX      20U /* letters of a common word */
#define DIFFERENT_MIN 4U  /* bytes of a secret */
#define DIGITS_MIN    10U /* if it has nothing else */
#define LINE_MIN      16U /* for a line to be known by itself */
#define OVERLAP       3U  /* of pieces: no character of base64 or UTF-8 lies across both ends */

/* ---------------------------------------------------------------------- common ---- */

/* Without what stands before the first letter and behind the last one. */
/* clang-format off */
static const char words[][WORD_MAX + 1] = {
	"abcdefgh", "admin", "administrator", "anonymous", "application", "changeit", "changeme",
	"changethis", "cluster.local", "credential", "credentials", "database", "default", "demo",
	"development", "disabled", "dummy", "elastic", "enabled", "example", "example.com",
	"external", "guest", "hunter", "iloveyou", "insecure", "internal", "invalid",
	"kubernetes", "letmein", "localhost", "mariadb", "master", "minioadmin", "mongodb",
	"monkey", "mysecret", "nopassword", "notasecret", "pass", "passphrase", "passw0rd",
	"password", "placeholder", "please-change-me", "postgres", "postgresql", "private",
	"production", "public", "p@ssw0rd", "p@ssword", "qwertyui", "rabbitmq", "readonly",
	"redacted", "replaceme", "replace-me", "root", "sample", "secret", "secretkey",
	"secret-key", "service", "serviceaccount", "staging", "sunshine", "superadmin",
	"supersecret", "system", "temporary", "test", "testing", "testpassword", "token",
	"topsecret", "trustno", "undefined", "unknown", "user", "username", "welcome",
	"change-me", "change_me", "test-password", "my-secret", "your-password", "yourpassword",
	"your-secret", "your_secret", "adminadmin", "asdfghjkl", "baseball", "computer",
	"connection", "deadbeef", "dragon", "exception", "football", "princess", "q1w2e3r",
	"q2w3e4r", "q2w3e4r5t", "qaz2wsx", "qwerty", "qwertyuiop", "rootpassword", "starwars",
	"superman", "zaq12wsx", "zxcvbnm", "toor", "redis", "mysql", "elasticsearch",
	"authorization", "content-type", "application/json", "text/plain", "text/html",
	"en_us.utf", "us-east", "us-west", "eu-central", "eu-west", "usr/bin", "usr/local/bin",
	"bin/bash", "var/log", "var/lib", "dev/null", "home/app",
};
/* clang-format on */

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
	for (size_t i = 0; i < len; i++) {
		uint8_t b = is_letter(value[i]) ? value[i] | 0x20 : value[i];

		if (!word[i] || b != (uint8_t)word[i])
			return false;
	}
	return !word[len];
}

/* The length of a scheme as "http://" with which value begins, or 0. */
static size_t
scheme_length(const uint8_t *value, size_t len)
{
	size_t n = 0;

	while (n < len && is_letter(value[n]))
		n++;
	return n > 0 && len - n >= 3 && memcmp(value + n, "://", 3) == 0 ? n + 3 : 0;
}

/* An IPv4 address, with a port or a length behind it; nothing else is looked at there. */
static bool
is_address(const uint8_t *value, size_t len)
{
	size_t dots = 0, at = 0;

	for (; at < len && (is_digit(value[at]) || (value[at] == '.' && dots < 3)); at++)
		dots += value[at] == '.';
	for (; dots == 3 && at < len; at++) {
		if (!is_digit(value[at]) && value[at] != ':' && value[at] != '/')
			return false;
	}
	return dots == 3 && len <= strlen("255.255.255.255:65535/");
}

/* A date as 2026-11-22, with a time behind it. */
static bool
is_date(const uint8_t *value, size_t len)
{
	if (len < strlen("2026-11-22") || len > strlen("2026-11-22T10:00:00.000000000+01:00") ||
	    memcmp(value, value[0] == '1' ? "19" : "20", 2) != 0)
		return false;
	for (size_t i = 2; i < len; i++) {
		bool is_dash = i == 4 || i == 7;

		if (is_dash ? value[i] != '-'
		            : !is_digit(value[i]) &&
		                      (i < 10 || value[i] == 0 || !strchr(" T:.+-Z", value[i])))
			return false;
	}
	return true;
}

/* The name of a service within a cluster of Kubernetes. */
static bool
is_service(const uint8_t *value, size_t len)
{
	static const char suffix[] = ".svc.cluster.local";
	size_t n = strlen(suffix);

	if (len <= n || memcmp(value + len - n, suffix, n) != 0)
		return false;
	for (size_t i = 0; i < len - n; i++) {
		if (!is_letter(value[i]) && !is_digit(value[i]) && value[i] != '-' &&
		    value[i] != '.')
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
	for (size_t i = 0; len <= WORD_MAX && i < sizeof(words) / sizeof(words[0]); i++) {
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
	size_t digits = 0, scheme = scheme_length(value, len);

	for (size_t i = 0; i < len; i++)
		digits += is_digit(value[i]);
	return (digits == len && len < DIGITS_MIN) || count_different(value, len) < DIFFERENT_MIN ||
	       is_sequence(value, len) || is_common_word(value + scheme, len - scheme) ||
	       is_address(value + scheme, len - scheme) || is_date(value, len) ||
	       is_service(value, len);
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

		r = fn(ctx, value + from, to - from, 0);
		from = character_border(value, to - OVERLAP);
		last = character_border(value, len - KNOWN_TEXT_MAX + OVERLAP);
		from = last < from ? last : from;
	}
	return r == 0 ? fn(ctx, value + from, len - from, 0) : r;
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

static int
split_lines(const uint8_t *value, size_t len, known_text_fn fn, void *ctx)
{
	const uint8_t *end = value + len, *line = value, *next;
	int r = 0;

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

/*
 * What stands on the lines of a value that was encoded and wrapped. A last line that would be too short to be known by
 * itself is known with the one before.
 */
static int
split_wrapped(const uint8_t *value, size_t len, unsigned columns, known_text_fn fn, void *ctx)
{
	size_t line = (size_t)columns / 4 * 3, n;
	int r = 0;

	if (len <= line)
		return 0;
	for (; r == 0 && len > 0; value += n, len -= n) {
		n = len < line ? len : line;
		if (!ks_known_is_common(value, n) && n >= LINE_MIN)
			r = fn(ctx, value, n, columns);
		if (r == 0 && len > line && len - line < LINE_MIN)
			r = fn(ctx, value, len, columns);
	}
	return r;
}

int
ks_known_split(const uint8_t *value, size_t len, known_text_fn fn, void *ctx)
{
	static const unsigned columns[] = { 76, 64, 60 };
	int r = split_pieces(value, len, fn, ctx);

	if (r == 0 && memchr(value, '\n', len))
		r = split_lines(value, len, fn, ctx);
	for (size_t i = 0; r == 0 && i < sizeof(columns) / sizeof(columns[0]); i++)
		r = split_wrapped(value, len, columns[i], fn, ctx);
	return r;
}
