/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Patterns in order of their bytes. The longest one with which a text begins is the last that is not behind
 * it in this order, or one that this one begins with: so each knows the longest other that it begins with.
 *
 * Invariants: no two patterns are the same; of two texts that are spelled alike the first counts.
 */
#include "known_table.h"

#include <string.h>

#include "known_spelling.h"

/* How a pattern's bytes and others compare. */
enum order {
	ORDER_BEFORE,  /* the pattern comes before them, and they do not begin with it */
	ORDER_BEGIN,   /* they begin with it */
	ORDER_GOES_ON, /* it begins with them, and goes on */
	ORDER_BEHIND
};

/* *ret_common: how many bytes are the same. */
static enum order
compare(const struct ks_known *known, const struct known_pattern *pattern, const uint8_t *bytes,
        size_t len, size_t *ret_common)
{
	struct spelling s = ks_spelling_of(&known->texts[pattern->text], pattern->form);
	uint8_t unit[SPELLING_UNIT_MAX];
	size_t at = 0, n;

	while ((n = ks_spelling_next(&s, unit)) > 0) {
		for (size_t i = 0; i < n; i++, at++) {
			*ret_common = at;
			if (at == len)
				return ORDER_GOES_ON;
			if (unit[i] != bytes[at])
				return unit[i] < bytes[at] ? ORDER_BEFORE : ORDER_BEHIND;
		}
	}
	*ret_common = at;
	return ORDER_BEGIN;
}

/* ---------------------------------------------------------------------- making ---- */

struct making {
	struct ks_known *known;
	uint32_t text;
	uint8_t *spelled; /* room for a pattern */
};

static uint64_t
head_of(const uint8_t *bytes)
{
	uint64_t head;

	memcpy(&head, bytes, sizeof(head));
	return __builtin_bswap64(head);
}

static size_t
spell(const struct known_text *text, unsigned form, uint8_t *to)
{
	struct spelling s = ks_spelling_of(text, form);
	uint8_t unit[SPELLING_UNIT_MAX];
	size_t len = 0, n;

	while ((n = ks_spelling_next(&s, unit)) > 0) {
		memcpy(to + len, unit, n);
		len += n;
	}
	return len;
}

/* A spelling_form_fn. */
static int
add_pattern(void *ctx, unsigned form)
{
	struct making *m = ctx;
	struct ks_known *known = m->known;
	size_t len = spell(&known->texts[m->text], form, m->spelled);
	struct known_pattern *patterns = ks_known_memory_grow(known->patterns, known->pattern_count,
	                                                      &known->pattern_max,
	                                                      sizeof(*patterns), &known->is_locked);

	if (!patterns || known->pattern_count == KNOWN_NONE)
		return KS_ERROR_MEMORY;
	known->patterns = patterns;
	patterns[known->pattern_count++] = (struct known_pattern){
		.head = head_of(m->spelled),
		.text = m->text,
		.form = (uint16_t)form,
		.len = (uint16_t)len,
	};
	return KS_OK;
}

/* Does a come before b? Of two that are spelled alike, that of the earlier text does. */
static bool
is_before(struct making *m, const struct known_pattern *a, const struct known_pattern *b)
{
	const struct ks_known *known = m->known;
	enum order order;
	size_t common, len;

	if (a->head != b->head)
		return a->head < b->head;
	len = spell(&known->texts[b->text], b->form, m->spelled);
	order = compare(known, a, m->spelled, len, &common);
	if (order == ORDER_BEGIN && common == len)
		return a->text < b->text;
	return order == ORDER_BEFORE || order == ORDER_BEGIN;
}

/* Merge from[0, middle) and from[middle, end), each in order, into to. */
static void
merge(struct making *m, const struct known_pattern *from, size_t middle, size_t end,
      struct known_pattern *to)
{
	size_t i = 0, j = middle;

	for (size_t k = 0; k < end; k++) {
		if (j == end || (i < middle && !is_before(m, &from[j], &from[i])))
			to[k] = from[i++];
		else
			to[k] = from[j++];
	}
}

/* Not qsort(3), whose working memory is not ours to lock and wipe. */
static int
sort(struct making *m)
{
	struct ks_known *known = m->known;
	size_t count = known->pattern_count, size = known->pattern_max * sizeof(*known->patterns);
	struct known_pattern *from = known->patterns, *to, *swap;

	if (count == 0)
		return KS_OK;
	to = ks_known_memory_new(size, &known->is_locked);
	if (!to)
		return KS_ERROR_MEMORY;
	for (size_t width = 1; width < count; width *= 2) {
		for (size_t at = 0; at < count; at += 2 * width) {
			size_t left = count - at;

			merge(m, from + at, left < width ? left : width,
			      left < 2 * width ? left : 2 * width, to + at);
		}
		swap = from;
		from = to;
		to = swap;
	}
	known->patterns = from;
	ks_known_memory_free(to, size);
	return KS_OK;
}

