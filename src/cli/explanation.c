/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text is looked at up to four times: by the rules as they are; by the same without boundaries and
 * least lengths, which finds every trigger there is; by the rules that are off, without them too; and by
 * those of these that have found something, as they are. What the first look found is right. The others
 * only say what it did not find.
 */
#include "explanation.h"

#include <stdlib.h>
#include <string.h>

#include "conceal.h"
#include "message.h"
#include "rule_cache.h"

/* Matches of a rule are ends of one trigger if no more lies between them, and behind a run. */
#define SAME_TRIGGER 32U
#define SAME_RUN     3U

#define MATCH_MAX (1U << 20)

/* Findings of the first look: whose a masked byte is. */
struct findings {
	struct ks_finding *items;
	size_t count, max;
};

/* One look at the text. */
struct look {
	struct explanation *explanation;
	struct findings *findings; /* NULL: not wanted */
	const size_t *index;       /* the set's rule n is the catalog's index[n] */
	struct ks_allowlist *allowlist;
	enum standing standing;
	bool is_full;      /* memory is out */
	bool has_too_many; /* matches */
};

/* -------------------------------------------------------------------- gathering ---- */

/* Make room for one more of *items. Returns them, or NULL. */
static void *
grow(void *items, size_t count, size_t *max, size_t size)
{
	void *grown;

	if (count < *max)
		return items;
	grown = realloc(items, (*max * 2 + 64) * size);
	if (grown)
		*max = *max * 2 + 64;
	return grown;
}

static void
keep_attempt(void *ctx, const struct ks_attempt *attempt)
{
	struct look *look = ctx;
	struct explanation *e = look->explanation;
	struct match *grown;

	look->has_too_many |= e->count == MATCH_MAX;
	if (look->has_too_many)
		return;
	grown = grow(e->matches, e->count, &e->max, sizeof(*grown));
	if (!grown) {
		look->is_full = true;
		return;
	}
	e->matches = grown;
	e->matches[e->count++] = (struct match){
		.rule = look->index[attempt->rule],
		.standing = look->standing,
		.reason = attempt->reason,
		.from = (size_t)attempt->offset,
		.masked_from = (size_t)attempt->masked_from,
	};
}

static void
keep_finding(void *ctx, const struct ks_finding *finding)
{
	struct look *look = ctx;
	struct findings *f = look->findings;
	struct ks_finding *grown = f ? grow(f->items, f->count, &f->max, sizeof(*grown)) : NULL;

	if (!f)
		return;
	if (!grown) {
		look->is_full = true;
		return;
	}
	f->items = grown;
	f->items[f->count++] = *finding;
}

/* Put buf[0, len) through, in place. Prints what is wrong. Returns 0, or an exit status. */
static int
mask_all(struct look *look, const struct ks_ruleset *set, uint8_t *buf, size_t len)
{
	struct ks_stream_options options = { .on_finding = keep_finding,
		                             .finding_ctx = look,
		                             .fills_only = 1,
		                             .on_attempt = keep_attempt,
		                             .attempt_ctx = look,
		                             .is_allowed = look->allowlist ? ks_allowlist_has
		                                                           : NULL,
		                             .allow_ctx = look->allowlist };
	struct ks_scratch *scratch = NULL;
	struct ks_stream *stream = NULL;
	size_t settled = 0;
	int r = ks_scratch_new(set, &scratch);

	if (r == KS_OK)
		r = ks_stream_new(set, &options, &stream);
	if (r == KS_OK)
		r = ks_stream_mask(stream, scratch, buf, len, &settled);
	if (r == KS_OK)
		r = ks_stream_mask_end(stream, scratch, buf + settled, len - settled);
	if (r == KS_OK && look->is_full)
		r = KS_ERROR_MEMORY;
	ks_stream_free(stream);
	ks_scratch_free(scratch);
	if (r != KS_OK) {
		ks_message("%s", ks_status_text(r));
		return EXIT_INTERNAL;
	}
	if (!look->has_too_many)
		return 0;
	ks_message("the text has too many matches to explain them");
	return EXIT_IO;
}

/* ------------------------------------------------------------------ other rules ---- */

/* Rules of the catalog that are not compiled as they are. */
struct variant {
	bool of_enabled; /* those that are on, or those that are off */
	bool is_loose;   /* without boundaries and least lengths; else those that have a match so */
	enum standing standing;
};

