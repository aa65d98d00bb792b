/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding patterns in a text. Filters say where one may begin; the table (known_table.h) says what does. The last
 * bytes of a text, in which filters are blind, are looked at one by one.
 *
 * There are three filters: one for patterns that have token bytes enough, which is the fast one, and of the others one for short
 * ones, so that one short value does not make it slow to look for thousands of long ones.
 */
#include "known_find.h"

#include "known_spelling.h"
#include "known_table.h"

enum { FILTER_TOKEN, FILTER_SHORT, FILTER_LONG };

#define LONG_MIN   23U /* bytes of a pattern for a step of 16 and the longest gram */
#define HEAD_MIN   3U  /* bytes of which it is known by a set what patterns begin with them */
#define SHARED_MAX 8U  /* if more patterns have the same head, blocks lie where they differ */

_Static_assert(KNOWN_FILTERS + 1 == KNOWN_PASSES, "and one where they are blind");

/* ----------------------------------------------------------------------- making ---- */

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

/* Where a pattern is looked for. */
struct block_place {
	unsigned filter;
	size_t offset, len; /* of the bytes in which the block may lie */
};

/* The longest run of token bytes that begins in [offset, BLOCK_OFFSET_MAX]; what is longer than a block does not count. */
static struct block_place
find_token_run(const uint8_t *begin, size_t len, size_t offset)
{
	struct block_place best = { FILTER_TOKEN, offset, 0 };
	size_t from = offset, to;

	for (; from <= BLOCK_OFFSET_MAX && from < len && best.len < BLOCK_LEN_MAX; from = to + 1) {
		for (to = from;
		     to < len && to - from < BLOCK_LEN_MAX && ks_known_is_token(begin[to]);)
			to++;
		if (to - from > best.len)
			best = (struct block_place){ FILTER_TOKEN, from, to - from };
	}
	return best;
}

static struct block_place
place_block(const uint8_t *begin, size_t begin_len, size_t len, size_t offset)
{
	struct block_place run = find_token_run(begin, begin_len, offset);

	if (run.len >= BLOCK_TOKEN_MIN)
		return run;
	return (struct block_place){ len < LONG_MIN ? FILTER_SHORT : FILTER_LONG, offset, len };
}

/* The first len bytes of text, of which there are no more, or 8 of them. */
static uint64_t
gram_of(const uint8_t *text, size_t len)
{
	uint64_t gram = 0;

	if (len >= KNOWN_HEAD)
		return ks_known_gram(text, KNOWN_GRAM_WHOLE);
	for (size_t i = len; i > 0; i--)
		gram = gram << 8 | text[i - 1];
	return gram;
}

/* What is done with each pattern, one after the other with all of them. */
enum turn { TURN_MEASURE, TURN_COUNT, TURN_ADD };

struct finder_making {
	struct ks_known *known;
	enum turn turn;
	size_t count[KNOWN_FILTERS], shortest[KNOWN_FILTERS];
};

static void
measure(struct finder_making *m, const struct block_place *place)
{
	m->count[place->filter]++;
	if (place->len < m->shortest[place->filter])
		m->shortest[place->filter] = place->len;
}

static void
count_heads(struct ks_known *known, const uint8_t *begin)
{
	for (size_t n = HEAD_MIN; n <= KNOWN_HEAD; n++)
		ks_known_grams_count(&known->heads, gram_of(begin, n));
}

static void
add_block_of(struct ks_known *known, struct known_filter *filter, const uint8_t *begin,
             size_t offset)
{
	ks_known_filter_add(filter, begin + offset, offset);
	for (size_t n = HEAD_MIN; n <= KNOWN_HEAD; n++)
		ks_known_grams_add(&known->heads, gram_of(begin, n));
	known->begins[begin[0] << 2 | begin[1] >> 6] |= UINT64_C(1) << (begin[1] & 63);
}

static void
take_pattern(struct finder_making *m, const struct known_pattern *pattern, size_t offset)
{
	uint8_t begin[BLOCK_OFFSET_MAX + BLOCK_LEN_MAX + SPELLING_UNIT_MAX] = { 0 };
	size_t len = ks_spelling_begin(&m->known->texts[pattern->text], pattern->form, begin,
	                               BLOCK_OFFSET_MAX + BLOCK_LEN_MAX);
	struct block_place place = place_block(begin, len, pattern->len, offset);
	struct known_filter *filter = &m->known->filters[place.filter];
	size_t last;

	if (m->turn == TURN_MEASURE) {
		measure(m, &place);
	} else {
		last = place.filter == FILTER_TOKEN ? place.offset + place.len : pattern->len;
		last -= ks_known_block_len(filter);
		if (place.offset > last)
			place.offset = last;
		if (m->turn == TURN_COUNT) {
			ks_known_filter_count(filter, begin + place.offset);
			count_heads(m->known, begin);
		} else {
			add_block_of(m->known, filter, begin, place.offset);
		}
	}
	explicit_bzero(begin, sizeof(begin));
}

