/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The aftermath of a scan: which bytes of a window are masked, and which must be held because that
 * depends on bytes to come. An implementation of docs/definition.md, whose terms it uses.
 *
 * Invariants: every verdict is a function of the stream's bytes alone. A byte below the floor is
 * final: no match to come, and none that is open, can mask it.
 */
#include "window.h"

#include <string.h>

const uint8_t *
ks_window_text(const struct window *w, ptrdiff_t from, ptrdiff_t to, uint8_t *room, size_t *ret_len)
{
	size_t before, behind;

	if (from < -(ptrdiff_t)w->before_len)
		from = -(ptrdiff_t)w->before_len;
	*ret_len = to > from ? (size_t)(to - from) : 0;
	if (from >= 0)
		return w->buf + from;
	before = to < 0 ? *ret_len : (size_t)-from;
	behind = *ret_len - before;
	memcpy(room, w->before + w->before_len + from, before);
	memcpy(room + before, w->buf, behind);
	return room;
}

/* ------------------------------------------------------------------ runs ---- */

/*
 * Runs of one class do not overlap, and candidates come in order: the last run is all to remember.
 */
static struct run
find_run(struct window *w, unsigned class, size_t from)
{
	struct run_memo *memo = &w->scratch->memos[class];
	struct run run;

	if (memo->is_set && from >= memo->from && from <= memo->run.end)
		return memo->run;
	run = ks_run_find(&w->set->classes, class, w->buf, from, w->len, w->is_last);
	*memo = (struct run_memo){ .from = from, .run = run, .is_set = true };
	return run; /* not the memo's: it could not be read before it is written */
}

/* A satisfied run that goes on is followed into the next window by its class alone. */
static void
follow_run(struct window *w, unsigned class, struct run run)
{
	uint64_t bit = UINT64_C(1) << class;

	if (!run.goes_on)
		return;
	if (run.end == w->len) {
		w->active |= bit;
	} else {
		w->waiting |= bit;
		w->waiting_len = w->len -
		                 run.end; /* the same for every class: one escape has begun */
	}
}

static void
continue_class(struct window *w, unsigned class, size_t from)
{
	struct run run = find_run(w, class, from);

	if (run.end > from)
		ks_span_list_add(&w->spans, from, run.end, CREDIT_OF_NONE);
	follow_run(w, class, run);
}

/* Go on with the runs that reached the end of the last window. */
static void
continue_runs(struct window *w)
{
	uint64_t active = w->active, waiting = w->waiting;
	size_t escape = w->held - w->waiting_len; /* before it is begun anew for the next window */

	w->active = w->waiting = 0;
	for (; active; active &= active - 1)
		continue_class(w, (unsigned)__builtin_ctzll(active), w->held);
	for (; waiting; waiting &= waiting - 1)
		continue_class(w, (unsigned)__builtin_ctzll(waiting), escape);
}

static void
resume_runs(struct window *w)
{
	if (w->resumed_at >= w->len)
		return;
	for (; w->resumed; w->resumed &= w->resumed - 1)
		continue_class(w, (unsigned)__builtin_ctzll(w->resumed), w->resumed_at);
}

/* ----------------------------------------------------------------- judging ---- */

/*
 * Condition 5: what must stand before an infix rule's trigger. Such bytes were held, if they are
 * there, or given up: then they count as met.
 */
static bool
before_is_met(const struct window *w, const struct compiled_rule *rule, size_t end)
{
	size_t back = (size_t)rule->before_len + rule->width.max;

	if (end + w->given_up < back)
		return false;
	for (size_t i = end < back ? 0 : end - back; i + rule->width.max < end; i++) {
		if (!class_has(&w->set->classes, rule->before, w->buf[i]))
			return false;
	}
	return true;
}

static enum verdict
judge(struct window *w, const struct candidate *c, struct run *ret_run)
{
	const struct compiled_rule *rule = &w->set->rules[c->rule];
	struct view view = { w->buf, w->len, w->is_allowed != NULL };

	struct run run = find_run(w, rule->body, c->end);

	*ret_run = run;
	if (rule->before_len && !before_is_met(w, rule, c->end))
		return VERDICT_UNSATISFIED;
	return ks_run_judge(rule, &w->set->classes, &view, c->end, run);
}

struct anchored_query {
	unsigned rule;
	size_t width;
	bool found;
};

static int
on_anchored(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *ctx)
{
	struct anchored_query *query = ctx;

	(void)from;
	(void)flags;
	if (id == query->rule && to == query->width)
		query->found = true;
	return query->found;
}

/* Does the trigger that ends at c->end begin at from? */
static bool
begins_at(const struct window *w, const struct candidate *c, size_t from)
{
	const struct trigger_width *width = &w->set->rules[c->rule].width;
	struct anchored_query query = { .rule = c->rule, .width = c->end - from };

	if (query.width < width->min || query.width > width->max)
		return false;
	if (width->min == width->max)
		return true;
	/* Were this to fail, the trigger would be masked with the key: the safe side. */
	(void)hs_scan(w->set->databases[DATABASE_ANCHORED], (const char *)w->buf + from,
	              (unsigned)query.width, 0, w->scratch->hs, on_anchored, &query);
	return query.found;
}

