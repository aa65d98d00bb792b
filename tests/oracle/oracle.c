/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All matches of all rules in one input, and what follows from them: masked bytes, regions, held
 * bytes. Everything is worked out anew from the list of matches at each call; nothing is clever.
 *
 * A span is an x[s, e) that matches a rule's trigger, whatever stands before s. A match is a rule
 * and an e for which there is a span whose s the boundary allows.
 */
#include "oracle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oracle_private.h"

/* More ways to end than a trigger of 128 bytes has, and ample room for PCRE2's states. */
#define MAX_ENDS  160
#define WORKSPACE 16384

struct span {
	size_t rule, s, e;
};

struct match {
	size_t rule, e;
};

/* Where a spelling of a known value stands. */
struct occurrence {
	size_t from, to, text, number;
};

/* A satisfied match's masked bytes x[from, to). */
struct range {
	size_t from, to;
};

struct oracle {
	struct oracle_rule *rules;
	size_t count;

	pcre2_match_data *ends;
	int *workspace;
	ks_allow_fn is_allowed; /* NULL: nothing is */
	void *allow_ctx;

	uint8_t *x; /* the input, n bytes and one to spare */
	size_t n;
	bool *masked; /* [n + 1] */

	struct span *spans; /* sorted by s */
	size_t span_count, span_room;
	/* [n + 2]: the spans that begin at s are spans[spans_from[s], spans_from[s + 1]). */
	size_t *spans_from;

	struct match *matches; /* in no order, each once */
	size_t match_count, match_room;
	bool *is_match; /* [count * (n + 1)], by rule and e */

	struct oracle_known known;
	struct occurrence *occurrences; /* in no order */
	size_t occurrence_count, occurrence_room;
	/* [n + 1]: how many bytes from here on are the beginning of a spelling, and not all of it, at most. */
	size_t *begun;
	size_t begun_most; /* the greatest of them */
};

/* ------------------------------------------------------------ lifecycle ---- */

struct oracle *
oracle_new(const struct ks_rule *rules, size_t count, char *reterr, size_t errlen)
{
	struct oracle *o = calloc(1, sizeof(*o));
	const char *id = "", *what = "memory";

	if (!o)
		goto fail;
	o->rules = calloc(count + 1, sizeof(*o->rules));
	o->ends = pcre2_match_data_create(MAX_ENDS, NULL);
	o->workspace = calloc(WORKSPACE, sizeof(*o->workspace));
	if (!o->rules || !o->ends || !o->workspace)
		goto fail;
	while (o->count < count) {
		size_t index = o->count++;

		if (oracle_rule_init(&o->rules[index], &rules[index], &what) < 0) {
			id = rules[index].id;
			goto fail;
		}
	}
	if (oracle_load(o, NULL, 0) < 0)
		goto fail;
	return o;
fail:
	(void)snprintf(reterr, errlen, "oracle: rule '%s': %s", id, what);
	return oracle_free(o);
}

/* Forget the input. */
static void
clear(struct oracle *o)
{
	free(o->x);
	free(o->masked);
	free(o->spans_from);
	free(o->is_match);
	free(o->begun);
	o->begun = NULL;
	o->begun_most = 0;
	o->occurrence_count = 0;
	o->x = NULL;
	o->masked = NULL;
	o->spans_from = NULL;
	o->is_match = NULL;
	o->n = 0;
	o->span_count = 0;
	o->match_count = 0;
}

struct oracle *
oracle_free(struct oracle *o)
{
	if (!o)
		return NULL;
	clear(o);
	free(o->spans);
	free(o->matches);
	free(o->occurrences);
	oracle_known_done(&o->known);
	for (size_t i = 0; i < o->count; i++)
		oracle_rule_done(&o->rules[i]);
	free(o->rules);
	pcre2_match_data_free(o->ends);
	free(o->workspace);
	free(o);
	return NULL;
}

/* -------------------------------------------------------------- matches ---- */

/* Make room for one more element of the given size in list. Returns the list, or NULL. */
static void *
grow(void *list, size_t count, size_t *room, size_t size)
{
	size_t more = *room ? *room * 2 : 64;
	void *grown;

	if (count < *room)
		return list;
	grown = realloc(list, more * size);
	if (grown)
		*room = more;
	return grown;
}