/* Drop what is spelled like the one before; link each with the longest that it begins with. */
static void
link_patterns(struct making *m)
{
	struct ks_known *known = m->known;
	struct known_pattern *patterns = known->patterns;
	size_t count = 0;

	for (size_t i = 0; i < known->pattern_count; i++) {
		struct known_pattern pattern = patterns[i];
		uint32_t last = count ? (uint32_t)count - 1 : KNOWN_NONE;
		size_t len = spell(&known->texts[pattern.text], pattern.form, m->spelled),
		       common = 0;

		while (last != KNOWN_NONE &&
		       compare(known, &patterns[last], m->spelled, len, &common) != ORDER_BEGIN)
			last = patterns[last].link;
		if (last != KNOWN_NONE && common == len)
			continue;
		pattern.link = last;
		pattern.first = pattern.text;
		if (last != KNOWN_NONE && patterns[last].first < pattern.first)
			pattern.first = patterns[last].first;
		if (len > known->longest)
			known->longest = len;
		patterns[count++] = pattern;
	}
	known->pattern_count = count;
}

int
ks_known_table_make(struct ks_known *known)
{
	struct making m = { .known = known };
	int r = KS_OK;

	m.spelled = ks_known_memory_new(KNOWN_PATTERN_MAX, &known->is_locked);
	if (!m.spelled)
		return KS_ERROR_MEMORY;
	for (; r == KS_OK && m.text < known->text_count; m.text++)
		r = ks_spelling_forms(known->texts[m.text].traits, add_pattern, &m);
	if (r == KS_OK)
		r = sort(&m);
	if (r == KS_OK)
		link_patterns(&m);
	ks_known_memory_free(m.spelled, KNOWN_PATTERN_MAX);
	return r;
}

/* --------------------------------------------------------------------- finding ---- */

/* The first pattern whose head is not less. */
static size_t
find_head(const struct ks_known *known, uint64_t head)
{
	size_t from = 0, to = known->pattern_count;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (known->patterns[middle].head < head)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

/* Is a text shorter than a head the beginning of a pattern? */
static bool
is_short_begin(const struct ks_known *known, const uint8_t *text, size_t len)
{
	uint64_t head = 0, mask = len ? ~UINT64_C(0) << (64 - 8 * len) : 0;
	size_t at;

	for (size_t i = 0; i < len; i++)
		head |= (uint64_t)text[i] << (56 - 8 * i);
	at = find_head(known, head);
	return at < known->pattern_count && (known->patterns[at].head & mask) == head;
}

uint32_t
ks_known_table_find(const struct ks_known *known, const uint8_t *text, size_t len,
                    bool *ret_is_open)
{
	const struct known_pattern *patterns = known->patterns;
	size_t from, to, common, longest = 0;
	uint32_t found = KNOWN_NONE;
	uint64_t head;

	*ret_is_open = len < KNOWN_HEAD && is_short_begin(known, text, len);
	if (len < KNOWN_HEAD)
		return KNOWN_NONE;
	head = head_of(text);
	from = find_head(known, head);
	for (to = from; to < known->pattern_count && patterns[to].head == head;)
		to++;
	while (from < to) {
		size_t middle = from + (to - from) / 2;
		enum order order = compare(known, &patterns[middle], text, len, &common);

		if (order == ORDER_GOES_ON)
			*ret_is_open = true;
		if (order == ORDER_BEFORE || order == ORDER_BEGIN) {
			found = (uint32_t)middle;
			longest = common;
			from = middle + 1;
		} else {
			to = middle;
		}
	}
	while (found != KNOWN_NONE && patterns[found].len > longest)
		found = patterns[found].link;
	return found;
}

size_t
ks_known_find(const struct ks_known *known, const uint8_t *text, size_t from, size_t len,
              known_match_fn on_match, void *ctx)
{
	size_t open = len;

	for (size_t i = from; i < len; i++) {
		bool is_open;
		uint32_t found = ks_known_table_find(known, text + i, len - i, &is_open);

		if (is_open && open == len)
			open = i;
		if (found != KNOWN_NONE)
			on_match(ctx, &(struct known_match){ i, i + known->patterns[found].len,
			                                     known->patterns[found].first });
	}
	return open;
}