/*
 * A carrier's run [from, run.end) that is nothing but a trigger: the key behind it was masked
 * earlier.
 */
static bool
is_bare_trigger(size_t from, size_t trigger_end, struct run run)
{
	return trigger_end == run.end && !run.goes_on && run.end - from < KS_RUN_DECIDED;
}

/*
 * Has the key behind a trigger been masked earlier, with bytes of the carrier's body? Of a carrier's run
 * [from, run.end) only the first 64 bytes have a say.
 */
static bool
is_masked_key(const struct window *w, size_t from, size_t trigger_end, struct run run)
{
	const uint8_t *p = w->buf + trigger_end;
	size_t end = from + KS_RUN_DECIDED;

	if (run.end < end)
		return !run.goes_on && ks_run_is_earlier_mask(p, run.end - trigger_end);
	return trigger_end + 3 <= end && p[0] == '*' &&
	       memcmp(p, p + 1, end - trigger_end - 1) == 0;
}

/*
 * A carrier's match is masked from behind the trigger of a provider's key that begins where the
 * carrier's run begins ("Bearer sk-ant-..."). Finds where that is, or that it is open.
 */
static enum verdict
skip_provider_trigger(struct window *w, size_t index, struct run run, size_t *ret_from)
{
	const struct candidate *c = &w->scratch->candidates[index];
	size_t limit = c->end + KS_RUN_DECIDED < run.end ? c->end + KS_RUN_DECIDED : run.end;
	enum verdict verdict = VERDICT_SATISFIED;
	size_t from = c->end;

	for (size_t i = index + 1; i < w->candidate_count; i++) {
		const struct candidate *key = &w->scratch->candidates[i];
		const struct compiled_rule *rule = &w->set->rules[key->rule];
		struct run ignored;

		if (key->end > limit)
			break;
		if (rule->is_carrier || rule->before_len || !begins_at(w, key, c->end))
			continue;
		if (is_masked_key(w, c->end, key->end, run)) {
			*ret_from = run.end;
			return VERDICT_SATISFIED;
		}
		enum verdict of_key = judge(w, key, &ignored);
		if (of_key == VERDICT_OPEN)
			verdict = VERDICT_OPEN;
		else if (key->end > from &&
		         (of_key == VERDICT_SATISFIED || is_bare_trigger(c->end, key->end, run)))
			from = key->end;
	}
	*ret_from = from;
	return verdict;
}

static void
lower_floor(struct window *w, size_t to)
{
	if (to < w->floor)
		w->floor = to;
}

/* Is what the satisfied match c would mask, [from, run.end), on the stream's allow-list? */
static bool
is_allowed(const struct window *w, const struct candidate *c, size_t from, struct run run)
{
	return w->is_allowed && run.end - c->end < KS_RUN_DECIDED &&
	       w->is_allowed(w->allow_ctx, c->rule, w->buf + from, run.end - from);
}

/* --------------------------------------------------------------- attempts ---- */

/* Was the match decided in an earlier window, and carried only for the sake of an open carrier? */
static bool
was_decided(const struct window *w, const struct candidate *c)
{
	const struct compiled_rule *rule = &w->set->rules[c->rule];
	struct view known = { w->buf, w->held, w->is_allowed != NULL };
	struct run run;

	if (rule->is_carrier || rule->before_len || c->end > w->held)
		return false;
	run = ks_run_find(&w->set->classes, rule->body, w->buf, c->end, w->held, false);
	return ks_run_judge(rule, &w->set->classes, &known, c->end, run) != VERDICT_OPEN;
}

/* Why does the match mask its run from from on, or not? */
static enum ks_reason
find_reason(const struct window *w, const struct candidate *c, size_t from, struct run run)
{
	const struct compiled_rule *rule = &w->set->rules[c->rule];
	struct view view = { w->buf, w->len, w->is_allowed != NULL };
	enum ks_reason reason;

	if (rule->before_len && !before_is_met(w, rule, c->end))
		return KS_REASON_BEFORE;
	reason = ks_run_refusal(rule, &w->set->classes, &view, c->end, run);
	if (reason != KS_REASON_MASKED)
		return reason;
	if (from == run.end)
		return KS_REASON_BARE;
	return is_allowed(w, c, rule->is_carrier ? from : c->end, run) ? KS_REASON_ALLOWED
	                                                               : KS_REASON_MASKED;
}

static void
tell_attempt(const struct window *w, const struct candidate *c, size_t from, struct run run)
{
	struct ks_attempt attempt = {
		.rule = c->rule,
		.offset = w->offset + c->end,
		.length = run.end - c->end,
		.masked_from = w->offset + from,
		.reason = find_reason(w, c, from, run),
	};

	if (!was_decided(w, c))
		w->on_attempt(w->attempt_ctx, &attempt);
}

/* --------------------------------------------------------------- resolving ---- */