static void
take_patterns(struct finder_making *m, enum turn turn)
{
	const struct known_pattern *patterns = m->known->patterns;
	size_t count = m->known->pattern_count, end;

	m->turn = turn;
	for (size_t i = 0; i < count; i = end) {
		size_t offset = 0;

		for (end = i + 1; end < count && patterns[end].head == patterns[i].head;)
			end++;
		if (end - i > SHARED_MAX)
			offset = count_common(m->known, i, end - 1);
		for (size_t k = i; k < end; k++)
			take_pattern(m, &patterns[k], offset);
	}
}

static bool
init_filters(struct finder_making *m)
{
	struct ks_known *known = m->known;

	for (unsigned f = 0; f < KNOWN_FILTERS; f++) {
		if (m->count[f] > 0 &&
		    !ks_known_filter_init(&known->filters[f], f == FILTER_TOKEN, m->count[f],
		                          m->shortest[f], &known->is_locked))
			return false;
	}
	return ks_known_grams_init(&known->heads,
	                           known->pattern_count * (KNOWN_HEAD - HEAD_MIN + 1),
	                           &known->is_locked);
}

static bool
open_filters(struct ks_known *known)
{
	for (unsigned f = 0; f < KNOWN_FILTERS; f++) {
		if (known->filters[f].step > 0 &&
		    !ks_known_filter_open(&known->filters[f], &known->is_locked))
			return false;
	}
	return ks_known_grams_open(&known->heads, &known->is_locked);
}

int
ks_known_finder_make(struct ks_known *known)
{
	struct finder_making m = { .known = known };

	for (unsigned f = 0; f < KNOWN_FILTERS; f++)
		m.shortest[f] = SIZE_MAX;
	take_patterns(&m, TURN_MEASURE);
	if (!init_filters(&m))
		return KS_ERROR_MEMORY;
	take_patterns(&m, TURN_COUNT);
	if (!open_filters(known))
		return KS_ERROR_MEMORY;
	take_patterns(&m, TURN_ADD);
	return KS_OK;
}

void
ks_known_finder_done(struct ks_known *known)
{
	for (unsigned f = 0; f < KNOWN_FILTERS; f++)
		ks_known_filter_done(&known->filters[f]);
	ks_known_grams_done(&known->heads);
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

/* Does a pattern begin with these two bytes? Of one byte, with it? */
static bool
does_begin(const struct ks_known *known, const uint8_t *text, size_t len)
{
	const uint64_t *words = &known->begins[text[0] << 2];

	if (len == 1)
		return words[0] | words[1] | words[2] | words[3];
	return words[text[1] >> 6] >> (text[1] & 63) & 1;
}

/* What text[at, len) begins, at the end of a text. */
static void
look_at_end(struct find *find, size_t at)
{
	const struct ks_known *known = find->known;
	const uint8_t *text = find->text + at;
	size_t len = find->len - at;

	if (!does_begin(known, text, len))
		return;
	if (len > 2 && ks_known_grams_has(&known->heads, gram_of(text, len)))
		look_at(find, at);
	else if (len <= 2 && at < find->open)
		find->open = at;
}

/* Where the bytes begin at the end of text[from, len) in which filters are blind. */
static size_t
blind_from(const struct ks_known *known, size_t from, size_t len)
{
	size_t blind = 0;

	for (unsigned f = 0; f < KNOWN_FILTERS; f++) {
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

	if (pass < KNOWN_FILTERS) {
		if (known->filters[pass].step > 0)
			ks_known_filter_scan(&known->filters[pass], text, from, len, look_at,
			                     &find);
		return find.open;
	}
	/* Behind the first open place only whole patterns matter, and the last bytes have no room for one. */
	for (size_t i = blind_from(known, from, len);
	     i < len && (i + KNOWN_HEAD <= len || find.open == len); i++)
		look_at_end(&find, i);
	return find.open;
}