static int
add_span(struct oracle *o, size_t rule, size_t s, size_t e)
{
	struct span *spans = grow(o->spans, o->span_count, &o->span_room, sizeof(*spans));

	if (!spans)
		return ORACLE_ERROR;
	o->spans = spans;
	o->spans[o->span_count++] = (struct span){ .rule = rule, .s = s, .e = e };
	return 0;
}

static bool
is_match(const struct oracle *o, size_t rule, size_t e)
{
	return o->is_match[rule * (o->n + 1) + e];
}

/* "There is one match per rule and offset, however many s there are." */
static int
add_match(struct oracle *o, size_t rule, size_t e)
{
	struct match *matches;

	if (is_match(o, rule, e))
		return 0;
	matches = grow(o->matches, o->match_count, &o->match_room, sizeof(*matches));
	if (!matches)
		return ORACLE_ERROR;
	o->matches = matches;
	o->matches[o->match_count++] = (struct match){ .rule = rule, .e = e };
	o->is_match[rule * (o->n + 1) + e] = true;
	return 0;
}

/* Find the spans of one rule that begin at s. pcre2_dfa_match() finds all their ends at once. */
static int
find_spans(struct oracle *o, size_t rule, size_t s)
{
	const size_t *ends = pcre2_get_ovector_pointer(o->ends);
	int rc;

	if (!o->rules[rule].first.has[o->x[s]])
		return 0;
	rc = pcre2_dfa_match(o->rules[rule].trigger, o->x + s, o->n - s, 0, 0, o->ends, NULL,
	                     o->workspace, WORKSPACE);
	if (rc == PCRE2_ERROR_NOMATCH)
		return 0;
	if (rc <= 0) /* an error, or more than MAX_ENDS ends */
		return ORACLE_ERROR;
	for (int i = 0; i < rc; i++)
		if (ends[2 * i + 1] > 0 && add_span(o, rule, s, s + ends[2 * i + 1]) < 0)
			return ORACLE_ERROR;
	return 0;
}

static int
find_all_spans(struct oracle *o)
{
	for (size_t s = 0; s < o->n; s++) {
		o->spans_from[s] = o->span_count;
		for (size_t rule = 0; rule < o->count; rule++)
			if (find_spans(o, rule, s) < 0)
				return ORACLE_ERROR;
	}
	o->spans_from[o->n] = o->span_count;
	o->spans_from[o->n + 1] = o->span_count;
	return 0;
}

static int
find_all_matches(struct oracle *o)
{
	for (size_t i = 0; i < o->span_count; i++) {
		const struct span *p = &o->spans[i];

		if (!oracle_boundary_allows(o->rules[p->rule].boundary, o->x, p->s))
			continue;
		if (add_match(o, p->rule, p->e) < 0)
			return ORACLE_ERROR;
	}
	return 0;
}

static int
add_occurrence(struct oracle *o, struct occurrence found)
{
	struct occurrence *grown = grow(o->occurrences, o->occurrence_count, &o->occurrence_room,
	                                sizeof(*grown));

	if (!grown)
		return ORACLE_ERROR;
	o->occurrences = grown;
	o->occurrences[o->occurrence_count++] = found;
	return 0;
}

static int
find_spelling(struct oracle *o, const struct oracle_spelling *s)
{
	for (size_t at = 0; at < o->n; at++) {
		size_t same = 0;

		while (same < s->len && at + same < o->n && s->bytes[same] == o->x[at + same])
			same++;
		if (same == s->len &&
		    add_occurrence(o, (struct occurrence){ at, at + same, s->text, s->number }) < 0)
			return ORACLE_ERROR;
		same -= same == s->len;
		if (same > o->begun[at])
			o->begun[at] = same;
		if (same > o->begun_most)
			o->begun_most = same;
	}
	return 0;
}

static int
find_known(struct oracle *o)
{
	for (size_t i = 0; i < o->known.count; i++) {
		if (find_spelling(o, &o->known.spellings[i]) < 0)
			return ORACLE_ERROR;
	}
	return 0;
}

int
oracle_know(struct oracle *o, const uint8_t *value, size_t len, size_t number)
{
	return oracle_known_add(&o->known, value, len, number);
}

