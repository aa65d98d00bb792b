/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding patterns in a text. Filters say where one may begin; the table (known_table.h) says what does. The last
 * bytes of a text, in which filters are blind, are looked at one by one.
 *
 * Short patterns have a filter of their own, so that one short value does not make it slow to look for
 * thousands of long ones.
 */
#include "known_find.h"

#include "known_spelling.h"
#include "known_table.h"

enum { FILTER_SHORT, FILTER_LONG, FILTER_COUNT };

#define LONG_MIN   23U /* bytes of a pattern for a step of 16 or more and the longest gram */
#define SHARED_MAX 8U  /* if more patterns have the same head, blocks lie where they differ */

_Static_assert(FILTER_COUNT + 1 == KNOWN_PASSES, "and one where they are blind");

/* ----------------------------------------------------------------------- making ---- */

static unsigned
filter_of(const struct known_pattern *pattern)
{
	return pattern->len < LONG_MIN ? FILTER_SHORT : FILTER_LONG;
}

static int
init_filters(struct ks_known *known)
{
	size_t count[FILTER_COUNT] = { 0 }, shortest[FILTER_COUNT] = { SIZE_MAX, SIZE_MAX };

	for (size_t i = 0; i < known->pattern_count; i++) {
		const struct known_pattern *pattern = &known->patterns[i];
		unsigned f = filter_of(pattern);

		count[f]++;
		if (pattern->len < shortest[f])
			shortest[f] = pattern->len;
	}
	for (unsigned f = 0; f < FILTER_COUNT; f++) {
		if (count[f] > 0 && !ks_known_filter_init(&known->filters[f], count[f], shortest[f],
		                                          &known->is_locked))
			return KS_ERROR_MEMORY;
	}
	return ks_known_bloom_init(&known->heads, known->pattern_count, &known->is_locked)
	               ? KS_OK
	               : KS_ERROR_MEMORY;
}

/* With how many bytes do both begin? No more than BLOCK_OFFSET_MAX are counted. */
static size_t
count_common(const struct ks_known *known, size_t a, size_t b)
{
	const struct known_pattern *patterns = known->patterns;
	uint8_t first[BLOCK_OFFSET_MAX + SPELLING_UNIT_MAX];
	uint8_t second[BLOCK_OFFSET_MAX + SPELLING_UNIT_MAX];
	size_t n = ks_spelling_begin(&known->texts[patterns[a].text], patterns[a].form, first,
	                             BLOCK_OFFSET_MAX);
	size_t m = ks_spelling_begin(&known->texts[patterns[b].text], patterns[b].form, second,
	                             BLOCK_OFFSET_MAX);
	size_t common = 0;

	while (common < n && common < m && first[common] == second[common])
		common++;
	explicit_bzero(first, sizeof(first));
	explicit_bzero(second, sizeof(second));
	return common;
}

/* What is done with each pattern: first all are counted, then all are added. */
enum turn { TURN_COUNT, TURN_ADD };

static void
take_pattern(struct ks_known *known, const struct known_pattern *pattern, size_t offset,
             enum turn turn)
{
	struct known_filter *filter = &known->filters[filter_of(pattern)];
	size_t block = ks_known_block_len(filter);
	uint8_t begin[BLOCK_OFFSET_MAX + BLOCK_LEN_MAX + SPELLING_UNIT_MAX] = { 0 };

	if (offset + block > pattern->len)
		offset = pattern->len - block;
	(void)ks_spelling_begin(&known->texts[pattern->text], pattern->form, begin, offset + block);
	if (turn == TURN_COUNT) {
		ks_known_filter_count(filter, begin + offset);
	} else {
		ks_known_filter_add(filter, begin + offset, offset);
		ks_known_bloom_add(&known->heads,
		                   ks_known_hash(ks_known_gram(begin, KNOWN_GRAM_WHOLE)));
		known->begins[begin[0] << 2 | begin[1] >> 6] |= UINT64_C(1) << (begin[1] & 63);
	}
	explicit_bzero(begin, sizeof(begin));
}

static void
take_patterns(struct ks_known *known, enum turn turn)
{
	const struct known_pattern *patterns = known->patterns;
	size_t end;

	for (size_t i = 0; i < known->pattern_count; i = end) {
		size_t offset = 0;

		for (end = i + 1;
		     end < known->pattern_count && patterns[end].head == patterns[i].head;)
			end++;
		if (end - i > SHARED_MAX)
			offset = count_common(known, i, end - 1);
		for (size_t k = i; k < end; k++)
			take_pattern(known, &patterns[k], offset, turn);
	}
}

int
ks_known_finder_make(struct ks_known *known)
{
	int r = init_filters(known);

	if (r != KS_OK)
		return r;
	take_patterns(known, TURN_COUNT);
	for (unsigned f = 0; f < FILTER_COUNT; f++) {
		if (known->filters[f].step > 0 &&
		    !ks_known_filter_open(&known->filters[f], &known->is_locked))
			return KS_ERROR_MEMORY;
	}
	take_patterns(known, TURN_ADD);
	return KS_OK;
}

void
ks_known_finder_done(struct ks_known *known)
{
	for (unsigned f = 0; f < FILTER_COUNT; f++)
		ks_known_filter_done(&known->filters[f]);
	ks_known_bloom_done(&known->heads);
}

/* ---------------------------------------------------------------------- finding ---- */

struct find {
	const struct ks_known *known;
	const uint8_t *text;
	size_t len, open;
	known_match_fn on_match;
	void *ctx;
};

/* A known_place_fn. */
static void
look_at(void *ctx, size_t at)
{
	struct find *find = ctx;
	const struct ks_known *known = find->known;
	bool is_open;
	uint32_t found = ks_known_table_find(known, find->text + at, find->len - at, &is_open);
	struct known_match match = { .from = at };

	if (is_open && at < find->open)
		find->open = at;
	if (found == KNOWN_NONE)
		return;
	match.to = at + known->patterns[found].len;
	match.text = known->patterns[found].first;
	find->on_match(find->ctx, &match);
}

/* May a pattern begin with text[0, len), of which there is at least one byte? */
static bool
may_begin(const struct ks_known *known, const uint8_t *text, size_t len)
{
	if (len >= KNOWN_HEAD)
		return ks_known_bloom_has(&known->heads,
		                          ks_known_hash(ks_known_gram(text, KNOWN_GRAM_WHOLE)));
	return len < 2 || known->begins[text[0] << 2 | text[1] >> 6] >> (text[1] & 63) & 1;
}

/* Where the bytes begin at the end of text[from, len) in which filters are blind. */
static size_t
blind_from(const struct ks_known *known, size_t from, size_t len)
{
	size_t blind = 0;

	for (unsigned f = 0; f < FILTER_COUNT; f++) {
		if (known->filters[f].step > 0 && ks_known_filter_blind(&known->filters[f]) > blind)
			blind = ks_known_filter_blind(&known->filters[f]);
	}
	return len - from > blind ? len - blind : from;
}

size_t
ks_known_find(const struct ks_known *known, unsigned pass, const uint8_t *text, size_t from,
              size_t len, known_match_fn on_match, void *ctx)
{
	struct find find = { known, text, len, len, on_match, ctx };

	if (pass < FILTER_COUNT) {
		if (known->filters[pass].step > 0)
			ks_known_filter_scan(&known->filters[pass], text, from, len, look_at,
			                     &find);
		return find.open;
	}
	for (size_t i = blind_from(known, from, len); i < len; i++) {
		if (may_begin(known, text + i, len - i))
			look_at(&find, i);
	}
	return find.open;
}
