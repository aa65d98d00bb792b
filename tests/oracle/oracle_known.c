/* SPDX-License-Identifier: Apache-2.0 */
/*
 * "Known values" of docs/definition.md: every text in every spelling, written out, and looked for at every
 * place. Nothing is left out because it would be the same.
 */
#include <stdlib.h>
#include <string.h>

#include "oracle.h"
#include "oracle_private.h"

struct builder {
	struct oracle_known *known;
	const uint8_t *text;
	size_t n;
	size_t number;
	uint8_t *out; /* the spelling so far; room for 16 bytes a byte of the text */
	size_t len;
	bool failed;
};

static void
put(struct builder *b, unsigned byte)
{
	b->out[b->len++] = (uint8_t)byte;
}

static void
put_text(struct builder *b, const char *text)
{
	while (*text)
		put(b, (uint8_t)*text++);
}

/* The spelling is complete. */
static void
finish(struct builder *b)
{
	struct oracle_known *k = b->known;
	struct oracle_spelling *grown;
	uint8_t *copy;

	for (size_t i = k->text_begin; i < k->count; i++) {
		if (k->spellings[i].len == b->len &&
		    memcmp(k->spellings[i].bytes, b->out, b->len) == 0) {
			b->len = 0;
			return;
		}
	}
	if (k->count == k->room) {
		k->room = k->room ? k->room * 2 : 64;
		grown = realloc(k->spellings, k->room * sizeof(*grown));
		if (!grown) {
			b->failed = true;
			return;
		}
		k->spellings = grown;
	}
	copy = malloc(b->len + 1);
	if (!copy) {
		b->failed = true;
		return;
	}
	memcpy(copy, b->out, b->len);
	k->spellings[k->count++] = (struct oracle_spelling){ copy, b->len, k->texts, b->number };
	b->len = 0;
}

static bool
is_in(unsigned byte, const char *set)
{
	return byte && strchr(set, (int)byte);
}

static bool
is_plain(unsigned byte)
{
	return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
	       (byte >= 'A' && byte <= 'Z');
}

/* --------------------------------------------------------------- the plain ones ---- */

/* Bit number i of the encoded bytes: unknown ones, the text, and zeros. */
static unsigned
bit_at(const struct builder *b, size_t unknown, size_t i)
{
	size_t byte = i / 8;

	if (byte < unknown || byte >= unknown + b->n)
		return 0;
	return b->text[byte - unknown] >> (7 - i % 8) & 1;
}

/* In lines of so many characters, unless columns is 0. */
static void
spell_base64_in_lines(struct builder *b, const char *alphabet, size_t unknown, bool with_last,
                      size_t columns, const char *line_break)
{
	size_t first = unknown * 8, end = (unknown + b->n) * 8;

	for (size_t c = 0; c * 6 < end; c++) {
		unsigned value = 0;

		if (c * 6 < first || (c * 6 + 6 > end && !with_last))
			continue;
		for (size_t i = 0; i < 6; i++)
			value = value * 2 + bit_at(b, unknown, c * 6 + i);
		if (columns > 0 && c > 0 && c % columns == 0)
			put_text(b, line_break);
		put(b, (uint8_t)alphabet[value]);
	}
	finish(b);
}

static void
spell_base64(struct builder *b, const char *alphabet, size_t unknown, bool with_last)
{
	spell_base64_in_lines(b, alphabet, unknown, with_last, 0, NULL);
}

static void
put_digits(struct builder *b, unsigned value, int digits, bool upper)
{
	while (digits-- > 0)
		put(b, (uint8_t)(upper ? "0123456789ABCDEF"
		                       : "0123456789abcdef")[value >> digits * 4 & 15]);
}

static void
spell_hex(struct builder *b, bool upper)
{
	for (size_t i = 0; i < b->n; i++)
		put_digits(b, b->text[i], 2, upper);
	finish(b);
}

