/* SPDX-License-Identifier: Apache-2.0 */
/* See printable.h. */
#include "printable.h"

/* What bytes a character begins with, how many it has, and the least number it must stand for. */
static const struct {
	uint8_t mask, lead;
	uint8_t len;
	uint32_t least;
} kinds[] = {
	{ 0x80, 0x00, 1, 0 },
	{ 0xe0, 0xc0, 2, 0x80 },
	{ 0xf0, 0xe0, 3, 0x800 },
	{ 0xf8, 0xf0, 4, 0x10000 },
};

/* Read the character that text[0, len) begins with. Returns its length; 0: there is none. */
static size_t
read_character(const uint8_t *text, size_t len, uint32_t *ret_character)
{
	size_t kind = 0;
	uint32_t c;

	while (kind < 4 && (text[0] & kinds[kind].mask) != kinds[kind].lead)
		kind++;
	if (kind == 4 || kinds[kind].len > len)
		return 0;
	c = text[0] & (uint8_t)~kinds[kind].mask;
	for (size_t i = 1; i < kinds[kind].len; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (text[i] & 0x3f);
	}
	*ret_character = c;
	return c >= kinds[kind].least ? kinds[kind].len : 0;
}

static bool
is_noncharacter(uint32_t c)
{
	return c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff) || (c >= 0xfdd0 && c <= 0xfdef) ||
	       (c & 0xfffe) == 0xfffe;
}

static bool
is_control(uint32_t c)
{
	return (c < ' ' && c != '\t' && c != '\n') || (c >= 0x7f && c <= 0x9f);
}

bool
ks_text_is_printable(const uint8_t *text, size_t len, bool allow_newline)
{
	for (size_t i = 0; i < len;) {
		uint32_t c;
		size_t n = read_character(text + i, len - i, &c);

		if (n == 0 || is_noncharacter(c) || is_control(c) || (c == '\n' && !allow_newline))
			return false;
		i += n;
	}
	return true;
}
