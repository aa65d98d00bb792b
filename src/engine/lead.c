/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which triggers are split is decided by their text alone, and narrowly: head and lead are plain bytes
 * and sets, so that nothing (a group, an alternative, a flag) can reach over the cut.
 */
#include "lead.h"

#include <stdio.h>
#include <string.h>

/* The '[' of the set that ends with close, the last ']' of text. */
static const char *
find_set(const char *text, const char *close)
{
	for (const char *p = text; p < close; p++) {
		const char *end = *p == '[' ? ks_byteset_end(p) : NULL;

		if (end == close + 1)
			return p;
		if (end)
			p = end - 1;
	}
	return NULL;
}

/* Parse "]{a,b}c" at p, the whole rest of a trigger. */
static bool
parse_tail(const char *p, struct lead *lead)
{
	char end;
	int used = 0;

	if (sscanf(p, "]{%3u,%3u}%c%n", &lead->min, &lead->max, &end, &used) != 3 || p[used])
		return false;
	lead->end = (uint8_t)end;
	return lead->min <= lead->max && !strchr("\\^$.|?*+()[]{}", end);
}

void
ks_lead_split(const struct ks_rule *rule, struct lead *ret_lead)
{
	const char *text = rule->trigger, *close = strrchr(text, ']'), *open;
	struct lead lead = { .head_len = 0 };

	*ret_lead = lead;
	if (!close || rule->before || !parse_tail(close, &lead))
		return;
	open = find_set(text, close);
	if (!open || open == text)
		return;
	if (ks_byteset_parse(open + 1, (size_t)(close - open) - 1, &lead.set))
		return;
	lead.head_len = (size_t)(open - text);
	if (byteset_has(&lead.set, lead.end) || strcspn(text, "()|?*+{\\") < lead.head_len)
		return;
	*ret_lead = lead;
}

enum lead_state
ks_lead_follow(const struct lead *lead, const uint8_t *buf, size_t len, size_t *at, unsigned *count)
{
	while (*at < len && *count <= lead->max && byteset_has(&lead->set, buf[*at])) {
		(*at)++;
		(*count)++;
	}
	if (*count > lead->max)
		return LEAD_NONE;
	if (*at == len)
		return LEAD_OPEN;
	if (buf[*at] != lead->end || *count < lead->min)
		return LEAD_NONE;
	(*at)++;
	return LEAD_ENDS;
}
