/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One match of one rule: where its trigger may begin, how far its run goes, whether it is
 * satisfied, whether that is still open. Each function is one paragraph of docs/definition.md.
 */
#include "oracle.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "oracle_private.h"

/* ------------------------------------------------------------- boundary ---- */

/* Whether byte b is one of chars. NUL is none. */
static bool
is_one_of(uint8_t b, const char *chars)
{
	return b != 0 && strchr(chars, b) != NULL;
}

static bool
is_digit(uint8_t b)
{
	return b >= '0' && b <= '9';
}

static bool
is_upper(uint8_t b)
{
	return b >= 'A' && b <= 'Z';
}

static bool
is_lower(uint8_t b)
{
	return b >= 'a' && b <= 'z';
}

static bool
is_alnum(uint8_t b)
{
	return is_digit(b) || is_upper(b) || is_lower(b);
}

static bool
is_refused(enum ks_boundary boundary, uint8_t b)
{
	switch (boundary) {
	case KS_BOUNDARY_NONE:
		return false;
	case KS_BOUNDARY_ALNUM:
		return is_alnum(b);
	case KS_BOUNDARY_WORD:
		return is_alnum(b) || b == '_';
	case KS_BOUNDARY_TOKEN:
		return is_alnum(b) || b == '_' || b == '-';
	}
	return true;
}

/* Whether lead and then exactly count bytes, all of them of chars, end at s. */
static bool
ends_with(const uint8_t *x, size_t s, const char *lead, size_t count, const char *chars)
{
	size_t width = strlen(lead) + count;

	if (s < width || memcmp(x + s - width, lead, strlen(lead)) != 0)
		return false;
	for (size_t i = s - count; i < s; i++)
		if (!is_one_of(x[i], chars))
			return false;
	return true;
}

/* Whether '[', up to 16 of 0-9;:? and one of A-Z, h, l, m end at s. */
static bool
ends_with_ansi(const uint8_t *x, size_t s)
{
	if (s == 0 || !(is_upper(x[s - 1]) || is_one_of(x[s - 1], "hlm")))
		return false;
	for (size_t count = 0; count <= 16; count++)
		if (ends_with(x, s - 1, "[", count, "0123456789;:?"))
			return true;
	return false;
}

/* Whether some sequence of bytes that ends at s is an escape. */
static bool
ends_with_escape(const uint8_t *x, size_t s)
{
	static const char hex[] = "0123456789ABCDEFabcdef";
	static const char octal[] = "01234567";

	return ends_with(x, s, "\\", 1, "0abefnrtv") || ends_with(x, s, "\\x", 2, hex) ||
	       ends_with(x, s, "%", 2, hex) || ends_with(x, s, "%25", 2, hex) ||
	       ends_with(x, s, "\\u", 4, hex) || ends_with(x, s, "\\", 3, octal) ||
	       ends_with(x, s, "#", 3, octal) || ends_with_ansi(x, s);
}

bool
oracle_boundary_allows(enum ks_boundary boundary, const uint8_t *x, size_t s)
{
	return s == 0 || !is_refused(boundary, x[s - 1]) || ends_with_escape(x, s);
}

/* ------------------------------------------------------------------ run ---- */

/* Whether p[0, n) is text and two hexadecimal digits whose value is a byte of set. */
static bool
is_hex_escape(const uint8_t *p, size_t n, const char *text, const struct oracle_set *set)
{
	size_t len = strlen(text);
	char digits[3] = "";

	if (n != len + 2 || memcmp(p, text, len) != 0 || !isxdigit(p[len]) || !isxdigit(p[len + 1]))
		return false;
	memcpy(digits, p + len, 2);
	return set->has[strtoul(digits, NULL, 16)];
}

/* Whether p[0, n) is an escape of a body byte of r. */
static bool
is_whole_escape(const struct oracle_rule *r, const uint8_t *p, size_t n)
{
	return (r->slash && n == 2 && p[0] == '\\' && p[1] == '/') ||
	       (r->percent && is_hex_escape(p, n, "%", &r->body)) ||
	       (r->unicode && is_hex_escape(p, n, "\\u00", &r->body));
}

/* Whether p[0, n) is the beginning, but not all, of text and two digits that are the value of byte b. */
static bool
begins_hex_escape(const uint8_t *p, size_t n, const char *text, unsigned b)
{
	static const char digits[] = "0123456789abcdef";
	char form[8];
	size_t len = strlen(text);

	memcpy(form, text, len);
	form[len] = digits[b / 16];
	form[len + 1] = digits[b % 16];
	if (n >= len + 2)
		return false;
	for (size_t i = 0; i < n; i++)
		if ((i < len ? p[i] : tolower(p[i])) != form[i])
			return false;
	return true;
}

/* Whether p[0, n), without being an escape of a body byte of r, can become one. */
static bool
begins_escape(const struct oracle_rule *r, const uint8_t *p, size_t n)
{
	if (r->slash && n == 1 && p[0] == '\\')
		return true;
	for (unsigned b = 0; b < 256; b++) {
		if (!r->body.has[b])
			continue;
		if ((r->percent && begins_hex_escape(p, n, "%", b)) ||
		    (r->unicode && begins_hex_escape(p, n, "\\u00", b)))
			return true;
	}
	return false;
}

