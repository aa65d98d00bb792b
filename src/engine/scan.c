/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scanning. What Hyperscan finds is a trigger's end, or the end of what leads to one: a head, whose lead
 * is followed here (lead.h), or a noun, behind which is the separator (separator.h) and before it the name (name.h).
 *
 * Invariants: a candidate is found in the window in which its trigger's last byte is new, whatever came
 * in which window before. Nothing here looks at a byte more than a constant number of times.
 */
#include "scan.h"

#include <string.h>

#include "bytes16.h"
#include "separator.h"

/* Of which classes all of the first n bytes of a run can be, for each n: many triggers end at one place. */
struct beginning {
	size_t from;
	size_t gap; /* how far behind it a word ends; SIZE_MAX: not near */
	unsigned count;
	uint64_t classes[KS_RUN_DECIDED + 1];
};

struct scan {
	struct window *window;
	struct carry *carry;
	size_t noun_count, named_count; /* in the scratch */
	struct beginning beginning;     /* the last that was looked at */
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

/* The rules whose names end at a noun; they are looked for when there is a value. */
struct found_names {
	uint32_t *rules;
	size_t count;
	bool is_known;
};

static void
find_names(struct scan *scan, ptrdiff_t noun, struct found_names *names)
{
	const struct window *w = scan->window;
	uint8_t room[NAME_TEXT_MAX];
	size_t len;
	const uint8_t *text = ks_window_text(w, noun - (ptrdiff_t)NAME_TEXT_MAX, noun, room, &len);

	names->rules = w->scratch->names;
	names->count = ks_name_memo_find(&w->scratch->name_memo, &w->set->names, text, len,
	                                 names->rules);
	names->is_known = true;
}

/* A separator behind noun ends at end. */
static void
add_named(struct scan *scan, ptrdiff_t noun, size_t end, struct found_names *names)
{
	struct ks_scratch *scratch = scan->window->scratch;

	if (!may_be_value(scan->window, end))
		return;
	if (!names->is_known)
		find_names(scan, noun, names);
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
	struct found_names names = { .is_known = false };
	unsigned state = SEPARATOR_START;
	ptrdiff_t at = noun;

	while (at < (ptrdiff_t)w->len && state) {
		uint8_t b = at < 0 ? w->before[(ptrdiff_t)w->before_len + at] : w->buf[at];

		state = separator_step(state, b);
		at++;
		if (separator_ends(state) && at > (ptrdiff_t)w->held)
			add_named(scan, noun, (size_t)at, &names);
	}
	if (state && at - noun < (ptrdiff_t)SEPARATOR_WIDTH_MAX &&
	    scan->carry->noun_count < SEPARATOR_WIDTH_MAX)
		scan->carry->nouns[scan->carry->noun_count++] = (uint8_t)(at - noun);
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

static size_t
gap_behind(const struct window *w, size_t from)
{
	size_t n = sizeof(bytes16);

	if (w->len - from >= n)
		n = ks_bytes16_gap(ks_bytes16(w->buf + from));
	return n < sizeof(bytes16) ? n : SIZE_MAX;
}

/* Can the first n bytes of the run at from be of these classes? */
static bool
may_begin(struct scan *scan, size_t from, size_t n, uint64_t classes)
{
	const struct window *w = scan->window;
	struct beginning *b = &scan->beginning;
	size_t i;

	if (b->from != from) {
		b->from = from;
		b->gap = gap_behind(w, from);
		b->count = 0;
		b->classes[0] = UINT64_MAX;
	}
	if (b->gap < n && classes & w->set->classes.words)
		return false; /* as most triggers in a log: their words are too short */
	for (i = b->count; i < n && b->classes[i] & classes; i++)
		b->classes[i + 1] = b->classes[i] & w->set->classes.maybe[w->buf[from + i]];
	b->count = (unsigned)i;
	return b->classes[n < b->count ? n : b->count] & classes;
}

/*
 * Does the run behind a trigger end, in this window, before the rule's least length? Most triggers in a
 * log are such near misses, and this spares them all the rest. Not if a carrier's run could end
 * with the trigger, or has an earlier mask behind it: then the carrier has to know of it (window.c).
 */
static bool
is_near_miss(struct scan *scan, const struct compiled_rule *rule, size_t end)
{
	const struct window *w = scan->window;
	uint64_t carriers = w->set->carrier_bodies;
	size_t n = end + rule->min < w->len ? rule->min : w->len - end;

	if (w->on_attempt || end == w->len || w->buf[end] == '*' ||
	    (w->set->classes.masks[w->buf[end]] & carriers) != carriers)
		return false;
	return !may_begin(scan, end, n, UINT64_C(1) << rule->body);
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
	else if (!is_near_miss(scan, rule, end) &&
	         (!rule->checks_boundary || boundary_allows(w, rule, end)))
		add_candidate(scan, end, id);
	return 0;
}

int
ks_scan_window(struct window *w, struct carry *carry, hs_stream_t *hs)
{
	struct scan scan = { .window = w, .carry = carry, .beginning = { .from = SIZE_MAX } };

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
