/* SPDX-License-Identifier: Apache-2.0 */
/* What spellings are put together from. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline bool
is_one_of(uint8_t b, const char *set)
{
	return b != 0 && strchr(set, b) != NULL;
}

static inline size_t
put_text(uint8_t *to, const char *text)
{
	size_t n = 0;

	for (; text[n]; n++)
		to[n] = (uint8_t)text[n];
	return n;
}

static inline const char *
hex_digits(bool is_upper)
{
	return is_upper ? "0123456789ABCDEF" : "0123456789abcdef";
}

static inline size_t
put_hex(uint8_t *to, unsigned value, unsigned digits, bool is_upper)
{
	for (unsigned i = 0; i < digits; i++)
		to[i] = (uint8_t)hex_digits(is_upper)[value >> (4 * (digits - 1 - i)) & 15];
	return digits;
}
