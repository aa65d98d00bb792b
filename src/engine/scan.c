/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scanning. What Hyperscan finds is a trigger's end, or the end of what leads to one: a head, whose lead
 * is followed here (lead.h), or a noun, behind which separator and names are looked up (setting.h).
 *
 * Invariants: a candidate is found in the window in which its trigger's last byte is new, whatever came
 * in which window before. Nothing here looks at a byte more than a constant number of times.
 */
#include "scan.h"

#include <string.h>

struct scan {
	struct window *window;
	struct carry *carry;
	size_t noun_count, named_count; /* in the scratch */
	bool has_failed; /* Hyperscan, or there are more matches than there can be: a bug */
};

size_t
ks_scan_leads_max(const struct ks_ruleset *set)
{
	return set->lead_count * (TRIGGER_WIDTH_MAX + 1);
}

/* Insert found into list[0, *count), which is ordered by end; most belong at its end. */
static bool
insert_in_order(struct candidate *list, size_t *count, size_t max, struct candidate found)
{
	size_t i = *count;

	if (i == max)
		return false;
	for (; i > 0 && list[i - 1].end > found.end; i--)
		list[i] = list[i - 1];
	list[i] = found;
	++*count;
	return true;
}

/* Leads end ahead of their heads. And Hyperscan does not promise to report in order. */
static void
add_candidate(struct scan *scan, size_t end, uint32_t rule)
{
	struct ks_scratch *scratch = scan->window->scratch;

	if (!insert_in_order(scratch->candidates, &scan->window->candidate_count,
	                     scratch->candidate_max, (struct candidate){ (uint32_t)end, rule }))
		scan->has_failed = true;
}

/* ------------------------------------------------------------------- leads ---- */

/* Go on at at with a rule's lead, of which count bytes have been seen. */
static void
follow_lead(struct scan *scan, uint32_t rule, size_t at, unsigned count)
{
	const struct window *w = scan->window;

	switch (ks_lead_follow(&w->set->rules[rule].lead, w->buf, w->len, &at, &count)) {
	case LEAD_NONE:
		break;
	case LEAD_ENDS:
		add_candidate(scan, at, rule);
		break;
	case LEAD_OPEN:
		if (scan->carry->lead_count == ks_scan_leads_max(w->set))
			scan->has_failed = true;
		else
			scan->carry->leads[scan->carry->lead_count++] = (struct open_lead){ rule,
				                                                            count };
		break;
	}
}

static void
follow_carried_leads(struct scan *scan)
{
	size_t count = scan->carry->lead_count;

	scan->carry->lead_count = 0; /* what stays open is written behind what has been read */
	for (size_t i = 0; i < count; i++) {
		struct open_lead open = scan->carry->leads[i];
		follow_lead(scan, open.rule, scan->window->held, open.count);
	}
}

/* --------------------------------------------------------------- settings ---- */

/* Ends of separators behind a noun, counted from it. */
struct separator_ends {
	uint8_t items[SEPARATOR_WIDTH_MAX];
	size_t count;
	size_t seen; /* ends up to here were found in the last window */
};

static int
on_separator(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *ctx)
{
	struct separator_ends *ends = ctx;

	(void)id;
	(void)from;
	(void)flags;
	if (to > ends->seen && ends->count < SEPARATOR_WIDTH_MAX)
		ends->items[ends->count++] = (uint8_t)to;
	return 0;
}

/* A search for names in the text before a noun. */
struct name_search {
	const struct ks_ruleset *set;
	uint32_t *rules; /* whose names end at the noun; room for every named rule */
	size_t count;
	size_t end;     /* of the text: the noun's */
	bool has_heads; /* of names that go on behind it */
};

static void
add_rule(struct name_search *search, uint32_t rule)
{
	for (size_t i = 0; i < search->count; i++) {
		if (search->rules[i] == rule)
			return;
	}
	search->rules[search->count++] = rule;
}

static int
on_head(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *ctx)
{
	struct name_search *search = ctx;
	const struct name_path *path = &search->set->paths[id];

	(void)from;
	(void)flags;
	if (!path->is_whole)
		search->has_heads = true;
	else if (to == search->end)
		add_rule(search, path->rule);
	return 0;
}