static size_t
collect(const struct ks_catalog *catalog, const struct variant *v, const bool *has_match,
        struct ks_rule *rules, size_t *index)
{
	struct ks_catalog_entry entry;
	size_t n = 0;

	for (size_t i = 0; i < ks_catalog_count(catalog); i++) {
		ks_catalog_get(catalog, i, &entry);
		if ((entry.enabled != 0) != v->of_enabled || (!v->is_loose && !has_match[i]))
			continue;
		if (v->is_loose) {
			entry.rule.boundary = KS_BOUNDARY_NONE;
			entry.rule.min = 1;
		}
		index[n] = i;
		rules[n++] = entry.rule;
	}
	return n;
}

/* Which rules have a match depends on the text: such a set is never seen again. */
static int
compile(const struct options *options, const struct ks_rule *rules, size_t count, bool is_loose,
        struct ks_ruleset **ret_set)
{
	struct ks_error error;
	int r = is_loose ? ks_rule_cache_compile_rules(options, rules, count, ret_set, &error)
	                 : ks_ruleset_new(rules, count, ret_set, &error);

	return r == KS_OK ? 0 : ks_message_failure(&error);
}

/* Look at the text by other rules; what they mask is of no interest. */
static int
look_again(struct explanation *e, const struct options *options, const struct ks_catalog *catalog,
           struct variant v, const uint8_t *text)
{
	size_t max = ks_catalog_count(catalog) + 1, count = 0;
	bool *has_match = calloc(max, sizeof(*has_match));
	struct ks_rule *rules = calloc(max, sizeof(*rules));
	size_t *index = calloc(max, sizeof(*index));
	uint8_t *copy = malloc(e->len + 1);
	struct look look = { .explanation = e, .index = index, .standing = v.standing };
	struct ks_error error = { .status = KS_ERROR_MEMORY, .text = "out of memory" };
	struct ks_ruleset *set = NULL;
	int r = 0;

	if (has_match && rules && index && copy) {
		for (size_t i = 0; i < e->count; i++)
			has_match[e->matches[i].rule] = true;
		count = collect(catalog, &v, has_match, rules, index);
	} else {
		r = ks_message_failure(&error);
	}
	if (count > 0)
		r = compile(options, rules, count, v.is_loose, &set);
	if (set) {
		memcpy(copy, text, e->len);
		r = mask_all(&look, set, copy, e->len);
		explicit_bzero(copy, e->len);
	}
	ks_ruleset_free(set);
	free(copy);
	free(has_match);
	free(rules);
	free(index);
	return r;
}

static int
look_by_all(struct explanation *e, struct findings *findings, const struct options *options,
            const struct rule_selection *rules, const uint8_t *text)
{
	static const struct variant variants[] = { { true, true, STANDING_INSIDE },
		                                   { false, true, STANDING_INSIDE },
		                                   { false, false, STANDING_OFF } };
	struct look look = { .explanation = e,
		             .findings = findings,
		             .index = rules->index,
		             .allowlist = rules->allowlist,
		             .standing = STANDING_ON };
	int r = mask_all(&look, rules->set, e->shown, e->len);

	for (size_t i = 0; r == 0 && i < sizeof(variants) / sizeof(variants[0]); i++)
		r = look_again(e, options, rules->catalog, variants[i], text);
	return r;
}

/* --------------------------------------------------------------------- choosing ---- */

static int
compare(size_t a, size_t b)
{
	return a < b ? -1 : a > b;
}

/* The same match of several looks side by side, the first look's first. */
static int
by_rule(const void *a, const void *b)
{
	const struct match *x = a, *y = b;
	int r = compare(x->rule, y->rule);

	r = r ? r : compare(x->from, y->from);
	return r ? r : compare(x->standing == STANDING_INSIDE, y->standing == STANDING_INSIDE);
}

static int
by_place(const void *a, const void *b)
{
	const struct match *x = a, *y = b;
	int r = compare(match_begin(x), match_begin(y));

	r = r ? r : compare(x->standing, y->standing);
	r = r ? r : compare(x->counted_as != x->rule, y->counted_as != y->rule);
	return r ? r : compare(x->rule, y->rule);
}

static void
sort(struct explanation *e, int (*order)(const void *, const void *))
{
	if (e->count > 1)
		qsort(e->matches, e->count, sizeof(*e->matches), order);
}