static bool
may_begin_escape(uint8_t b)
{
	return b == '%' || b == '\\';
}

bool
oracle_escape_begun(const struct oracle_rule *r, struct oracle_view v, size_t i)
{
	return may_begin_escape(v.x[i]) && begins_escape(r, v.x + i, v.n - i);
}

static bool
is_body_byte(const struct oracle_rule *r, struct oracle_view v, size_t i)
{
	if (r->body.has[v.x[i]])
		return true;
	for (size_t len = 2; may_begin_escape(v.x[i]) && len <= 6 && i + len <= v.n; len++)
		if (is_whole_escape(r, v.x + i, len))
			return true;
	return false;
}

size_t
oracle_run_end(const struct oracle_rule *r, struct oracle_view v, size_t e)
{
	size_t f = e;

	while (f < v.n && is_body_byte(r, v, f))
		f++;
	return f;
}

/* ---------------------------------------------------------- placeholder ---- */

static size_t
count_stars(const uint8_t *p, size_t len)
{
	size_t stars = 0;

	while (stars < len && p[stars] == '*')
		stars++;
	return stars;
}

/* Three or more '*' and then at most four bytes of any kind. */
bool
oracle_is_stars(const uint8_t *p, size_t len)
{
	size_t stars = count_stars(p, len);

	return stars >= 3 && len - stars <= 4;
}

/* One or more of A-Za-z0-9_, from beginning to end. */
static bool
is_name(const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!is_alnum(p[i]) && p[i] != '_')
			return false;
	return len > 0;
}

/* open at the beginning, close at the end, without overlap. */
static bool
is_between(const uint8_t *p, size_t len, const char *open, char close)
{
	return len >= strlen(open) + 1 && memcmp(p, open, strlen(open)) == 0 &&
	       p[len - 1] == (uint8_t)close;
}

bool
oracle_is_placeholder(const uint8_t *p, size_t len)
{
	if (len > ORACLE_PLACEHOLDER_MAX)
		return count_stars(p, 64) == 64;
	if (len < 1)
		return false;
	if (oracle_is_stars(p, len))
		return true;
	if (p[0] == '$' && is_name(p + 1, len - 1))
		return true;
	if (len >= 3 && p[0] == '%' && p[len - 1] == '%' && is_name(p + 1, len - 2))
		return true;
	return is_between(p, len, "${", '}') || is_between(p, len, "$(", ')') ||
	       is_between(p, len, "{", '}') || is_between(p, len, "<", '>') ||
	       is_between(p, len, "[", ']');
}

/* ------------------------------------------------------------ satisfied ---- */

/* Condition 2: for each of digit, upper, lower that is required, one is in the first 64 bytes. */
static bool
meets_required(const struct oracle_rule *r, const uint8_t *run, size_t len)
{
	bool digit = false, upper = false, lower = false;

	for (size_t i = 0; i < len && i < 64; i++) {
		digit = digit || is_digit(run[i]);
		upper = upper || is_upper(run[i]);
		lower = lower || is_lower(run[i]);
	}
	return (digit || !(r->conditions & KS_REQUIRE_DIGIT)) &&
	       (upper || !(r->conditions & KS_REQUIRE_UPPER)) &&
	       (lower || !(r->conditions & KS_REQUIRE_LOWER));
}

/* Condition 5: e - w - k >= 0, and x[e - w - k, e - w) are all in the set. */
bool
oracle_meets_before(const struct oracle_rule *r, const uint8_t *x, size_t e)
{
	if (r->k == 0)
		return true;
	if (e < r->w + r->k)
		return false;
	for (size_t i = e - r->w - r->k; i < e - r->w; i++)
		if (!r->before.has[x[i]])
			return false;
	return true;
}

bool
oracle_satisfied(const struct oracle_rule *r, struct oracle_view v, size_t e)
{
	size_t f = oracle_run_end(r, v, e);
	size_t len = f - e;

	/* 1 */
	if (len < r->min || (r->max > 0 && len > r->max))
		return false;
	/* 2 */
	if (!meets_required(r, v.x + e, len))
		return false;
	/* 3 */
	if ((r->conditions & KS_REFUSE_PLACEHOLDER) && oracle_is_placeholder(v.x + e, len))
		return false;
	/* 4 */
	if (r->has_follow && len < 64 && !(f < v.n && r->follow.has[v.x[f]]))
		return false;
	/* 5 */
	return oracle_meets_before(r, v.x, e);
}

/* ----------------------------------------------------------------- open ---- */

/* Whether the run [e, f), seen from x[0, m), goes on; m is v.n. */
static bool
goes_on(const struct oracle_rule *r, struct oracle_view v, size_t f)
{
	return f == v.n || oracle_escape_begun(r, v, f);
}

bool
oracle_open(const struct oracle_rule *r, struct oracle_view v, size_t e)
{
	bool refuses = (r->conditions & KS_REFUSE_PLACEHOLDER) != 0;
	size_t f = oracle_run_end(r, v, e);
	size_t len = f - e;

	if (!goes_on(r, v, f))
		return false;
	if (r->max > 0)
		return len <= r->max;
	if (!r->is_patient && r->kind == KS_KIND_PROVIDER && !r->has_follow && !refuses &&
	    len >= r->min && meets_required(r, v.x + e, len))
		return false;
	return len < 64;
}