/* How far before the run of an infix rule's match its masked part begins. */
static size_t
infix_width(const struct compiled_rule *rule, size_t end)
{
	size_t back = (size_t)rule->before_len + rule->width.max;

	return back < end ? back : end; /* what lies before the window was given up */
}

/* What the match masks, [from, run.end): a span, which may go on. */
static void
mask_run(struct window *w, const struct candidate *c, size_t from, struct run run)
{
	const struct compiled_rule *rule = &w->set->rules[c->rule];
	struct credit credit = {
		.from = w->offset + from,
		.rule = c->rule,
		.rank = rule->is_carrier ? CREDIT_CARRIER : CREDIT_PROVIDER,
	};

	ks_span_list_add(&w->spans, from, run.end, credit);
	follow_run(w, rule->body, run);
}

static enum verdict
resolve(struct window *w, size_t index)
{
	const struct candidate *c = &w->scratch->candidates[index];
	const struct compiled_rule *rule = &w->set->rules[c->rule];
	size_t from = c->end;
	struct run run;
	enum verdict verdict = judge(w, c, &run);

	if (rule->before_len && verdict != VERDICT_UNSATISFIED)
		from -= infix_width(rule, c->end);
	else if (rule->is_carrier && verdict == VERDICT_SATISFIED)
		verdict = skip_provider_trigger(w, index, run, &from);
	if (verdict == VERDICT_OPEN && w->gives_up && (c->end < w->len || rule->before_len)) {
		mask_run(w, c, rule->is_carrier ? c->end : from, run);
		return VERDICT_SATISFIED;
	}
	if (verdict == VERDICT_OPEN) {
		lower_floor(w, rule->is_carrier ? c->end : from);
		return verdict;
	}
	if (w->on_attempt)
		tell_attempt(w, c, from, run);
	if (verdict == VERDICT_SATISFIED && from < run.end &&
	    !is_allowed(w, c, rule->is_carrier ? from : c->end, run))
		mask_run(w, c, from, run);
	return verdict;
}

/*
 * Resolve all candidates. Those that are open stay in the list, and with an open carrier the keys
 * that may begin where its run begins: it has to see them again, unsatisfied ones too, for they may
 * be bare triggers. To resolve a key a second time does no harm, as all of its span is still held.
 */
static void
resolve_all(struct window *w)
{
	struct candidate *candidates = w->scratch->candidates;
	size_t kept = 0, keys_until = 0; /* 0: no open carrier */

	for (size_t i = 0; i < w->candidate_count; i++) {
		const struct candidate c = candidates[i];
		const struct compiled_rule *rule = &w->set->rules[c.rule];
		enum verdict verdict = resolve(w, i);

		if (verdict == VERDICT_OPEN && rule->is_carrier)
			keys_until = c.end + KS_RUN_DECIDED;
		if (verdict == VERDICT_OPEN || (!rule->is_carrier && !rule->before_len &&
		                                keys_until > 0 && c.end <= keys_until))
			candidates[kept++] = c; /* never before index i was looked at */
	}
	w->candidate_count = kept;
}

/* -------------------------------------------------------------- holding back ---- */

/* How many bytes at the window's end could become the 'before' of an infix rule. */
static size_t
infix_tail(const struct window *w, const struct infix *infix)
{
	size_t most = infix->before_len + infix->width - 1, n = 0, held = 0;

	while (n < most && n < w->len && byteset_has(&infix->before, w->buf[w->len - 1 - n]))
		n++;
	if (n < infix->before_len)
		return n;
	/* begun triggers: the last j bytes are the first j elements */
	for (size_t j = 0; j + infix->before_len <= n; j++) {
		size_t i = 0;
		while (i < j && byteset_has(&infix->elements[i], w->buf[w->len - j + i]))
			i++;
		if (i == j)
			held = infix->before_len + j;
	}
	return held;
}

/* Mask what hold_tail() would hold. */
static void
give_up_tail(struct window *w)
{
	size_t from = w->len - (w->waiting ? w->waiting_len : 0);

	for (size_t i = 0; i < w->set->infix_count; i++) {
		size_t tail = w->len - infix_tail(w, &w->set->infixes[i]);
		from = tail < from ? tail : from;
	}
	if (from < w->len)
		ks_span_list_add(&w->spans, from, w->len, CREDIT_OF_NONE);
	w->active |=
		w->waiting; /* an escape's other bytes are in the classes whose bytes it stands for */
	w->waiting = 0;
}

static void
hold_tail(struct window *w)
{
	if (w->is_last)
		return;
	if (w->waiting)
		lower_floor(w, w->len - w->waiting_len);
	for (size_t i = 0; i < w->set->infix_count; i++)
		lower_floor(w, w->len - infix_tail(w, &w->set->infixes[i]));
}

void
ks_window_resolve(struct window *w)
{
	w->floor = w->len;
	if (w->candidate_count || w->active || w->waiting || w->resumed) {
		memset(w->scratch->memos, 0, w->set->classes.count * sizeof(w->scratch->memos[0]));
		continue_runs(w);
		resolve_all(w);
		resume_runs(w);
	}
	if (w->gives_up)
		give_up_tail(w);
	else
		hold_tail(w);
}