static int
on_name(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *ctx)
{
	struct name_search *search = ctx;

	(void)from;
	(void)flags;
	if (to == search->end)
		add_rule(search, id);
	return 0;
}

static void
scan_block(struct scan *scan, enum database number, const uint8_t *text, size_t len,
           match_event_handler on_match, void *ctx)
{
	const struct window *w = scan->window;

	hs_error_t e = hs_scan(w->set->databases[number], (const char *)text, (unsigned)len, 0,
	                       w->scratch->hs, on_match, ctx);

	if (e != HS_SUCCESS && e != HS_SCAN_TERMINATED)
		scan->has_failed = true;
}

/* Can a value of a setting begin at at? It may have escapes in it. */
static bool
may_be_value(const struct window *w, size_t at)
{
	const struct classes *classes = &w->set->classes;

	for (size_t i = at; i < at + w->set->named_min && i < w->len; i++) {
		if (!(classes->masks[w->buf[i]] & w->set->named_bodies) && w->buf[i] != '\\' &&
		    w->buf[i] != '%')
			return false;
	}
	return true;
}

/* Where the longest name can begin that ends at noun. */
static ptrdiff_t
name_begin(const struct window *w, ptrdiff_t noun)
{
	unsigned strangers = 0;
	ptrdiff_t at = noun;

	while (at > -(ptrdiff_t)w->before_len && noun - at < (ptrdiff_t)NAME_WIDTH_MAX) {
		uint8_t b = at > 0 ? w->buf[at - 1] : w->before[(ptrdiff_t)w->before_len + at - 1];

		if (!is_setting_byte(b) && strangers++ == w->set->strangers)
			break;
		at--;
	}
	return at;
}

/* Find the rules whose names end at noun. */
static void
find_names(struct scan *scan, ptrdiff_t noun, struct name_search *ret_search)
{
	const struct window *w = scan->window;
	uint8_t room[NAME_TEXT_MAX];
	size_t len;
	ptrdiff_t from = name_begin(w, noun) - (ptrdiff_t)BOUNDARY_WIDTH_MAX - 1;
	const uint8_t *text = ks_window_text(w, from, noun, room, &len);

	*ret_search = (struct name_search){ .set = w->set, .rules = w->scratch->names, .end = len };
	scan_block(scan, DATABASE_HEADS, text, len, on_head, ret_search);
	if (ret_search->has_heads)
		scan_block(scan, DATABASE_NAMES, text, len, on_name, ret_search);
}

static void
add_named(struct scan *scan, size_t end, const struct name_search *names)
{
	struct ks_scratch *scratch = scan->window->scratch;

	for (size_t i = 0; i < names->count; i++) {
		if (!insert_in_order(scratch->named, &scan->named_count, scratch->named_max,
		                     (struct candidate){ (uint32_t)end, names->rules[i] }))
			scan->has_failed = true;
	}
}

/*
 * Look what follows a noun that ends at noun, if that is new; and if it can be a value, what names it is
 * the end of.
 */
static void
follow_noun(struct scan *scan, ptrdiff_t noun)
{
	const struct window *w = scan->window;
	ptrdiff_t to = noun + (ptrdiff_t)SEPARATOR_WIDTH_MAX;
	struct separator_ends ends = { .count = 0 };
	struct name_search names;
	uint8_t room[SEPARATOR_WIDTH_MAX];
	const uint8_t *text;
	size_t len;
	bool has_names = false;

	if (to > (ptrdiff_t)w->len)
		to = (ptrdiff_t)w->len;
	text = ks_window_text(w, noun, to, room, &len);
	if (len > 0 && !ks_setting_may_go_on(text[0]))
		return;
	if (noun < (ptrdiff_t)w->held)
		ends.seen = (size_t)((ptrdiff_t)w->held - noun);
	if (len > ends.seen)
		scan_block(scan, DATABASE_SEPARATORS, text, len, on_separator, &ends);
	for (size_t i = 0; i < ends.count; i++) {
		size_t end = (size_t)(noun + (ptrdiff_t)ends.items[i]);

		if (!may_be_value(w, end))
			continue;
		if (!has_names)
			find_names(scan, noun, &names);
		has_names = true;
		add_named(scan, end, &names);
	}
	if (len < SEPARATOR_WIDTH_MAX && scan->carry->noun_count < SEPARATOR_WIDTH_MAX &&
	    ks_setting_may_be_open(text, len))
		scan->carry->nouns[scan->carry->noun_count++] = (uint8_t)len;
}

