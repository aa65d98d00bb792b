/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs and the conditions on them. Everything here is a function of the bytes alone, never of where
 * the window ends: a verdict other than VERDICT_OPEN stays true whatever comes later.
 */
#include "run.h"

#include <string.h>

struct run
ks_run_find(const struct classes *classes, unsigned k, const uint8_t *buf, size_t from, size_t len,
            bool is_last)
{
	uint64_t bit = UINT64_C(1) << k;
	size_t i = from;

	for (;;) {
		while (i < len && classes->masks[buf[i]] & bit)
			i++;
		if (i == len)
			return (struct run){ .end = len, .goes_on = !is_last };
		if (buf[i] != '\\' || !(classes->escaping & bit))
			return (struct run){ .end = i };
		if (i + 1 == len)
			return (struct run){ .end = i, .goes_on = !is_last };
		if (buf[i + 1] != '/')
			return (struct run){ .end = i };
		i += 2;
	}
}

static bool
has_required(unsigned conditions, const uint8_t *p, size_t len)
{
	const unsigned required = KS_REQUIRE_DIGIT | KS_REQUIRE_UPPER | KS_REQUIRE_LOWER;
	unsigned missing = conditions & required;

	for (size_t i = 0; missing && i < len && i < KS_RUN_DECIDED; i++) {
		if (p[i] >= '0' && p[i] <= '9')
			missing &= ~(unsigned)KS_REQUIRE_DIGIT;
		else if (p[i] >= 'A' && p[i] <= 'Z')
			missing &= ~(unsigned)KS_REQUIRE_UPPER;
		else if (p[i] >= 'a' && p[i] <= 'z')
			missing &= ~(unsigned)KS_REQUIRE_LOWER;
	}
	return !missing;
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

static bool
is_earlier_mask(const uint8_t *p, size_t len)
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
	if (len < 1 || len >= KS_RUN_DECIDED)
		return false; /* of a longer run only the first 64 bytes have a say */
	if (p[0] == '$' && is_name(p + 1, len - 1))
		return true;
	if (len > 2 && p[0] == '%' && p[len - 1] == '%' && is_name(p + 1, len - 2))
		return true;
	return is_earlier_mask(p, len) || is_enclosed(p, len);
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
is_open(const struct compiled_rule *rule, struct view view, size_t from, size_t len)
{
	if (rule->max)
		return len <= rule->max;
	if (len >= KS_RUN_DECIDED)
		return false;
	return view.may_be_allowed || !(rule->is_early && len >= rule->min &&
	                                has_required(rule->conditions, view.buf + from, len));
}

enum verdict
ks_run_judge(const struct compiled_rule *rule, const struct classes *classes, struct view view,
             size_t from, struct run run)
{
	const uint8_t *p = view.buf + from;
	size_t n = run.end - from;

	if (run.goes_on && is_open(rule, view, from, n))
		return VERDICT_OPEN;
	if (n < rule->min || (rule->max && n > rule->max))
		return VERDICT_UNSATISFIED;
	if (!has_required(rule->conditions, p, n))
		return VERDICT_UNSATISFIED;
	if (n < KS_RUN_DECIDED && !follow_is_met(rule, classes, view.buf, run.end, view.len))
		return VERDICT_UNSATISFIED;
	if (rule->conditions & KS_REFUSE_PLACEHOLDER && !run.goes_on && is_placeholder(p, n))
		return VERDICT_UNSATISFIED;
	return VERDICT_SATISFIED;
}