static void
spell_percent(struct builder *b, const char *set, bool has_plus, bool upper)
{
	for (size_t i = 0; i < b->n; i++) {
		if (is_plain(b->text[i]) || is_in(b->text[i], set)) {
			put(b, b->text[i]);
		} else if (b->text[i] == ' ' && has_plus) {
			put(b, '+');
		} else {
			put(b, '%');
			put_digits(b, b->text[i], 2, upper);
		}
	}
	finish(b);
}

/* ------------------------------------------------------------------------- JSON ---- */

struct json_style {
	bool upper, apostrophe, equals, long_controls, two_long, delete;
	bool slash[2], wide[2], html[2], separators[2]; /* the first time, the second time */
};

/* The code point that p begins with, and its length; 0: no well-formed sequence of more than one byte. */
static size_t
decode(const uint8_t *p, size_t n, unsigned long *value)
{
	static const unsigned long least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len = (p[0] & 0xe0) == 0xc0   ? 2
	             : (p[0] & 0xf0) == 0xe0 ? 3
	             : (p[0] & 0xf8) == 0xf0 ? 4
	                                     : 0;

	if (len == 0 || len > n)
		return 0;
	*value = p[0] & (0x7f >> len);
	for (size_t i = 1; i < len; i++) {
		if (p[i] >> 6 != 2)
			return 0;
		*value = *value * 64 + (p[i] & 63);
	}
	if (*value < least[len] || *value > 0x10ffff || (*value >= 0xd800 && *value < 0xe000))
		return 0;
	return len;
}

static size_t
put_u(uint8_t *to, unsigned value, bool upper)
{
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";

	memcpy(to, "\\u", 2);
	for (int i = 0; i < 4; i++)
		to[2 + i] = (uint8_t)digits[value >> (12 - 4 * i) & 15];
	return 6;
}

/* text[0, n) as a JSON string; to has room. Returns its length. */
static size_t
encode_json(const uint8_t *text, size_t n, uint8_t *to, const struct json_style *s, int time)
{
	size_t at = 0;

	for (size_t i = 0; i < n;) {
		unsigned long value = 0;
		size_t len = decode(text + i, n - i, &value);
		unsigned c = text[i];
		const char *control = is_in(c, "\b\f\n\r\t") ? strchr("\bb\ff\nn\rr\tt", (int)c)
		                                             : NULL;

		if (len > 0 && s->wide[time] && value > 0xffff) {
			at += put_u(to + at, (unsigned)(0xd800 + (value - 0x10000) / 1024),
			            s->upper);
			at += put_u(to + at, (unsigned)(0xdc00 + (value - 0x10000) % 1024),
			            s->upper);
		} else if (len > 0 && (s->wide[time] || (s->separators[time] &&
		                                         (value == 0x2028 || value == 0x2029)))) {
			at += put_u(to + at, (unsigned)value, s->upper);
		} else if (len > 0) {
			memcpy(to + at, text + i, len);
			at += len;
		} else if (s->html[time] && is_in(c, s->equals       ? "<>&'="
		                                     : s->apostrophe ? "<>&'"
		                                                     : "<>&")) {
			at += put_u(to + at, c, s->upper);
		} else if (control && !s->long_controls && !(s->two_long && is_in(c, "\b\f"))) {
			to[at++] = '\\';
			to[at++] = (uint8_t)control[1];
		} else if (c < 0x20 || (c == 0x7f && s->delete &&s->wide[1] == (time == 1))) {
			at += put_u(to + at, c, s->upper);
		} else {
			if (c == '"' || c == '\\' || (c == '/' && s->slash[time]))
				to[at++] = '\\';
			to[at++] = (uint8_t)c;
		}
		i += len ? len : 1;
	}
	return at;
}

static void
spell_json(struct builder *b, const struct json_style *s, bool twice)
{
	uint8_t *once = malloc(b->n * 8 + 1);

	if (!once) {
		b->failed = true;
		return;
	}
	b->len = encode_json(b->text, b->n, twice ? once : b->out, s, 0);
	if (twice)
		b->len = encode_json(once, b->len, b->out, s, 1);
	finish(b);
	free(once);
}

static bool
is_well_formed(const uint8_t *text, size_t n)
{
	unsigned long value;

	for (size_t i = 0, len; i < n; i += len) {
		len = text[i] < 128 ? 1 : decode(text + i, n - i, &value);
		if (len == 0)
			return false;
	}
	return true;
}

