/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Patterns in order of their bytes. The longest one with which a text begins is the last that is not behind
 * it in this order, or one that this one begins with: so each knows the longest other that it begins with.
 *
 * Invariants: no two patterns are the same; of two texts that are spelled alike the first counts.
 */
#include "known_table.h"

#include <endian.h>
#include <string.h>

#include "known_form.h"
#include "known_spelling.h"

#define SPELLED_SIZE ((KNOWN_PATTERN_MAX + SPELLING_UNIT_MAX + 7U) & ~7U)
#define MAKING_SIZE  (SPELLED_SIZE + FORM_MAX * sizeof(uint64_t))

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
	size_t first;     /* pattern of this text */
	uint8_t *spelled; /* room for a pattern */
	uint64_t *hashes; /* of this text's patterns, FORM_MAX of them */
};

static uint64_t
head_of(const uint8_t *bytes)
{
	uint64_t head;

	memcpy(&head, bytes, sizeof(head));
	return be64toh(head);
}

static size_t
spell(const struct known_text *text, unsigned form, uint8_t *to)
{
	return ks_spelling_begin(text, form, to, KNOWN_PATTERN_MAX);
}

static uint64_t
hash_bytes(const uint8_t *bytes, size_t len)
{
	uint64_t hash = len;

	for (; len >= 8; bytes += 8, len -= 8)
		hash = ks_known_hash((hash ^ hash >> 29) + ks_known_gram(bytes, KNOWN_GRAM_WHOLE));
	for (; len > 0; bytes++, len--)
		hash = ks_known_hash((hash ^ hash >> 29) + bytes[0]);
	return hash;
}

/* Is the text spelled like that in another form? Most forms are the same for most texts. */
static bool
is_there(struct making *m, uint64_t hash, size_t len)
{
	const struct ks_known *known = m->known;
	size_t common;

	for (size_t i = m->first; i < known->pattern_count; i++) {
		if (m->hashes[i - m->first] == hash &&
		    compare(known, &known->patterns[i], m->spelled, len, &common) == ORDER_BEGIN &&
		    common == len)
			return true;
	}
	return false;
}

/* A form_fn. */
static int
add_pattern(void *ctx, unsigned form)
{
	struct making *m = ctx;
	struct ks_known *known = m->known;
	size_t len = spell(&known->texts[m->text], form, m->spelled);
	uint64_t hash = hash_bytes(m->spelled, len);
	struct known_pattern *patterns;

	if (is_there(m, hash, len))
		return KS_OK;
	patterns = ks_known_memory_grow(known->patterns, known->pattern_count, &known->pattern_max,
	                                sizeof(*patterns), &known->is_locked);

	if (!patterns || known->pattern_count == KNOWN_NONE)
		return KS_ERROR_MEMORY;
	known->patterns = patterns;
	m->hashes[known->pattern_count - m->first] = hash;
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

static void
swap(struct known_pattern *a, struct known_pattern *b)
{
	struct known_pattern c = *a;

	*a = *b;
	*b = c;
}

/* Let what stands at at sink until nothing below it in the heap of count comes behind it. */
static void
sink(struct making *m, size_t at, size_t count)
{
	struct known_pattern *heap = m->known->patterns;

	for (size_t child; (child = 2 * at + 1) < count; at = child) {
		if (child + 1 < count && is_before(m, &heap[child], &heap[child + 1]))
			child++;
		if (!is_before(m, &heap[at], &heap[child]))
			return;
		swap(&heap[at], &heap[child]);
	}
}

/* In place: qsort(3) takes memory that is not ours to lock and wipe. */
static void
sort(struct making *m)
{
	size_t count = m->known->pattern_count;

	for (size_t i = count / 2; i > 0; i--)
		sink(m, i - 1, count);
	for (size_t i = count; i > 1; i--) {
		swap(&m->known->patterns[0], &m->known->patterns[i - 1]);
		sink(m, 0, i - 1);
	}
}

/*
 * Of the patterns before count the longest with which this one, which is spelled in m->spelled, begins, if it
 * comes behind them.
 */
static uint32_t
find_link(struct making *m, size_t count, size_t len)
{
	const struct known_pattern *patterns = m->known->patterns;
	uint32_t link = (uint32_t)count - 1;
	size_t common;

	while (link != KNOWN_NONE &&
	       compare(m->known, &patterns[link], m->spelled, len, &common) != ORDER_BEGIN)
		link = patterns[link].link;
	return link;
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

		pattern.link = KNOWN_NONE;
		pattern.first = pattern.text;
		if (count > 0 && patterns[count - 1].head == pattern.head) {
			(void)spell(&known->texts[pattern.text], pattern.form, m->spelled);
			pattern.link = find_link(m, count, pattern.len);
		}
		if (pattern.link != KNOWN_NONE && patterns[pattern.link].len == pattern.len)
			continue;
		if (pattern.link != KNOWN_NONE && patterns[pattern.link].first < pattern.first)
			pattern.first = patterns[pattern.link].first;
		if (pattern.len > known->longest)
			known->longest = pattern.len;
		patterns[count++] = pattern;
	}
	known->pattern_count = count;
}

/* No room for more patterns. */
static int
trim(struct ks_known *known)
{
	size_t size = sizeof(*known->patterns), max = known->pattern_count + 1;
	void *trimmed = ks_known_memory_resize(known->patterns, known->pattern_max * size,
	                                       max * size, &known->is_locked);

	if (!trimmed)
		return KS_ERROR_MEMORY;
	known->patterns = trimmed;
	known->pattern_max = max;
	return KS_OK;
}

int
ks_known_table_make(struct ks_known *known)
{
	struct making m = { .known = known };
	int r = KS_OK;

	m.spelled = ks_known_memory_new(MAKING_SIZE, &known->is_locked);
	if (!m.spelled)
		return KS_ERROR_MEMORY;
	m.hashes = (uint64_t *)(void *)(m.spelled + SPELLED_SIZE);
	for (; r == KS_OK && m.text < known->text_count; m.text++) {
		m.first = known->pattern_count;
		r = ks_form_each(&known->texts[m.text], add_pattern, &m);
	}
	if (r == KS_OK) {
		sort(&m);
		link_patterns(&m);
		r = trim(known);
	}
	ks_known_memory_free(m.spelled, MAKING_SIZE);
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

/* Where the patterns end that have this head; the first is at from, if there is any. */
static size_t
patterns_end(const struct ks_known *known, size_t from, uint64_t head)
{
	if (from < known->pattern_count && known->patterns[from].head == head)
		return head == UINT64_MAX ? known->pattern_count : find_head(known, head + 1);
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
	to = patterns_end(known, from, head);
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