void
oracle_forget(struct oracle *o)
{
	oracle_known_done(&o->known);
}

size_t
oracle_spelling_count(const struct oracle *o)
{
	return o->known.count;
}

const uint8_t *
oracle_spelling_get(const struct oracle *o, size_t index, size_t *ret_len)
{
	*ret_len = o->known.spellings[index].len;
	return o->known.spellings[index].bytes;
}

void
oracle_allow(struct oracle *o, ks_allow_fn fn, void *ctx)
{
	o->is_allowed = fn;
	o->allow_ctx = ctx;
	for (size_t i = 0; i < o->count; i++)
		o->rules[i].is_patient = true;
}

int
oracle_load(struct oracle *o, const uint8_t *in, size_t len)
{
	clear(o);
	o->x = malloc(len + 1);
	o->masked = calloc(len + 1, sizeof(*o->masked));
	o->spans_from = calloc(len + 2, sizeof(*o->spans_from));
	o->is_match = calloc(o->count * (len + 1) + 1, sizeof(*o->is_match));
	o->begun = calloc(len + 1, sizeof(*o->begun));
	if (!o->x || !o->masked || !o->spans_from || !o->is_match || !o->begun)
		goto fail;
	if (len > 0)
		memcpy(o->x, in, len);
	o->n = len;
	if (find_all_spans(o) < 0 || find_all_matches(o) < 0 || find_known(o) < 0)
		goto fail;
	return 0;
fail:
	clear(o);
	return ORACLE_ERROR;
}

/* --------------------------------------------------------- masked bytes ---- */

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/*
 * Whether span p, which begins where a carrier's run [e, f) begins, is a match of a provider rule
 * without `before` that ends in (e, min(f, e + 64)].
 */
static bool
is_key_in_carrier(const struct oracle *o, const struct span *p, size_t e, size_t f)
{
	const struct oracle_rule *r = &o->rules[p->rule];

	return r->kind == KS_KIND_PROVIDER && r->k == 0 && p->s == e && p->e <= least(f, e + 64) &&
	       is_match(o, p->rule, p->e);
}

/* Whether x[at, f), what stands behind a key's trigger in a carrier's run [e, f), is an earlier mask. */
static bool
is_masked_earlier(const struct oracle *o, size_t e, size_t at, size_t f)
{
	size_t stars = 0;

	if (f < e + 64)
		return oracle_is_stars(o->x + at, f - at);
	while (at + stars < e + 64 && o->x[at + stars] == '*')
		stars++;
	return stars >= 3 && at + stars == e + 64;
}

/* The g of a carrier's satisfied match with the run [e, f). */
static size_t
carrier_from(const struct oracle *o, struct oracle_view v, size_t e, size_t f)
{
	size_t g = e;

	for (size_t i = o->spans_from[e]; i < o->spans_from[e + 1]; i++) {
		const struct span *p = &o->spans[i];

		if (is_key_in_carrier(o, p, e, f) && is_masked_earlier(o, e, p->e, f))
			return f;
		if (!is_key_in_carrier(o, p, e, f) || p->e <= g)
			continue;
		if (oracle_satisfied(&o->rules[p->rule], v, p->e) || (p->e == f && f < e + 64))
			g = p->e;
	}
	return g;
}

/* Whether the secret x[from, to) of match t, whose run is shorter than 64, is to stay readable. */
static bool
allowed(const struct oracle *o, const struct match *t, size_t from, size_t to)
{
	return o->is_allowed && to - t->e < 64 && from < to &&
	       o->is_allowed(o->allow_ctx, t->rule, o->x + from, to - from);
}

/* What match t masks; an empty range if it masks nothing. */
static struct range
range_of(const struct oracle *o, struct oracle_view v, const struct match *t)
{
	const struct oracle_rule *r = &o->rules[t->rule];
	struct range range = { 0, 0 };

	if (t->e > v.n || !oracle_satisfied(r, v, t->e))
		return range;
	range.to = oracle_run_end(r, v, t->e);
	if (r->k > 0)
		range.from = t->e - r->w - r->k;
	else if (r->kind == KS_KIND_PROVIDER)
		range.from = t->e;
	else
		range.from = carrier_from(o, v, t->e, range.to);
	if (allowed(o, t, r->k > 0 ? t->e : range.from, range.to))
		range.from = range.to = 0;
	return range;
}