/* Is U+2028 or U+2029 in it? */
static bool
has_separator(const uint8_t *text, size_t n)
{
	for (size_t i = 0; i + 3 <= n; i++)
		if (memcmp(text + i, "\xe2\x80\xa8", 3) == 0 ||
		    memcmp(text + i, "\xe2\x80\xa9", 3) == 0)
			return true;
	return false;
}

/*
 * Every style there is, of 2^12 but those with a thing escaped both times. (What is about bytes that few texts have is left out
 * for the others: it would take eight times as long.)
 */
static void
spell_all_json(struct builder *b)
{
	bool has_delete = memchr(b->text, 0x7f, b->n) && is_well_formed(b->text, b->n);
	unsigned left_out = (has_delete ? 0 : 512) |
	                    (has_separator(b->text, b->n) ? 0 : 1024 | 2048);

	for (unsigned bits = 0; bits < 4096; bits++) {
		struct json_style s = {
			.upper = bits & 1,
			.apostrophe = bits & 2,
			.long_controls = bits & 4,
			.slash = { bits & 8, bits & 16 },
			.wide = { bits & 32, bits & 64 },
			.html = { bits & 128, bits & 256 },
			.delete = bits & 512,
			.separators = { bits & 1024, bits & 2048 },
		};

		if (bits & left_out || (s.wide[0] && s.wide[1]) || (s.html[0] && s.html[1]))
			continue;
		if (!s.slash[1] && !s.wide[1] && !s.html[1] && !s.separators[1])
			spell_json(b, &s, false);
		spell_json(b, &s, true);
	}
	spell_json(b,
	           &(struct json_style){
			   .html = { true, false }, .separators = { true, false }, .equals = true },
	           false);
}

/* All that is no letter, digit or a harmless sign of ASCII; a second time there are only backslashes to escape. */
static void
spell_dotnet(struct builder *b, const char *backslash)
{
	for (size_t i = 0, len; i < b->n; i += len) {
		unsigned long c = b->text[i];
		const char *control = is_in((unsigned)c, "\b\f\n\r\t")
		                              ? strchr("\bb\ff\nn\rr\tt", (int)c)
		                              : NULL;

		len = decode(b->text + i, b->n - i, &c);
		len = len ? len : 1;
		if (c >= 0x20 && c < 0x7f && !is_in((unsigned)c, "\\+`<>&\"'")) {
			put(b, (unsigned)c);
			continue;
		}
		put_text(b, backslash);
		if (control) {
			put(b, (uint8_t)control[1]);
		} else if (c == '\\') {
			put_text(b, backslash);
		} else if (c > 0xffff) {
			put(b, 'u');
			put_digits(b, (unsigned)(0xd7c0 + c / 1024), 4, true);
			put_text(b, backslash);
			put(b, 'u');
			put_digits(b, (unsigned)(0xdc00 + c % 1024), 4, true);
		} else {
			put(b, 'u');
			put_digits(b, (unsigned)c, 4, true);
		}
	}
	finish(b);
}

/* How libraries write what is text. */
static void
spell_json_of_libraries(struct builder *b)
{
	spell_dotnet(b, "\\");
	spell_dotnet(b, "\\\\");
	for (unsigned bits = 0; bits < 16; bits++) {
		struct json_style go = {
			.two_long = true,
			.html = { bits & 1, bits & 2 },
			.separators = { bits & 4, bits & 8 },
		};

		if (go.html[0] && go.html[1])
			continue;
		if (!go.html[1] && !go.separators[1])
			spell_json(b, &go, false);
		spell_json(b, &go, true);
	}
}

/* ------------------------------------------------------------------------ shell ---- */

static void
spell_quoted(struct builder *b, const char *quote)
{
	for (size_t i = 0; i < b->n; i++) {
		if (b->text[i] == '\'')
			put_text(b, quote);
		else
			put(b, b->text[i]);
	}
	finish(b);
}

