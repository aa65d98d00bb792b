/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs and the conditions on them. Everything here is a function of the bytes alone, never of where
 * the window ends: a verdict other than VERDICT_OPEN stays true whatever comes later.
 */
#include "run.h"

#include <string.h>

#include "bytes.h"

/* What stands at a place: no escape, the beginning of one that may be an escape, or one of so many bytes. */
enum { ESCAPE_NONE = 0, ESCAPE_BEGUN = -1 };

/* The two digits at p[at], as far as there are any, make a byte of class k? */
static int
hex_escape(const struct classes *classes, unsigned k, const uint8_t *p, size_t n, size_t at)
{
	int high = n > at ? ks_hex_value(p[at]) : 0, low = n > at + 1 ? ks_hex_value(p[at + 1]) : 0;

	if (n <= at)
		return ESCAPE_BEGUN;
	if (high < 0 || low < 0)
		return ESCAPE_NONE;
	if (n > at + 1)
		return class_has(classes, k, (uint8_t)(high << 4 | low)) ? (int)at + 2
		                                                         : ESCAPE_NONE;
	for (low = 0; low < 16; low++) {
		if (class_has(classes, k, (uint8_t)(high << 4 | low)))
			return ESCAPE_BEGUN;
	}
	return ESCAPE_NONE;
}

/* The escape of a byte of class k at p, of which n > 0 bytes are there: "\/", "%2B", "\u002b" */
static int
escape_at(const struct classes *classes, unsigned k, const uint8_t *p, size_t n)
{
	static const char unicode[] = "\\u00";
	uint64_t bit = UINT64_C(1) << k;
	size_t len = n < strlen(unicode) ? n : strlen(unicode);

	if (p[0] == '%')
		return classes->percent & bit ? hex_escape(classes, k, p, n, 1) : ESCAPE_NONE;
	if (p[0] != '\\' || !((classes->slash | classes->unicode) & bit))
		return ESCAPE_NONE;
	if (n == 1)
		return ESCAPE_BEGUN;
	if (p[1] == '/' && classes->slash & bit)
		return 2;
	if (!(classes->unicode & bit) || memcmp(p, unicode, len) != 0)
		return ESCAPE_NONE;
	return hex_escape(classes, k, p, n, strlen(unicode));
}

/* Where the bytes of a class end that begin at from. Eight at a time: runs are long. */
static size_t
plain_end(const uint64_t *masks, uint64_t bit, const uint8_t *buf, size_t from, size_t len)
{
	size_t i = from;

	for (; len - i >= 8; i += 8) {
		const uint8_t *p = buf + i;

		if (!(masks[p[0]] & masks[p[1]] & masks[p[2]] & masks[p[3]] & masks[p[4]] &
		      masks[p[5]] & masks[p[6]] & masks[p[7]] & bit))
			break;
	}
	while (i < len && masks[buf[i]] & bit)
		i++;
	return i;
}

struct run
ks_run_find(const struct classes *classes, unsigned k, const uint8_t *buf, size_t from, size_t len,
            bool is_last)
{
	uint64_t bit = UINT64_C(1) << k;
	size_t i = from;

	for (;;) {
		i = plain_end(classes->masks, bit, buf, i, len);
		if (i == len)
			return (struct run){ .end = len, .goes_on = !is_last };
		int escape = escape_at(classes, k, buf + i, len - i);
		if (escape == ESCAPE_NONE)
			return (struct run){ .end = i };
		if (escape == ESCAPE_BEGUN)
			return (struct run){ .end = i, .goes_on = !is_last };
		i += (size_t)escape;
	}
}

/* The kinds of bytes that are required of the first 64 and are not there: enum ks_condition. */
static unsigned
missing_kinds(const struct classes *classes, unsigned conditions, const uint8_t *p, size_t len)
{
	const unsigned required = KS_REQUIRE_DIGIT | KS_REQUIRE_UPPER | KS_REQUIRE_LOWER;
	const uint8_t *kinds = classes->kinds;
	unsigned missing = conditions & required;
	size_t n = len < KS_RUN_DECIDED ? len : KS_RUN_DECIDED, i = 0;

	/* after how many bytes all are there cannot be foreseen; in how many eights it mostly can */
	for (; missing && n - i >= 8; i += 8)
		missing &= ~(unsigned)(kinds[p[i]] | kinds[p[i + 1]] | kinds[p[i + 2]] |
		                       kinds[p[i + 3]] | kinds[p[i + 4]] | kinds[p[i + 5]] |
		                       kinds[p[i + 6]] | kinds[p[i + 7]]);
	for (; missing && i < n; i++)
		missing &= ~(unsigned)kinds[p[i]];
	return missing;
}

