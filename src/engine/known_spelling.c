/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a text is spelled in each form. A form is a number: its kind, and the kind's options.
 *
 * Everything here is by docs/definition.md, "Known values", and in its order.
 */
#include "known_spelling.h"

#include <string.h>

#include "known_form.h"
#include "known_put.h"
#include "known_shell.h"
#include "known_xml.h"

/* ----------------------------------------------------------------------- bytes ---- */

bool
ks_spelling_is_alnum(uint8_t b)
{
	return (b >= '0' && b <= '9') || (b >= 'A' && b <= 'Z') || (b >= 'a' && b <= 'z');
}

size_t
ks_spelling_wide(const uint8_t *p, size_t len)
{
	size_t n = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;

	if (p[0] < 0xc2 || p[0] > 0xf4 || n > len)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	}
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return n;
}

static uint32_t
wide_value(const uint8_t *p, size_t n)
{
	uint32_t value = p[0] & (0xffU >> (n + 1));

	for (size_t i = 1; i < n; i++)
		value = value << 6 | (p[i] & 0x3fU);
	return value;
}

/* ---------------------------------------------------------------------- base64 ---- */

static const char *const line_breaks[] = { "\n", "\r\n", "\\n" };

#define LINE_BREAK_MAX 2U
_Static_assert(sizeof(line_breaks) / sizeof(line_breaks[0]) == LINE_BREAKS, "one for each");

/* The two bytes of which the first is byte at of the first group on: 0 where the text has none. */
static unsigned
base64_bytes(const struct spelling *s, size_t at)
{
	size_t shift = ks_form_base64_shift(s->form), i = at - shift;

	if (at >= shift && i + 1 < s->len)
		return (unsigned)s->bytes[i] << 8 | s->bytes[i + 1];
	if (at >= shift)
		return i < s->len ? (unsigned)s->bytes[i] << 8 : 0;
	return at + 1 == shift ? s->bytes[0] : 0;
}

static const char *
base64_digits(const struct spelling *s)
{
	return s->form & BASE64_URL
	               ? "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	               : "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
}

static uint8_t
base64_digit(const struct spelling *s, size_t at)
{
	size_t bit = 6 * at;

	return (uint8_t)base64_digits(s)[base64_bytes(s, bit / 8) >> (10 - bit % 8) & 63];
}

/* How many of the next digits are groups of four of which the text has all bytes, up to the end of the line? */
static size_t
count_base64_groups(const struct spelling *s)
{
	size_t shift = ks_form_base64_shift(s->form), at = s->at / 4 * 3, groups;

	if (s->at % 4 != 0 || at < shift || at - shift > s->len)
		return 0;
	groups = (s->len - (at - shift)) / 3;
	if (s->columns > 0 && groups > (s->columns - s->at % s->columns) / 4)
		groups = (s->columns - s->at % s->columns) / 4;
	return groups;
}

/* So many of them. */
static size_t
put_base64_groups(struct spelling *s, uint8_t *to, size_t groups)
{
	const uint8_t *p = s->bytes + s->at / 4 * 3 - ks_form_base64_shift(s->form);
	const char *digits = base64_digits(s);

	for (size_t i = 0; i < groups; i++, p += 3, to += 4) {
		unsigned group = (unsigned)p[0] << 16 | (unsigned)p[1] << 8 | p[2];

		to[0] = (uint8_t)digits[group >> 18];
		to[1] = (uint8_t)digits[group >> 12 & 63];
		to[2] = (uint8_t)digits[group >> 6 & 63];
		to[3] = (uint8_t)digits[group & 63];
	}
	s->at += 4 * groups;
	return 4 * groups;
}

static size_t
next_base64(struct spelling *s, uint8_t *unit)
{
	const char *line_break = line_breaks[s->form >> BASE64_BREAK & 3];
	size_t n = 0, groups;

	while (n + LINE_BREAK_MAX + 4 <= SPELLING_UNIT_MAX && s->at < s->end) {
		if (s->columns > 0 && s->at > 0 && s->at % s->columns == 0)
			n += put_text(unit + n, line_break);
		groups = count_base64_groups(s);
		if (groups > (SPELLING_UNIT_MAX - n) / 4)
			groups = (SPELLING_UNIT_MAX - n) / 4;
		if (groups > 0)
			n += put_base64_groups(s, unit + n, groups);
		else
			unit[n++] = base64_digit(s, s->at++);
	}
	return n;
}