/* As dash's export -p: all apostrophes that stand together, in double quotes. */
static void
spell_quoted_together(struct builder *b)
{
	for (size_t i = 0; i < b->n; i++) {
		bool is_quote = b->text[i] == '\'';

		if (is_quote && (i == 0 || b->text[i - 1] != '\''))
			put_text(b, "'\"");
		put(b, b->text[i]);
		if (is_quote && i + 1 == b->n)
			put_text(b, "\"");
		else if (is_quote && b->text[i + 1] != '\'')
			put_text(b, "\"'");
	}
	finish(b);
}

static void
spell_in_double_quotes(struct builder *b)
{
	for (size_t i = 0; i < b->n; i++) {
		if (is_in(b->text[i], "$`\"\\"))
			put(b, '\\');
		put(b, b->text[i]);
	}
	finish(b);
}

static void
spell_backslashed(struct builder *b, bool is_whole)
{
	for (size_t i = 0; i < b->n; i++) {
		unsigned c = b->text[i];
		bool is_first = is_whole && i == 0,
		     is_behind = i > 0 && is_in(b->text[i - 1], ":=");

		if (is_in(c, "|&;()<>!{}*[]?^$`,\"'\\ \t\n") || (c == '#' && is_first) ||
		    (c == '~' && (is_first || is_behind)))
			put(b, '\\');
		put(b, b->text[i]);
	}
	finish(b);
}

static void
spell_dollar(struct builder *b, bool octal)
{
	static const char *const short_ones[128] = {
		['\a'] = "\\a", ['\b'] = "\\b", ['\t'] = "\\t", ['\n'] = "\\n", ['\v'] = "\\v",
		['\f'] = "\\f", ['\r'] = "\\r", [27] = "\\E",   ['\''] = "\\'", ['\\'] = "\\\\",
	};

	for (size_t i = 0; i < b->n; i++) {
		unsigned c = b->text[i];

		if (c < 128 && short_ones[c]) {
			put_text(b, short_ones[c]);
		} else if (c < 32 || c == 127 || (c > 127 && octal)) {
			put(b, '\\');
			put(b, '0' + c / 64);
			put(b, '0' + c / 8 % 8);
			put(b, '0' + c % 8);
		} else {
			put(b, c);
		}
	}
	finish(b);
}

