/* SPDX-License-Identifier: Apache-2.0 */
/* By RFC 3629: the shortest form only, no surrogates. */
#include "utf8.h"

#include <stdint.h>

/* How many bytes follow in a character that begins with b, and the least number they must give. */
static size_t
tail_length(uint8_t b, uint32_t *ret_bits, uint32_t *ret_least)
{
	static const struct {
		uint8_t mask, lead;
		uint32_t least;
	} kinds[] = { { 0xe0, 0xc0, 0x80 }, { 0xf0, 0xe0, 0x800 }, { 0xf8, 0xf0, 0x10000 } };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if ((b & kinds[i].mask) == kinds[i].lead) {
			*ret_bits = b & (uint8_t)~kinds[i].mask;
			*ret_least = kinds[i].least;
			return i + 1;
		}
	}
	return 0;
}

size_t
ks_utf8_length(const char *p)
{
	uint32_t bits, least;
	size_t tail;

	if (!(p[0] & (char)0x80))
		return 1;
	tail = tail_length((uint8_t)p[0], &bits, &least);
	for (size_t i = 1; i <= tail; i++) {
		uint8_t b = (uint8_t)p[i];
		if ((b & 0xc0) != 0x80)
			return 0;
		bits = bits << 6 | (b & 0x3f);
	}
	if (tail == 0 || bits < least || bits > 0x10ffff || (bits >= 0xd800 && bits <= 0xdfff))
		return 0;
	return tail + 1;
}