/* --------------------------------------------------------------- hex and percent ---- */

static size_t
next_hex(struct spelling *s, uint8_t *unit)
{
	const char *digits = hex_digits(s->form & UPPER);
	size_t n = 0;

	for (; n < SPELLING_UNIT_MAX && s->at < s->end; n += 2) {
		uint8_t b = s->bytes[s->at++];

		unit[n] = (uint8_t)digits[b >> 4];
		unit[n + 1] = (uint8_t)digits[b & 15];
	}
	return n;
}

static bool
is_unreserved(uint8_t b, enum percent_set set)
{
	static const char *const sets[] = {
		[PERCENT_RFC3986] = "-._~",
		[PERCENT_SLASH] = "-._~/",
		[PERCENT_COMPONENT] = "-._~!*'()",
		[PERCENT_FORM] = "-._*",
		[PERCENT_PLUS] = "-._~",
		[PERCENT_URI] = "-._~!*'();/?:@&=+$,#",
		[PERCENT_USERINFO] = "-._~$&+,;=",
		[PERCENT_SEGMENT] = "-._~$&+=:@",
		[PERCENT_PATH] = "-._~!*'();/:@&=+$,",
		[PERCENT_GO_PATH] = "-._~$&+,/:;=@",
		[PERCENT_GO_FRAGMENT] = "-._~!$&()*+,/:;=?@",
		[PERCENT_WEB_USERINFO] = "-._~!$%&'()*+,",
		[PERCENT_WEB_PATH] = "-._~!$%&'()*+,/:;=@[\\]|",
		[PERCENT_WEB_PATH_FORMER] = "-._~!$%&'()*+,/:;=@[\\]|^",
		[PERCENT_WEB_QUERY] = "-._~!$%&()*+,/:;=?@[\\]^`{|}",
		[PERCENT_WEB_QUERY_OTHER] = "-._~!$%&'()*+,/:;=?@[\\]^`{|}",
		[PERCENT_WEB_FRAGMENT] = "-._~!#$%&'()*+,/:;=?@[\\]^{|}",
	};

	return ks_spelling_is_alnum(b) || is_one_of(b, sets[set]);
}

static size_t
next_percent(struct spelling *s, uint8_t *unit)
{
	enum percent_set set = (enum percent_set)(s->form >> PERCENT_SET);
	uint8_t b;

	if (s->at == s->end)
		return 0;
	b = s->bytes[s->at++];
	unit[0] = b;
	if (is_unreserved(b, set))
		return 1;
	unit[0] = '+';
	if (b == ' ' && (set == PERCENT_FORM || set == PERCENT_PLUS))
		return 1;
	unit[0] = '%';
	return 1 + put_hex(unit + 1, b, 2, s->form & UPPER);
}

/* ------------------------------------------------------------------------ JSON ---- */

static size_t
put_unicode(uint8_t *to, uint32_t value, bool is_upper)
{
	size_t n = 0;

	if (value > 0xffff) {
		n = put_unicode(to, 0xd800 + ((value - 0x10000) >> 10), is_upper);
		value = 0xdc00 + (value & 0x3ff);
	}
	to[n++] = '\\';
	to[n++] = 'u';
	return n + put_hex(to + n, value, 4, is_upper);
}

static bool
json_does(unsigned form, unsigned what, enum json_where where)
{
	return form >> what & (unsigned)where;
}

static bool
is_html(uint8_t b, unsigned form)
{
	bool is_gson = (form >> JSON_HTML & JSON_BOTH) == JSON_BOTH;

	return is_one_of(b, is_gson ? "<>&'=" : form & JSON_APOS ? "<>&'" : "<>&");
}

/* U+2028 or U+2029? */
static bool
is_separator(const uint8_t *p, size_t n)
{
	return n >= 3 && p[0] == 0xe2 && p[1] == 0x80 && (p[2] == 0xa8 || p[2] == 0xa9);
}

static unsigned
kind_of(unsigned form)
{
	return form & ((1U << KIND_BITS) - 1);
}

/* All of it becomes \u the first time: what is left for the second one are backslashes. */
static bool
is_dotnet_unicode(const uint8_t *p, size_t n, unsigned form, enum json_where where)
{
	return kind_of(form) == KIND_JSON_OF && form & JSON_OF_DOTNET && where == JSON_INNER &&
	       (n > 1 || p[0] == 0x7f || is_one_of(p[0], "\"&'+<>`"));
}