static void
follow_nouns(struct scan *scan)
{
	size_t count = scan->carry->noun_count;

	scan->carry->noun_count = 0;
	for (size_t i = 0; i < count; i++)
		follow_noun(scan, (ptrdiff_t)scan->window->held - (ptrdiff_t)scan->carry->nouns[i]);
	for (size_t i = 0; i < scan->noun_count; i++)
		follow_noun(scan, (ptrdiff_t)scan->window->scratch->nouns[i]);
}

/* Both lists are ordered by end. */
static void
merge_named(struct scan *scan)
{
	struct ks_scratch *scratch = scan->window->scratch;
	size_t i = scan->window->candidate_count, j = scan->named_count, to = i + j;

	if (to > scratch->candidate_max) {
		scan->has_failed = true;
		return;
	}
	scan->window->candidate_count = to;
	while (j > 0) {
		if (i > 0 && scratch->candidates[i - 1].end > scratch->named[j - 1].end)
			scratch->candidates[--to] = scratch->candidates[--i];
		else
			scratch->candidates[--to] = scratch->named[--j];
	}
}

/* ------------------------------------------------------------------- window ---- */

static bool
boundary_allows(const struct window *w, const struct compiled_rule *rule, size_t end)
{
	ptrdiff_t start = (ptrdiff_t)end - (ptrdiff_t)rule->width.max;
	uint8_t room[BOUNDARY_WIDTH_MAX];
	size_t len;
	const uint8_t *text = ks_window_text(w, start - (ptrdiff_t)BOUNDARY_WIDTH_MAX, start, room,
	                                     &len);

	return ks_boundary_allows((enum ks_boundary)rule->boundary, text, len);
}

/*
 * Does the run behind a trigger end, in this window, before the rule's least length? Most triggers in a
 * log are such near misses, and this spares them all the rest. Not if a carrier's run could end
 * with the trigger, or has an earlier mask behind it: then the carrier has to know of it (window.c).
 */
static bool
is_near_miss(const struct window *w, const struct compiled_rule *rule, size_t end)
{
	const uint64_t *masks = w->set->classes.masks;
	uint64_t bit = UINT64_C(1) << rule->body, carriers = w->set->carrier_bodies;
	size_t to = end + rule->min < w->len ? end + rule->min : w->len, i = end;

	if (w->on_attempt || end == w->len || w->buf[end] == '*' ||
	    (masks[w->buf[end]] & carriers) != carriers)
		return false;
	while (i < to && (masks[w->buf[i]] & bit || w->buf[i] == '\\' || w->buf[i] == '%'))
		i++;
	return i < to;
}

static int
on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *ctx)
{
	struct scan *scan = ctx;
	const struct window *w = scan->window;
	const struct compiled_rule *rule;
	size_t end = (size_t)(to - w->offset);

	(void)from;
	(void)flags;
	if (id >= w->set->rule_count) {
		w->scratch->nouns[scan->noun_count++] = (uint32_t)end;
		return 0;
	}
	rule = &w->set->rules[id];
	if (rule->lead.head_len)
		follow_lead(scan, id, end, 0);
	else if (!is_near_miss(w, rule, end) &&
	         (!rule->checks_boundary || boundary_allows(w, rule, end)))
		add_candidate(scan, end, id);
	return 0;
}

int
ks_scan_window(struct window *w, struct carry *carry, hs_stream_t *hs)
{
	struct scan scan = { .window = w, .carry = carry };

	w->candidate_count = carry->open_count;
	if (w->candidate_count)
		memcpy(w->scratch->candidates, carry->open,
		       w->candidate_count * sizeof(*carry->open));
	follow_carried_leads(&scan);
	if (w->len > w->held &&
	    hs_scan_stream(hs, (const char *)w->buf + w->held, (unsigned)(w->len - w->held), 0,
	                   w->scratch->hs, on_match, &scan) != HS_SUCCESS)
		return KS_ERROR_INTERNAL;
	follow_nouns(&scan);
	merge_named(&scan);
	return scan.has_failed ? KS_ERROR_INTERNAL : KS_OK;
}
