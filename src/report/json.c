/* SPDX-License-Identifier: Apache-2.0 */
/* Only what is needed is escaped (RFC 8259): '"', '\' and control bytes. */
#include "json.h"

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

/* The length of the valid character that p begins with, which is no ASCII; 0: there is none. */
static size_t
character_length(const char *p)
{
	uint32_t bits, least;
	size_t tail = tail_length((uint8_t)p[0], &bits, &least);

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

static void
write_ascii(char c, FILE *out)
{
	static const char short_escapes[] = "\"\"\\\\\bb\ff\nn\rr\tt";

	for (const char *p = short_escapes; *p; p += 2) {
		if (c == *p) {
			(void)fprintf(out, "\\%c", p[1]);
			return;
		}
	}
	(void)fprintf(out, c < ' ' || c == 0x7f ? "\\u%04x" : "%c", (unsigned char)c);
}

void
ks_json_string(const char *text, FILE *out)
{
	if (!text) {
		(void)fputs("null", out);
		return;
	}
	(void)fputc('"', out);
	while (*text) {
		size_t len = *text & (char)0x80 ? character_length(text) : 0;

		if (!(*text & (char)0x80))
			write_ascii(*text, out);
		else if (len)
			(void)fwrite(text, 1, len, out);
		else
			(void)fputs("\\ufffd", out);
		text += len ? len : 1;
	}
	(void)fputc('"', out);
}

void
ks_json_strings(const char *const *texts, FILE *out)
{
	(void)fputc('[', out);
	for (size_t i = 0; texts[i]; i++) {
		if (i > 0)
			(void)fputs(", ", out);
		ks_json_string(texts[i], out);
	}
	(void)fputc(']', out);
}
