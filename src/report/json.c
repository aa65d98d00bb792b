/* SPDX-License-Identifier: Apache-2.0 */
/* Only what is needed is escaped (RFC 8259): '"', '\' and control bytes. */
#include "json.h"

#include "utf8.h"

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
		size_t len = ks_utf8_length(text);

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