static void
mark_masked(struct oracle *o, struct oracle_view v)
{
	for (size_t at = 0; at < v.n; at++)
		o->masked[at] = false;
	for (size_t i = 0; i < o->match_count; i++) {
		struct range range = range_of(o, v, &o->matches[i]);

		for (size_t at = range.from; at < range.to; at++)
			o->masked[at] = true;
	}
	for (size_t i = 0; i < o->occurrence_count; i++) {
		const struct occurrence *found = &o->occurrences[i];

		for (size_t at = found->from; found->to <= v.n && at < found->to; at++)
			o->masked[at] = true;
	}
}

/* -------------------------------------------------------------- regions ---- */

/* "provider before carrier, smaller begin of the range, earlier rule in the list" */
static bool
is_before(const struct oracle *o, struct oracle_view v, const struct match *a,
          const struct match *b)
{
	size_t afrom = range_of(o, v, a).from, bfrom = range_of(o, v, b).from;

	enum ks_kind akind = o->rules[a->rule].kind, bkind = o->rules[b->rule].kind;

	if (akind != bkind)
		return akind == KS_KIND_PROVIDER;
	if (afrom != bfrom)
		return afrom < bfrom;
	return a->rule < b->rule;
}

/* The first known value of the region [from, to), by begin and text; NULL: there is none. */
static const struct occurrence *
region_known(const struct oracle *o, size_t from, size_t to)
{
	const struct occurrence *first = NULL;

	for (size_t i = 0; i < o->occurrence_count; i++) {
		const struct occurrence *found = &o->occurrences[i];

		if (found->from < from || found->to > to)
			continue;
		if (!first || found->from < first->from ||
		    (found->from == first->from && found->text < first->text))
			first = found;
	}
	return first;
}

/* The rule of the region [from, to). */
static size_t
region_rule(const struct oracle *o, struct oracle_view v, size_t from, size_t to)
{
	const struct match *best = NULL;

	for (size_t i = 0; i < o->match_count; i++) {
		struct range range = range_of(o, v, &o->matches[i]);

		if (range.from == range.to || range.from < from || range.to > to)
			continue;
		if (!best || is_before(o, v, &o->matches[i], best))
			best = &o->matches[i];
	}
	if (region_known(o, from, to) && (!best || o->rules[best->rule].kind == KS_KIND_CARRIER))
		return o->count;
	return best ? best->rule : SIZE_MAX; /* never: some match has masked these bytes */
}

void
oracle_output(struct oracle *o, size_t n, uint8_t fill, uint8_t *ret_out,
              struct ks_finding *ret_findings, size_t max_findings, size_t *ret_count)
{
	struct oracle_view v = { o->x, least(n, o->n) };
	size_t count = 0, at = 0;

	mark_masked(o, v);
	for (size_t i = 0; i < v.n; i++) {
		bool stays = !o->masked[i] || v.x[i] == '\r' || v.x[i] == '\n';

		ret_out[i] = stays ? v.x[i] : fill;
	}
	while (at < v.n) {
		size_t from = at;

		while (at < v.n && o->masked[at])
			at++;
		if (at == from) {
			at++;
			continue;
		}
		if (count < max_findings) {
			const struct occurrence *known = region_known(o, from, at);

			ret_findings[count] = (struct ks_finding){
				.rule = region_rule(o, v, from, at),
				.offset = from,
				.length = at - from,
				.known = known ? known->number : 0,
			};
		}
		count++;
	}
	*ret_count = count;
}

int
oracle_run(struct oracle *o, const uint8_t *in, size_t len, uint8_t fill, uint8_t *ret_out,
           struct ks_finding *ret_findings, size_t max_findings, size_t *ret_count)
{
	if (oracle_load(o, in, len) < 0)
		return ORACLE_ERROR;
	oracle_output(o, len, fill, ret_out, ret_findings, max_findings, ret_count);
	return 0;
}

/* ----------------------------------------------------------- held bytes ---- */

