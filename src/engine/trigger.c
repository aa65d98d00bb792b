/* SPDX-License-Identifier: Apache-2.0 */
/* From a rule's trigger to the expressions that Hyperscan gets. */
#include "trigger.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boundary.h"
#include "error.h"
#include "lead.h"
#include "macro.h"

/* before(?:expression), the caller's to free; NULL also if expression is. */
static char *
prefix(const char *before, const char *expression)
{
	char *text;

	if (!expression || asprintf(&text, "%s(?:%s)", before, expression) < 0)
		return NULL;
	return text;
}

char *
ks_trigger_expression(const struct ks_rule *rule, bool checks_boundary)
{
	const char *boundary = checks_boundary ? "" : ks_boundary_expression(rule->boundary);
	char *expanded = ks_macro_expand(rule->trigger);
	char *expression;
	struct lead lead;

	ks_lead_split(rule, &lead);
	if (expanded && lead.head_len)
		expanded[lead.head_len] = '\0'; /* a trigger with a lead has no macros */
	expression = prefix(boundary, expanded);
	free(expanded);
	return expression;
}

char *
ks_trigger_anchored(const struct ks_rule *rule)
{
	char *expanded = ks_macro_expand(rule->trigger);
	char *expression = prefix("^", expanded);

	free(expanded);
	return expression;
}

/* Does the expression assert something about its surroundings, which a trigger must not? */
static bool
has_assertion(const char *p)
{
	while (*p) {
		if (*p == '[') {
			p = ks_byteset_end(p);
			if (!p)
				return false; /* Hyperscan will say what is wrong */
		} else if (*p == '\\' && p[1]) {
			if (strchr("bBAzZG", p[1]))
				return true;
			p += 2;
		} else if (*p == '^' || *p == '$') {
			return true;
		} else {
			p++;
		}
	}
	return false;
}

static int
check_width(const struct ks_rule *rule, const hs_expr_info_t *info, struct ks_error *reterr)
{
	unsigned limit = rule->kind == KS_KIND_CARRIER ? TRIGGER_WIDTH_MAX
	                                               : TRIGGER_WIDTH_MAX_PROVIDER;
	if (info->max_width == UINT_MAX)
		return ks_error_rule(reterr, rule->id, "trigger",
		                     "it is not bounded: use {0,n}, not * or +");
	if (info->min_width == 0)
		return ks_error_rule(reterr, rule->id, "trigger", "it matches the empty string");
	if (info->max_width > limit)
		return ks_error_rule(reterr, rule->id, "trigger",
		                     "it can be %u bytes wide, %u is the most", info->max_width,
		                     limit);
	return KS_OK;
}

bool
ks_trigger_ran_out(const hs_compile_error_t *wrong)
{
	return wrong && strstr(wrong->message, "allocate memory");
}

int
ks_trigger_error(const struct ks_rule *rule, const hs_compile_error_t *wrong,
                 struct ks_error *reterr)
{
	const char *message = wrong ? wrong->message : "not accepted";

	if (ks_trigger_ran_out(wrong))
		return ks_error_set(reterr, KS_ERROR_MEMORY, "%s", ks_status_text(KS_ERROR_MEMORY));
	if (rule)
		return ks_error_rule(reterr, rule->id, "trigger", "%s", message);
	return ks_error_set(reterr, KS_ERROR_INTERNAL, "Hyperscan: %s", message);
}

static int
measure(const struct ks_rule *rule, const char *expanded, struct trigger_width *ret_width,
        struct ks_error *reterr)
{
	hs_compile_error_t *wrong = NULL;
	hs_expr_info_t *info = NULL;
	int r;

	if (has_assertion(expanded))
		return ks_error_rule(reterr, rule->id, "trigger", "no anchors: use boundary");
	if (hs_expression_info(expanded, HS_FLAG_DOTALL, &info, &wrong) != HS_SUCCESS) {
		r = ks_trigger_error(rule, wrong, reterr);
		(void)hs_free_compile_error(wrong);
		return r;
	}
	r = check_width(rule, info, reterr);
	if (r == KS_OK)
		*ret_width = (struct trigger_width){ info->min_width, info->max_width };
	free(info);
	return r;
}

int
ks_trigger_measure(const struct ks_rule *rule, struct trigger_width *ret_width,
                   struct ks_error *reterr)
{
	char *expanded = ks_macro_expand(rule->trigger);
	int r;

	if (!expanded)
		return ks_error_set(reterr, KS_ERROR_MEMORY, "%s", ks_status_text(KS_ERROR_MEMORY));
	r = measure(rule, expanded, ret_width, reterr);
	free(expanded);
	return r;
}

/* Read one element at *p (a letter, digit, '_', '-' or a set) and move *p behind it. */
static const char *
parse_plain(const char **p, struct byteset *ret_set)
{
	*ret_set = (struct byteset){ { 0 } };
	if (**p == '[') {
		const char *end = ks_byteset_end(*p);
		const char *wrong = end ? ks_byteset_parse(*p + 1, (size_t)(end - *p) - 2, ret_set)
		                        : "a set without its ']'";
		*p = end;
		return wrong;
	}
	if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-", **p))
		return "the trigger of an infix rule is letters, digits, '_', '-' and [sets] only";
	byteset_add(ret_set, (uint8_t) * (*p)++);
	return NULL;
}

static const char *
parse_elements(const char *trigger, struct infix *infix)
{
	for (const char *p = trigger; *p; infix->width++) {
		if (infix->width == INFIX_WIDTH_MAX)
			return "the trigger of an infix rule is 16 bytes wide at most";
		const char *wrong = parse_plain(&p, &infix->elements[infix->width]);
		if (wrong)
			return wrong;
		if (!ks_byteset_within(&infix->elements[infix->width], &infix->before))
			return "the trigger of an infix rule must lie within the set of 'before'";
	}
	return NULL;
}

/* "[set]{n}" */
static const char *
parse_before(const char *before, struct infix *infix)
{
	const char *end = *before == '[' ? ks_byteset_end(before) : NULL;
	char *rest = NULL;
	unsigned long n;

	if (!end || *end != '{')
		return "'before' must have the form [set]{n}";
	n = strtoul(end + 1, &rest, 10);
	if (rest == end + 1 || strcmp(rest, "}") != 0 || n < 1 || n > INFIX_BEFORE_MAX)
		return "'before' must have the form [set]{n} with n from 1 to 64";
	infix->before_len = (unsigned)n;
	return ks_byteset_parse(before + 1, (size_t)(end - before) - 2, &infix->before);
}

int
ks_trigger_parse_infix(const struct ks_rule *rule, struct infix *ret_infix, struct ks_error *reterr)
{
	struct infix infix = { .before_len = 0 };
	const char *wrong = NULL;

	if (rule->before) {
		wrong = parse_before(rule->before, &infix);
		if (!wrong)
			wrong = parse_elements(rule->trigger, &infix);
		if (!wrong && rule->boundary != KS_BOUNDARY_NONE)
			wrong = "an infix rule has no boundary";
		if (!wrong && rule->kind != KS_KIND_PROVIDER)
			wrong = "an infix rule is a provider's";
	}
	if (wrong)
		return ks_error_rule(reterr, rule->id, "before", "%s", wrong);
	*ret_infix = infix;
	return KS_OK;
}