static bool
has_short_escape(uint8_t b, unsigned form)
{
	bool is_go = kind_of(form) == KIND_JSON_OF && !(form & JSON_OF_DOTNET);

	return !(form & JSON_LONG) && is_one_of(b, is_go ? "\n\r\t" : "\b\f\n\r\t");
}

/* Does a character become \u? */
static bool
is_json_unicode(const uint8_t *p, size_t n, unsigned form, enum json_where where)
{
	if (is_dotnet_unicode(p, n, form, where))
		return true;
	if (n > 1)
		return json_does(form, JSON_WIDE, where) ||
		       (json_does(form, JSON_LINES, where) && is_separator(p, n));
	if (p[0] == 0x7f)
		return form & JSON_DELETE &&
		       json_does(form, JSON_WIDE, JSON_OUTER) == (where == JSON_OUTER);
	if (p[0] < 0x20)
		return !has_short_escape(p[0], form);
	return json_does(form, JSON_HTML, where) && is_html(p[0], form);
}

/* One character p[0, n) in a JSON string, by the options for where. */
static size_t
put_json(uint8_t *to, const uint8_t *p, size_t n, unsigned form, enum json_where where)
{
	static const char controls[] = "\b\f\n\r\t", letters[] = "bfnrt";

	if (is_json_unicode(p, n, form, where))
		return put_unicode(to, n > 1 ? wide_value(p, n) : p[0], form & UPPER);
	if (n == 1 && (p[0] < 0x20 || p[0] == '"' || p[0] == '\\' ||
	               (p[0] == '/' && json_does(form, JSON_SLASH, where)))) {
		to[0] = '\\';
		to[1] = p[0] < 0x20 ? (uint8_t)letters[strchr(controls, p[0]) - controls] : p[0];
		return 2;
	}
	memcpy(to, p, n);
	return n;
}

static size_t
next_json(struct spelling *s, uint8_t *unit)
{
	const uint8_t *p = s->bytes + s->at;
	uint8_t inner[SPELLING_UNIT_MAX];
	size_t n, inner_len, len = 0;

	if (s->at == s->end)
		return 0;
	n = ks_spelling_wide(p, s->len - s->at);
	n = n ? n : 1;
	s->at += n;
	if (!(s->form & JSON_NESTED))
		return put_json(unit, p, n, s->form, JSON_INNER);
	inner_len = put_json(inner, p, n, s->form, JSON_INNER);
	if (inner[0] >= 0x80)
		return put_json(unit, inner, inner_len, s->form, JSON_OUTER);
	for (size_t i = 0; i < inner_len; i++)
		len += put_json(unit + len, inner + i, 1, s->form, JSON_OUTER);
	return len;
}

/* --------------------------------------------------------------- shell and XML ---- */

static size_t
next_shell(struct spelling *s, uint8_t *unit)
{
	enum shell_style style = (enum shell_style)(s->form >> SHELL_STYLE);
	const uint8_t *p = s->bytes + s->at;
	size_t n;

	if (s->at == s->end)
		return 0;
	n = style >= SHELL_REPR ? ks_spelling_wide(p, s->len - s->at) : 0;
	s->at += n ? n : 1;
	if (n == 0)
		return ks_known_shell_put(unit, s->bytes, s->len, s->at - 1, style);
	if (ks_known_shell_escapes(wide_value(p, n), style))
		return ks_known_shell_put_wide(unit, wide_value(p, n));
	memcpy(unit, p, n);
	return n;
}

static size_t
next_xml(struct spelling *s, uint8_t *unit)
{
	return s->at == s->end ? 0 : ks_known_xml_put(unit, s->bytes[s->at++], s->form);
}

/* ---------------------------------------------------------------------- public ---- */

static size_t
next_raw(struct spelling *s, uint8_t *unit)
{
	size_t left = s->end - s->at, n = left < SPELLING_UNIT_MAX ? left : SPELLING_UNIT_MAX;

	memcpy(unit, s->bytes + s->at, n);
	s->at += n;
	return n;
}

/* Letters and digits are themselves in all but base64 and hexadecimal: as many as are next. */
static size_t
next_alnum(struct spelling *s, uint8_t *unit)
{
	size_t n = 0;

	while (n < SPELLING_UNIT_MAX && s->at < s->end && ks_spelling_is_alnum(s->bytes[s->at]))
		unit[n++] = s->bytes[s->at++];
	return n;
}