/* Whether the satisfaction of match t is open, seen from v. */
static bool
is_open(const struct oracle *o, struct oracle_view v, const struct match *t)
{
	const struct oracle_rule *r = &o->rules[t->rule];
	size_t f = oracle_run_end(r, v, t->e);

	if (oracle_open(r, v, t->e))
		return true;
	if (r->kind != KS_KIND_CARRIER || !oracle_satisfied(r, v, t->e))
		return false;
	for (size_t i = o->spans_from[t->e]; i < o->spans_from[t->e + 1]; i++) {
		const struct span *p = &o->spans[i];

		if (is_key_in_carrier(o, p, t->e, f) && oracle_open(&o->rules[p->rule], v, p->e))
			return true;
	}
	return false;
}

/* The second point: where an open match's bytes begin. v.n: it is not open or fails condition 5. */
static size_t
held_by_open(const struct oracle *o, struct oracle_view v, const struct match *t)
{
	const struct oracle_rule *r = &o->rules[t->rule];

	if (!oracle_meets_before(r, v.x, t->e) || !is_open(o, v, t))
		return v.n;
	return r->k > 0 ? t->e - r->w - r->k : t->e;
}

/* The third point: an escape that has begun at the end, with which a satisfied run could go on. */
static size_t
held_by_escape(const struct oracle *o, struct oracle_view v, const struct match *t)
{
	const struct oracle_rule *r = &o->rules[t->rule];
	size_t f = oracle_run_end(r, v, t->e);

	return f < v.n && oracle_escape_begun(r, v, f) && oracle_satisfied(r, v, t->e) ? f : v.n;
}

/*
 * Whether the last j bytes match the first j elements of r's trigger, and the k bytes before those
 * are in the set.
 */
static bool
is_infix_begun(const struct oracle_rule *r, struct oracle_view v, size_t j)
{
	if (v.n < r->k + j)
		return false;
	for (size_t i = 0; i < j; i++)
		if (!r->elements[i].has[v.x[v.n - j + i]])
			return false;
	for (size_t i = v.n - j - r->k; i < v.n - j; i++)
		if (!r->before.has[v.x[i]])
			return false;
	return true;
}

/* The fourth point: where what could still become the `before` of infix rule r begins. */
static size_t
held_by_infix(const struct oracle_rule *r, struct oracle_view v)
{
	size_t h = v.n;

	for (size_t j = r->w; j-- > 0;)
		if (is_infix_begun(r, v, j))
			return v.n - r->k - j;
	while (h > 0 && r->before.has[v.x[h - 1]])
		h--;
	return h;
}

/* The fifth point: the first byte that is not masked of what could become a known value. */
static size_t
held_by_known(const struct oracle *o, struct oracle_view v)
{
	size_t h = v.n > o->begun_most ? v.n - o->begun_most : 0; /* no earlier: too long for any */

	while (h < v.n && o->begun[h] < v.n - h)
		h++;
	for (bool moved = true; moved;) {
		moved = false;
		for (size_t i = 0; i < o->match_count; i++) {
			const struct match *t = &o->matches[i];
			struct range range = range_of(o, v, t);

			if (t->e <= v.n && range.from <= h && h < range.to && !is_open(o, v, t)) {
				h = range.to;
				moved = true;
			}
		}
		for (size_t i = 0; i < o->occurrence_count; i++) {
			const struct occurrence *found = &o->occurrences[i];

			if (found->to <= v.n && found->from <= h && h < found->to) {
				h = found->to;
				moved = true;
			}
		}
	}
	return h;
}

size_t
oracle_held_at(const struct oracle *o, size_t m)
{
	struct oracle_view v = { o->x, least(m, o->n) };
	size_t h = v.n;

	for (size_t i = 0; i < o->match_count; i++) {
		if (o->matches[i].e > v.n)
			continue;
		h = least(h, held_by_open(o, v, &o->matches[i]));
		h = least(h, held_by_escape(o, v, &o->matches[i]));
	}
	for (size_t rule = 0; rule < o->count; rule++)
		if (o->rules[rule].k > 0)
			h = least(h, held_by_infix(&o->rules[rule], v));
	if (o->known.count > 0)
		h = least(h, held_by_known(o, v));
	return v.n - h;
}

size_t
oracle_held(struct oracle *o, const uint8_t *in, size_t m)
{
	if (oracle_load(o, in, m) < 0)
		return SIZE_MAX;
	return oracle_held_at(o, m);
}
