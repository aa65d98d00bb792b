/* SPDX-License-Identifier: Apache-2.0 */
/* See known_shell.h. */
#include "known_shell.h"

#include "known_put.h"

static size_t
put_escaped(uint8_t *to, uint8_t b)
{
	to[0] = '\\';
	to[1] = b;
	return 2;
}

/* In $'..'. */
static size_t
put_dollar(uint8_t *to, uint8_t b, bool is_octal)
{
	static const char controls[] = "\a\b\t\n\v\f\r\033", letters[] = "abtnvfrE";

	if (b == '\'' || b == '\\')
		return put_escaped(to, b);
	if (is_one_of(b, controls))
		return put_escaped(to, (uint8_t)letters[strchr(controls, b) - controls]);
	to[0] = b;
	if (b >= 0x20 && b != 0x7f && (b < 0x80 || !is_octal))
		return 1;
	to[0] = '\\';
	to[1] = (uint8_t)('0' + (b >> 6));
	to[2] = (uint8_t)('0' + (b >> 3 & 7));
	to[3] = (uint8_t)('0' + (b & 7));
	return 4;
}

/* As Python's repr of a byte, or of ASCII: in '..', or in ".." which leaves a ' as it is. */
static size_t
put_python(uint8_t *to, uint8_t b, bool is_double)
{
	static const char controls[] = "\t\n\r", letters[] = "tnr";

	if ((b == '\'' && !is_double) || b == '\\')
		return put_escaped(to, b);
	if (is_one_of(b, controls))
		return put_escaped(to, (uint8_t)letters[strchr(controls, b) - controls]);
	to[0] = b;
	if (b >= 0x20 && b < 0x7f)
		return 1;
	to[0] = '\\';
	to[1] = 'x';
	return 2 + put_hex(to + 2, b, 2, false);
}

/* To Python; without what is in hardly any text, and what has no meaning yet. */
static bool
is_unprintable(uint32_t value)
{
	static const uint32_t ranges[][2] = {
		{ 0x80, 0xa0 },       { 0xad, 0xad },        { 0x2000, 0x200f }, { 0x2028, 0x202f },
		{ 0x205f, 0x206f },   { 0x3000, 0x3000 },    { 0xe000, 0xf8ff }, { 0xfeff, 0xfeff },
		{ 0xe0000, 0xe00ff }, { 0xf0000, 0x10ffff },
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		if (value >= ranges[i][0] && value <= ranges[i][1])
			return true;
	}
	return false;
}

bool
ks_known_shell_escapes(uint32_t value, enum shell_style style)
{
	return style == SHELL_ASCII || style == SHELL_ASCII_DOUBLE || is_unprintable(value);
}

size_t
ks_known_shell_put_wide(uint8_t *to, uint32_t value)
{
	unsigned digits = value > 0xffff ? 8 : value > 0xff ? 4 : 2;

	to[0] = '\\';
	to[1] = digits == 8 ? 'U' : digits == 4 ? 'u' : 'x';
	return 2 + put_hex(to + 2, value, digits, false);
}

bool
ks_known_shell_is_special(uint8_t b)
{
	return is_one_of(b, " \t\n'\"\\|&;()<>!{}*[]?^$`,");
}

bool
ks_known_shell_is_special_there(const uint8_t *bytes, size_t at)
{
	return at == 0 ? is_one_of(bytes[0], "~#")
	               : bytes[at] == '~' && is_one_of(bytes[at - 1], ":=");
}

static size_t
put_backslashed(uint8_t *to, const uint8_t *bytes, size_t at, bool is_within)
{
	if (ks_known_shell_is_special(bytes[at]) ||
	    (!(is_within && at == 0) && ks_known_shell_is_special_there(bytes, at)))
		return put_escaped(to, bytes[at]);
	to[0] = bytes[at];
	return 1;
}

/* Apostrophes that stand together share their double quotes. */
static size_t
put_together(uint8_t *to, const uint8_t *bytes, size_t len, size_t at)
{
	size_t n = 0;

	if (bytes[at] == '\'' && (at == 0 || bytes[at - 1] != '\''))
		n += put_text(to, "'\"");
	to[n++] = bytes[at];
	if (bytes[at] == '\'' && (at + 1 == len || bytes[at + 1] != '\''))
		n += put_text(to + n, at + 1 == len ? "\"" : "\"'");
	return n;
}

size_t
ks_known_shell_put(uint8_t *to, const uint8_t *bytes, size_t len, size_t at, enum shell_style style)
{
	uint8_t b = to[0] = bytes[at];

	switch (style) {
	case SHELL_SINGLE:
		return b == '\'' ? put_text(to, "'\\''") : 1;
	case SHELL_SINGLE_TOO:
		return b == '\'' ? put_text(to, "'\"'\"'") : 1;
	case SHELL_DOUBLE:
		return is_one_of(b, "$`\"\\") ? put_escaped(to, b) : 1;
	case SHELL_BACKSLASH:
	case SHELL_WITHIN:
		return put_backslashed(to, bytes, at, style == SHELL_WITHIN);
	case SHELL_TOGETHER:
		return put_together(to, bytes, len, at);
	case SHELL_TWICE:
		return b == '\'' ? put_text(to, "''") : 1;
	case SHELL_HEX:
	case SHELL_REPR:
	case SHELL_ASCII:
		return put_python(to, b, false);
	case SHELL_HEX_DOUBLE:
	case SHELL_REPR_DOUBLE:
	case SHELL_ASCII_DOUBLE:
		return put_python(to, b, true);
	case SHELL_DOLLAR:
	case SHELL_OCTAL:
		break;
	}
	return put_dollar(to, b, style == SHELL_OCTAL);
}