struct spelling
ks_spelling_of(const struct known_text *text, unsigned form)
{
	struct spelling s = { text->bytes, text->len, form, text->columns, 0, text->len };
	size_t shift = ks_form_base64_shift(form), bits = 8 * (shift + text->len);

	if (kind_of(form) == KIND_BASE64) {
		s.at = (8 * shift + 5) / 6;
		s.end = (form & BASE64_END ? bits + 5 : bits) / 6;
	}
	return s;
}

size_t
ks_spelling_next(struct spelling *s, uint8_t unit[SPELLING_UNIT_MAX])
{
	enum kind kind = (enum kind)kind_of(s->form);
	size_t n;

	switch (kind) {
	case KIND_BASE64:
		return next_base64(s, unit);
	case KIND_HEX:
		return next_hex(s, unit);
	case KIND_RAW:
		return next_raw(s, unit);
	case KIND_PERCENT:
	case KIND_JSON:
	case KIND_SHELL:
	case KIND_XML:
	case KIND_JSON_OF:
		break;
	}
	n = next_alnum(s, unit);
	if (n > 0)
		return n;
	return kind == KIND_PERCENT ? next_percent(s, unit)
	       : kind == KIND_XML   ? next_xml(s, unit)
	       : kind == KIND_SHELL ? next_shell(s, unit)
	                            : next_json(s, unit);
}

size_t
ks_spelling_begin(const struct known_text *text, unsigned form, uint8_t *to, size_t max)
{
	struct spelling s = ks_spelling_of(text, form);
	size_t len = 0, n = 1;

	while (n > 0 && len < max) {
		n = ks_spelling_next(&s, to + len);
		len += n;
	}
	return len < max ? len : max;
}

static uint32_t
traits_of(uint8_t b)
{
	uint32_t traits = is_unreserved(b, PERCENT_FORM) && b != '*' ? 0 : TRAIT_PERCENT;

	traits |= b == '"' || b == '\\' ? TRAIT_QUOTE : 0;
	traits |= b == '/' ? TRAIT_SLASH : 0;
	traits |= is_one_of(b, "<>&") ? TRAIT_HTML : 0;
	traits |= b == '\'' ? TRAIT_APOS : 0;
	traits |= b == '=' ? TRAIT_EQUALS : 0;
	traits |= is_one_of(b, "\b\f\n\r\t") ? TRAIT_SHORT : 0;
	traits |= b < 0x20 ? TRAIT_CONTROL : 0;
	traits |= b == 0x7f ? TRAIT_DELETE : 0;
	traits |= is_one_of(b, "\"+`") ? TRAIT_DOTNET : 0;
	traits |= is_one_of(b, "\b\f") ? TRAIT_GO : 0;
	traits |= b >= 0x80 ? TRAIT_WIDE | TRAIT_PYTHON | TRAIT_URL : 0;
	/* of ASCII only the last six bits of a byte are five ones: those that begin in another byte have a zero in the middle */
	traits |= (b & 0x3e) == 0x3e ? TRAIT_URL : 0;
	traits |= ks_known_shell_is_special(b) || is_one_of(b, "~#") ? TRAIT_SHELL : 0;
	return traits | (b < 0x20 || b >= 0x7f ? TRAIT_SHELL : 0);
}

#define TRAITS_TEXT (TRAIT_DELETE | TRAIT_PYTHON | TRAIT_DOTNET | TRAIT_GO)

/* Is all of it ASCII and characters of UTF-8? */
static bool
is_well_formed(const uint8_t *bytes, size_t len)
{
	size_t n;

	for (size_t i = 0; i < len; i += n) {
		n = bytes[i] < 0x80 ? 1 : ks_spelling_wide(bytes + i, len - i);
		if (n == 0)
			return false;
	}
	return true;
}

uint32_t
ks_spelling_traits(const uint8_t *bytes, size_t len)
{
	uint32_t traits = 0;

	for (size_t i = 0; i < len; i++) {
		if (ks_spelling_is_alnum(bytes[i]))
			continue;
		traits |= traits_of(bytes[i]) |
		          (ks_known_shell_is_special_there(bytes, i) ? TRAIT_WORD : 0) |
		          (is_separator(bytes + i, len - i) ? TRAIT_LINES : 0);
	}
	/* who escapes so takes text only; with DEL, what is binary would have twice as many forms */
	if (traits & TRAITS_TEXT && !is_well_formed(bytes, len))
		traits &= ~(uint32_t)TRAITS_TEXT;
	return traits;
}
