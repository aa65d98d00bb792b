/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine tells of a run only as far as it had to look. Here each is followed to its end; and on to the
 * end of what looks like a key, for the body of a rule that is being written may lack a byte. Nothing is
 * walked twice for a rule, however many matches there are.
 */
#include "conceal.h"

#include <string.h>

#define FILL '#'

/* As many bytes before a run can belong to an infix rule's secret: 64 and the trigger's 16. */
#define BEFORE_MAX 80U

/* [from, to) of the text. */
struct range {
	size_t from, to;
};

/* What is known of the rule at hand, from its last match. */
struct known {
	size_t rule;
	struct range run;
	struct range tail;      /* bytes of keys behind a run */
	bool is_before_key;     /* a key that is masked follows them: they are its trigger */
	struct range concealed; /* not shown */
};

static void
fill(struct explanation *e, const uint8_t *text, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		if (e->shown[i] == text[i] && text[i] != '\n' && text[i] != '\r')
			e->shown[i] = FILL;
	}
}

/* Where what could be a secret begins. Of an infix rule's it is more than the run. */
static size_t
find_begin(const struct match *m, const struct ks_rule *rule, const uint8_t *text)
{
	size_t at = m->from;

	if (m->reason == KS_REASON_MASKED)
		return m->masked_from;
	while (rule->before && at > 0 && m->from - at < BEFORE_MAX &&
	       ks_rule_before_has(rule, text[at - 1]))
		at--;
	return at;
}

static bool
is_in(const struct range *range, size_t at)
{
	return at >= range->from && at < range->to;
}

/* Is it a byte of keys? A carrier is found in front of too much that is none: "https://api.example.com" */
static bool
is_key_byte(const struct ks_rule *rule, uint8_t b)
{
	return (b >= '0' && b <= '9') || (b >= 'A' && b <= 'Z') || (b >= 'a' && b <= 'z') ||
	       (b && strchr(rule->kind == KS_KIND_CARRIER ? "_-+/=" : "_-+/=.~%:", b));
}

/* Where the run that begins at from ends. */
static size_t
find_end(struct known *known, const struct ks_rule *rule, const uint8_t *text, size_t from,
         size_t len)
{
	if (!is_in(&known->run, from))
		known->run = (struct range){ from, ks_rule_run_end(rule, text, from, len) };
	return known->run.to;
}

/* Where the bytes of keys behind a run end; at the run's end if a key that is masked follows them. */
static size_t
find_tail_end(const struct explanation *e, struct known *known, const struct ks_rule *rule,
              const uint8_t *text, size_t from)
{
	size_t to = from;

	if (!is_in(&known->tail, from)) {
		while (to < e->len && is_key_byte(rule, text[to]) &&
		       (e->shown[to] == text[to] || e->shown[to] == FILL))
			to++;
		known->tail = (struct range){ from, to };
		known->is_before_key = to < e->len && is_key_byte(rule, text[to]);
	}
	return known->is_before_key ? from : known->tail.to;
}

/* Conceal the range; the part of it that is concealed already costs nothing. */
static void
conceal(struct explanation *e, struct known *known, const uint8_t *text, struct range range)
{
	struct range *done = &known->concealed;

	if (range.from >= done->to || range.to < done->from) {
		fill(e, text, range.from, range.to);
		*done = range;
		return;
	}
	if (range.from < done->from) {
		fill(e, text, range.from, done->from);
		done->from = range.from;
	}
	if (range.to > done->to) {
		fill(e, text, done->to, range.to);
		done->to = range.to;
	}
}

void
ks_conceal_runs(struct explanation *e, const struct ks_catalog *catalog, const uint8_t *text)
{
	struct known known = { .rule = SIZE_MAX };
	struct ks_catalog_entry entry;

	for (size_t i = 0; i < e->count; i++) {
		struct match *m = &e->matches[i];
		struct range range;

		if (m->rule != known.rule)
			known = (struct known){ .rule = m->rule };
		ks_catalog_get(catalog, m->rule, &entry);
		m->to = find_end(&known, &entry.rule, text, m->from, e->len);
		range.from = find_begin(m, &entry.rule, text);
		range.to = m->to;
		if (m->to == m->from || is_key_byte(&entry.rule, text[m->to - 1]))
			range.to = find_tail_end(e, &known, &entry.rule, text, m->to);
		if (range.to - range.from > SHOWN_RUN_MAX)
			conceal(e, &known, text, range);
	}
}
