/* SPDX-License-Identifier: Apache-2.0 */
/* See text.h. What is no valid UTF-8 is taken byte by byte, and not shown. */
#include "text.h"

#include <stdint.h>
#include <string.h>

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

/* The valid character that p begins with: its length, 0 if there is none, and its number. */
static size_t
decode(const char *p, uint32_t *ret_number)
{
	uint32_t bits, least;
	size_t tail;

	if (!(*p & (char)0x80)) {
		*ret_number = (uint8_t)*p;
		return *p ? 1 : 0;
	}
	tail = tail_length((uint8_t)p[0], &bits, &least);
	for (size_t i = 1; i <= tail; i++) {
		uint8_t b = (uint8_t)p[i];

		if ((b & 0xc0) != 0x80)
			return 0;
		bits = bits << 6 | (b & 0x3f);
	}
	if (tail == 0 || bits < least || bits > 0x10ffff || (bits >= 0xd800 && bits <= 0xdfff))
		return 0;
	*ret_number = bits;
	return tail + 1;
}

size_t
ks_text_character(const char *p)
{
	return decode(p, &(uint32_t){ 0 });
}

static bool
is_shown(uint32_t c)
{
	static const struct {
		uint32_t first, last;
	} hidden[] = {
		{ 0, 0x1f },        { 0x7f, 0x9f },     { 0x61c, 0x61c },   { 0x200b, 0x200f },
		{ 0x2028, 0x202e }, { 0x2066, 0x2069 }, { 0xfeff, 0xfeff }, { 0xfffe, 0xffff },
	};

	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
		if (c >= hidden[i].first && c <= hidden[i].last)
			return false;
	}
	return true;
}

/* The character or wrong byte that p begins with: its length, and whether it is shown. */
static size_t
next(const char *p, bool *ret_shown)
{
	uint32_t c;
	size_t len = decode(p, &c);

	*ret_shown = len > 0 && is_shown(c);
	return len > 0 ? len : 1;
}

size_t
ks_text_step(const char *text, size_t len, bool *ret_is_hidden)
{
	char copy[5] = { 0 };
	uint32_t c;
	size_t n;

	memcpy(copy, text, len < 4 ? len : 4);
	n = decode(copy, &c);
	*ret_is_hidden = n == 0 ? (unsigned char)*text < 0xa0 : !is_shown(c);
	return n > 0 ? n : 1;
}

size_t
ks_text_put(const char *text, size_t len, FILE *out)
{
	bool is_hidden;
	size_t n = ks_text_step(text, len, &is_hidden);

	(void)fwrite(is_hidden ? "?" : text, 1, is_hidden ? 1 : n, out);
	return n;
}

size_t
ks_text_width(const char *text)
{
	size_t width = 0;

	for (bool shown; *text; text += next(text, &shown))
		width++;
	return width;
}

const char *
ks_text_print(const char *text, size_t max, FILE *out)
{
	for (; *text && max > 0; max--) {
		bool shown;
		size_t len = next(text, &shown);

		if (shown)
			(void)fwrite(text, 1, len, out);
		else
			(void)fputc('?', out);
		text += len;
	}
	return text;
}

static const char *
entity_of(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

void
ks_text_print_html(const char *text, FILE *out)
{
	while (*text) {
		const char *entity = entity_of(*text);
		bool shown;
		size_t len = next(text, &shown);

		if (entity)
			(void)fputs(entity, out);
		else if (shown)
			(void)fwrite(text, 1, len, out);
		else
			(void)fputs("\xef\xbf\xbd", out);
		text += len;
	}
}
