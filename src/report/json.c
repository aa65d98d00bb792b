/* SPDX-License-Identifier: Apache-2.0 */
/* Only what is needed is escaped (RFC 8259): '"', '\' and control bytes. */
#include "json.h"

#include "text.h"

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
	if (c < ' ' || c == 0x7f)
		(void)fprintf(out, "\\u%04x", (unsigned char)c);
	else
		(void)fputc(c, out);
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
		size_t len = *text & (char)0x80 ? ks_text_character(text) : 0;

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