static void
put_python(struct builder *b, unsigned c, bool in_double_quotes)
{
	if (c == '\\' || (c == '\'' && !in_double_quotes))
		put(b, '\\');
	if (c >= 32 && c < 127) {
		put(b, c);
		return;
	}
	put_text(b, c == '\t' ? "\\t" : c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\x");
	if (c != '\t' && c != '\n' && c != '\r')
		put_digits(b, c, 2, false);
}

static void
spell_python(struct builder *b, bool in_double_quotes)
{
	for (size_t i = 0; i < b->n; i++)
		put_python(b, b->text[i], in_double_quotes);
	finish(b);
}

/* Is it one of what Python escapes in a string, or does not show as it is? */
static bool
python_hides(unsigned long c)
{
	return (c >= 0x80 && c <= 0xa0) || c == 0xad || (c >= 0x2000 && c <= 0x200f) ||
	       (c >= 0x2028 && c <= 0x202f) || (c >= 0x205f && c <= 0x206f) || c == 0x3000 ||
	       (c >= 0xe000 && c <= 0xf8ff) || c == 0xfeff || c >> 8 == 0xe00 || c >= 0xf0000;
}

static void
spell_python_text(struct builder *b, bool in_double_quotes, bool ascii)
{
	for (size_t i = 0, len; i < b->n; i += len) {
		unsigned long c = 0;

		len = decode(b->text + i, b->n - i, &c);
		if (len == 0) {
			len = 1;
			put_python(b, b->text[i], in_double_quotes);
		} else if (!ascii && !python_hides(c)) {
			for (size_t k = 0; k < len; k++)
				put(b, b->text[i + k]);
		} else {
			put_text(b, c < 0x100 ? "\\x" : c < 0x10000 ? "\\u" : "\\U");
			put_digits(b, (unsigned)c, c < 0x100 ? 2 : c < 0x10000 ? 4 : 8, false);
		}
	}
	finish(b);
}

/* -------------------------------------------------------------------------- XML ---- */

static void
spell_xml(struct builder *b, const char *greater, const char *quote, const char *apostrophe)
{
	for (size_t i = 0; i < b->n; i++) {
		const char *entity = b->text[i] == '&'    ? "&amp;"
		                     : b->text[i] == '<'  ? "&lt;"
		                     : b->text[i] == '>'  ? greater
		                     : b->text[i] == '"'  ? quote
		                     : b->text[i] == '\'' ? apostrophe
		                                          : NULL;

		if (entity)
			put_text(b, entity);
		else
			put(b, b->text[i]);
	}
	finish(b);
}

static void
spell_all_xml(struct builder *b)
{
	static const char *const styles[][2] = {
		{ "\"", "'" },         { "&quot;", "'" },      { "&quot;", "&apos;" },
		{ "&quot;", "&#39;" }, { "&quot;", "&#039;" }, { "&quot;", "&#x27;" },
		{ "&#34;", "&#39;" },
	};

	for (size_t i = 0; i < sizeof(styles) / sizeof(*styles); i++) {
		spell_xml(b, "&gt;", styles[i][0], styles[i][1]);
		spell_xml(b, ">", styles[i][0], styles[i][1]);
	}
}

/* ------------------------------------------------------------------------ texts ---- */

static int
add_text(struct oracle_known *k, const uint8_t *text, size_t n, size_t number, size_t columns)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	struct builder b = { .known = k, .text = text, .n = n, .number = number };
	char standard[65], url[65];

	k->text_begin = k->count;
	b.out = malloc(n * 16 + 16);
	if (!b.out)
		return ORACLE_ERROR;
	memcpy(standard, letters, 62);
	memcpy(standard + 62, "+/", 3);
	memcpy(url, letters, 62);
	memcpy(url + 62, "-_", 3);
	if (columns > 0) {
		for (int kind = 0; kind < 12; kind++)
			spell_base64_in_lines(&b, kind & 1 ? url : standard, 0, kind & 2, columns,
			                      kind < 4   ? "\n"
			                      : kind < 8 ? "\r\n"
			                                 : "\\n");
		free(b.out);
		k->texts++;
		return b.failed ? ORACLE_ERROR : 0;
	}
	memcpy(b.out, text, n);
	b.len = n;
	finish(&b);
	for (size_t unknown = 0; unknown < 3; unknown++) {
		for (int with_last = 0; with_last < 2; with_last++) {
			spell_base64(&b, standard, unknown, with_last);
			spell_base64(&b, url, unknown, with_last);
		}
	}
	for (int upper = 0; upper < 2; upper++) {
		spell_hex(&b, upper);
		spell_percent(&b, "-._~", false, upper);
		spell_percent(&b, "-._~/", false, upper);
		spell_percent(&b, "-._~!*'()", false, upper);
		spell_percent(&b, "-._*", true, upper);
		spell_percent(&b, "-._~", true, upper);
		spell_percent(&b, "-._~!*'();/?:@&=+$,#", false, upper);
		spell_percent(&b, "-._~$&+,;=", false, upper);
		spell_percent(&b, "-._~$&+=:@", false, upper);
		spell_percent(&b, "-._~!*'();/:@&=+$,", false, upper);
		spell_percent(&b, "-._~$&+,/:;=@", false, upper);
		spell_percent(&b, "-._~!$&()*+,/:;=?@", false, upper);
		spell_percent(&b, "-._~!$%&'()*+,", false, upper);
		spell_percent(&b, "-._~!$%&'()*+,/:;=@[\\]|", false, upper);
		spell_percent(&b, "-._~!$%&'()*+,/:;=@[\\]|^", false, upper);
		spell_percent(&b, "-._~!$%&()*+,/:;=?@[\\]^`{|}", false, upper);
		spell_percent(&b, "-._~!$%&()*+,/:;=?@[\\]^`{|}'", false, upper);
		spell_percent(&b, "-._~!#$%&'()*+,/:;=?@[\\]^{|}", false, upper);
	}
	spell_all_json(&b);
	spell_quoted(&b, "'\\''");
	spell_quoted(&b, "'\"'\"'");
	spell_quoted(&b, "''");
	spell_python(&b, false);
	spell_python(&b, true);
	if (is_well_formed(text, n)) {
		spell_json_of_libraries(&b);
		for (int kind = 0; kind < 4; kind++)
			spell_python_text(&b, kind & 1, kind & 2);
	}
	spell_quoted_together(&b);
	spell_in_double_quotes(&b);
	spell_backslashed(&b, true);
	spell_backslashed(&b, false);
	spell_dollar(&b, false);
	spell_dollar(&b, true);
	spell_all_xml(&b);
	free(b.out);
	k->texts++;
	return b.failed ? ORACLE_ERROR : 0;
}