static bool
has_required(const struct classes *classes, unsigned conditions, const uint8_t *p, size_t len)
{
	return !missing_kinds(classes, conditions, p, len);
}

static bool
is_name_byte(uint8_t b)
{
	return (b >= '0' && b <= '9') || (b >= 'A' && b <= 'Z') || (b >= 'a' && b <= 'z') ||
	       b == '_';
}

static bool
is_name(const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!is_name_byte(p[i]))
			return false;
	}
	return len > 0;
}

bool
ks_run_is_earlier_mask(const uint8_t *p, size_t len)
{
	size_t stars = 0;

	while (stars < len && p[stars] == '*')
		stars++;
	return stars >= 3 && len - stars <= 4;
}

static bool
is_enclosed(const uint8_t *p, size_t len)
{
	static const struct {
		const char *open;
		char close;
	} pairs[] = { { "${", '}' }, { "$(", ')' }, { "{", '}' }, { "<", '>' }, { "[", ']' } };

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		size_t n = strlen(pairs[i].open);
		if (len > n && memcmp(p, pairs[i].open, n) == 0 &&
		    p[len - 1] == (uint8_t)pairs[i].close)
			return true;
	}
	return false;
}

/* docs/definition.md, "Placeholder" */
static bool
is_placeholder(const uint8_t *p, size_t len)
{
	if (len < 1)
		return false;
	if (len >=
	    KS_RUN_DECIDED) /* only the first 64 bytes have a say, and they are no whole of anything else */
		return p[0] == '*' && memcmp(p, p + 1, KS_RUN_DECIDED - 1) == 0;
	if (p[0] == '$' && is_name(p + 1, len - 1))
		return true;
	if (len > 2 && p[0] == '%' && p[len - 1] == '%' && is_name(p + 1, len - 2))
		return true;
	return ks_run_is_earlier_mask(p, len) || is_enclosed(p, len);
}

static bool
follow_is_met(const struct compiled_rule *rule, const struct classes *classes, const uint8_t *buf,
              size_t end, size_t len)
{
	return rule->follow == CLASS_NONE ||
	       (end < len && class_has(classes, rule->follow, buf[end]));
}

/* Is the verdict open while a run of this length goes on? */
static bool
is_open(const struct compiled_rule *rule, const struct classes *classes, const struct view *view,
        size_t from, size_t len)
{
	if (rule->max)
		return len <= rule->max;
	if (len >= KS_RUN_DECIDED)
		return false;
	return view->may_be_allowed ||
	       !(rule->is_early && len >= rule->min &&
	         has_required(classes, rule->conditions, view->buf + from, len));
}

static enum ks_reason
reason_of_missing(unsigned missing)
{
	if (missing & KS_REQUIRE_DIGIT)
		return KS_REASON_DIGIT;
	return missing & KS_REQUIRE_UPPER ? KS_REASON_UPPER : KS_REASON_LOWER;
}

enum ks_reason
ks_run_refusal(const struct compiled_rule *rule, const struct classes *classes,
               const struct view *view, size_t from, struct run run)
{
	const uint8_t *p = view->buf + from;
	size_t n = run.end - from;

	if (n < rule->min)
		return KS_REASON_SHORT;
	if (rule->max && n > rule->max)
		return KS_REASON_LONG;
	if (!has_required(classes, rule->conditions, p, n))
		return reason_of_missing(missing_kinds(classes, rule->conditions, p, n));
	if (n < KS_RUN_DECIDED && !follow_is_met(rule, classes, view->buf, run.end, view->len))
		return KS_REASON_FOLLOW;
	if (rule->conditions & KS_REFUSE_PLACEHOLDER && (!run.goes_on || n >= KS_RUN_DECIDED) &&
	    is_placeholder(p, n))
		return KS_REASON_PLACEHOLDER;
	return KS_REASON_MASKED;
}

enum verdict
ks_run_judge(const struct compiled_rule *rule, const struct classes *classes,
             const struct view *view, size_t from, struct run run)
{
	if (run.goes_on && is_open(rule, classes, view, from, run.end - from))
		return VERDICT_OPEN;
	return ks_run_refusal(rule, classes, view, from, run) == KS_REASON_MASKED
	               ? VERDICT_SATISFIED
	               : VERDICT_UNSATISFIED;
}
