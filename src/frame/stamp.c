/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 3339, as Go and conmon write it. Times pass, so nothing else may look like one. */
#include "stamp.h"

#include <stdbool.h>

#include "bytes16.h"

#define FRACTION_MAX 9U /* nanoseconds */

/* With '0' for any digit. */
static const char time_shape[] = "0000-00-00T00:00:00", zone_shape[] = "00:00";

#define TIME_LEN  (sizeof(time_shape) - 1)
#define ZONE_LEN  (sizeof(zone_shape) - 1)
#define USUAL_LEN (TIME_LEN + 1 + FRACTION_MAX + 1)

static bool
is_digit(uint8_t b)
{
	return b >= '0' && b <= '9';
}

/* Have 16 bytes this shape? */
static bool
has_shape(const uint8_t *text, const char *shape)
{
	bytes16 bytes = ks_bytes16(text), wanted = ks_bytes16(shape);
	bytes16 digits = (bytes16)(bytes - '0' <= 9) & (bytes16)(wanted == '0');

	return ks_bytes16_first(~(digits | (bytes16)(bytes == wanted))) == sizeof(bytes);
}

/* How much of text[0, len) has the shape, from its beginning on? */
static size_t
match(const uint8_t *text, size_t len, const char *shape)
{
	size_t n = 0;

	while (n < len && shape[n] &&
	       (shape[n] == '0' ? is_digit(text[n]) : text[n] == (uint8_t)shape[n]))
		n++;
	return n;
}

/* As nearly all are: nine digits, and no zone. */
static bool
is_usual(const uint8_t *text, size_t len)
{
	static const char shape[] = "0000-00-00T00:00:00.000000000Z";
	const size_t last = USUAL_LEN - sizeof(bytes16);

	return len >= USUAL_LEN && has_shape(text, shape) && has_shape(text + last, shape + last);
}

/* The zone, at text[at, len). */
static enum stamp
parse_zone(const uint8_t *text, size_t len, size_t at, size_t *ret_len)
{
	size_t n;

	if (at == len)
		return STAMP_OPEN;
	if (text[at] == 'Z') {
		*ret_len = at + 1;
		return STAMP_WHOLE;
	}
	if (text[at] != '+' && text[at] != '-')
		return STAMP_NONE;
	at++;
	n = match(text + at, len - at, zone_shape);
	if (n < ZONE_LEN)
		return n == len - at ? STAMP_OPEN : STAMP_NONE;
	*ret_len = at + n;
	return STAMP_WHOLE;
}

enum stamp
ks_stamp_parse(const uint8_t *text, size_t len, size_t *ret_len)
{
	size_t at, from;

	if (is_usual(text, len)) {
		*ret_len = USUAL_LEN;
		return STAMP_WHOLE;
	}
	at = match(text, len, time_shape);
	if (at < TIME_LEN)
		return at == len ? STAMP_OPEN : STAMP_NONE;
	if (at < len && text[at] == '.') {
		from = ++at;
		while (at < len && at - from < FRACTION_MAX && is_digit(text[at]))
			at++;
		if (at == from && at < len)
			return STAMP_NONE;
	}
	return parse_zone(text, len, at, ret_len);
}