static size_t
border(const uint8_t *text, size_t at)
{
	for (size_t less = 0; less <= 3 && less <= at; less++)
		if (text[at - less] < 0x80 || text[at - less] > 0xbf)
			return at - less;
	return at;
}

static int
add_pieces(struct oracle_known *k, const uint8_t *text, size_t n, size_t number)
{
	size_t a = 0;

	while (n - a > 1023) {
		size_t b = border(text, a + 1023);

		if (add_text(k, text + a, b - a, number, 0) < 0)
			return ORACLE_ERROR;
		a = border(text, b - 3);
		if (border(text, n - 1020) < a)
			a = border(text, n - 1020);
	}
	return add_text(k, text + a, n - a, number, 0);
}

/* "Refused", but for the list of words, addresses, dates and names. */
static bool
is_common(const uint8_t *p, size_t n)
{
	size_t different = 0, digits = 0, near = 0;

	for (size_t i = 0; i < n; i++) {
		different += memchr(p, p[i], i) == NULL;
		digits += p[i] >= '0' && p[i] <= '9';
		near += i > 0 && abs(p[i] - p[i - 1]) <= 1;
	}
	return different < 4 || (n < 10 && digits == n) || near * 4 >= (n - 1) * 3;
}

static bool
is_line(const uint8_t *p, size_t n)
{
	if (n < 16 || is_common(p, n))
		return false;
	for (size_t i = 0; i < n; i++)
		if (p[i] <= 0x20 || p[i] == '"' || p[i] == '\'')
			return false;
	return true;
}

static int
add_wrapped(struct oracle_known *k, const uint8_t *value, size_t n, size_t number, size_t columns)
{
	size_t line = columns * 6 / 8;

	for (size_t a = 0; n > line && a < n; a += line) {
		size_t b = a + line < n ? a + line : n;

		if (b - a >= 16 && !is_common(value + a, b - a) &&
		    add_text(k, value + a, b - a, number, columns) < 0)
			return ORACLE_ERROR;
		if (b < n && n - b < 16 && add_text(k, value + a, n - a, number, columns) < 0)
			return ORACLE_ERROR;
	}
	return 0;
}

int
oracle_known_add(struct oracle_known *k, const uint8_t *value, size_t n, size_t number)
{
	size_t begin = 0;

	if (add_pieces(k, value, n, number) < 0)
		return ORACLE_ERROR;
	for (size_t i = 0; memchr(value, '\n', n) && i <= n; i++) {
		size_t end = i;

		if (i < n && value[i] != '\n')
			continue;
		if (end > begin && value[end - 1] == '\r')
			end--;
		if (is_line(value + begin, end - begin) &&
		    add_pieces(k, value + begin, end - begin, number) < 0)
			return ORACLE_ERROR;
		begin = i + 1;
	}
	if (add_wrapped(k, value, n, number, 76) < 0 || add_wrapped(k, value, n, number, 64) < 0)
		return ORACLE_ERROR;
	return add_wrapped(k, value, n, number, 60);
}

void
oracle_known_done(struct oracle_known *k)
{
	for (size_t i = 0; i < k->count; i++)
		free(k->spellings[i].bytes);
	free(k->spellings);
	*k = (struct oracle_known){ NULL };
}
