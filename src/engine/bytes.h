/* SPDX-License-Identifier: Apache-2.0 */
/* Looks at bytes that more than one floor takes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* How many lines end in these bytes? */
static inline uint64_t
ks_line_ends(const uint8_t *bytes, size_t len)
{
	const uint8_t *p = bytes, *end = bytes + len;
	uint64_t count = 0;

	for (; (p = memchr(p, '\n', (size_t)(end - p))); p++)
		count++;
	return count;
}

/* The value of a hexadecimal digit; -1: it is none. */
static inline int
ks_hex_value(uint8_t b)
{
	if (b >= '0' && b <= '9')
		return b - '0';
	b |= 0x20;
	return b >= 'a' && b <= 'f' ? b - 'a' + 10 : -1;
}

/* Do bytes begin with text, as far as both go? */
static inline bool
ks_bytes_begin(const uint8_t *bytes, size_t len, const char *text)
{
	size_t n = strlen(text);

	return memcmp(bytes, text, n < len ? n : len) == 0;
}