/* Is there something to say of a match that only a later look has found? Corrects what it says. */
static bool
is_worth_telling(struct match *m, const struct ks_catalog_entry *entry)
{
	size_t run = m->to - m->from;

	switch (m->standing) {
	case STANDING_ON:
		return true;
	case STANDING_OFF:
		return m->reason == KS_REASON_MASKED;
	case STANDING_INSIDE:
		break;
	}
	if (run < entry->rule.min)
		m->reason = KS_REASON_SHORT;
	if (!entry->enabled)
		return false;
	if (entry->rule.boundary == KS_BOUNDARY_NONE) {
		m->standing = STANDING_ON; /* the first look does not tell of all short runs */
		return m->reason == KS_REASON_SHORT;
	}
	return m->reason == KS_REASON_MASKED || run > SHOWN_RUN_MAX;
}

/* Of two ends of one trigger, does a say nothing that b does not? */
static bool
is_worse(const struct match *a, const struct match *b)
{
	if (a->reason != KS_REASON_MASKED)
		return b->reason == KS_REASON_MASKED || a->to - a->from <= b->to - b->from;
	return b->reason == KS_REASON_MASKED && a->to == b->to && a->masked_from >= b->masked_from;
}

/* Add m to the matches that stay, unless one of them says more. They are ordered by rule. */
static void
keep_match(struct explanation *e, size_t *kept, struct match m)
{
	struct match *last = *kept > 0 ? &e->matches[*kept - 1] : NULL;
	bool is_other = !last || last->rule != m.rule || last->standing != m.standing ||
	                m.from - last->from > SAME_TRIGGER || m.from > last->to + SAME_RUN;

	if (!is_other && is_worse(&m, last))
		return;
	if (!is_other && is_worse(last, &m))
		*last = m;
	else
		e->matches[(*kept)++] = m;
}

static void
choose_matches(struct explanation *e, const struct ks_catalog *catalog)
{
	struct ks_catalog_entry entry;
	size_t kept = 0, rule = SIZE_MAX, from = 0;

	for (size_t i = 0; i < e->count; i++) {
		struct match m = e->matches[i];

		if (m.rule == rule && m.from == from)
			continue; /* an earlier look's */
		rule = m.rule;
		from = m.from;
		ks_catalog_get(catalog, rule, &entry);
		if (is_worth_telling(&m, &entry))
			keep_match(e, &kept, m);
	}
	e->count = kept;
}

/* The finding that the masked byte at belongs to. They are in order, and apart. */
static const struct ks_finding *
find_finding(const struct findings *findings, size_t at)
{
	size_t low = 0, high = findings->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct ks_finding *f = &findings->items[middle];

		if (at < f->offset)
			high = middle;
		else if (at >= f->offset + f->length)
			low = middle + 1;
		else
			return f;
	}
	return NULL;
}

static void
find_owners(struct explanation *e, const struct findings *findings, const size_t *index)
{
	for (size_t i = 0; i < e->count; i++) {
		struct match *m = &e->matches[i];
		const struct ks_finding *f = find_finding(findings, m->masked_from);

		m->counted_as = f ? index[f->rule] : m->rule;
	}
}

/* ----------------------------------------------------------------------- public ---- */

int
ks_explanation_init(struct explanation *e, const struct options *options,
                    const struct rule_selection *rules, const uint8_t *text, size_t len)
{
	struct findings findings = { .items = NULL };
	int r;

	*e = (struct explanation){ .shown = malloc(len + 1), .len = len };
	if (!e->shown) {
		ks_message("%s", ks_status_text(KS_ERROR_MEMORY));
		return EXIT_INTERNAL;
	}
	memcpy(e->shown, text, len);
	r = look_by_all(e, &findings, options, rules, text);
	if (r == 0) {
		sort(e, by_rule);
		ks_conceal_runs(e, rules->catalog, text);
		choose_matches(e, rules->catalog);
		find_owners(e, &findings, rules->index);
		sort(e, by_place);
	}
	free(findings.items);
	return r;
}

void
ks_explanation_done(struct explanation *e)
{
	if (e->shown)
		explicit_bzero(e->shown, e->len);
	free(e->shown);
	free(e->matches);
	*e = (struct explanation){ 0 };
}
