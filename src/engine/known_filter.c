/* SPDX-License-Identifier: Apache-2.0 */
/* See known_filter.h. */
#include "known_filter.h"

#ifdef __SSE2__
#include <immintrin.h>
#endif

#define STEP        KNOWN_VIEW_MAX /* of a filter for tokens, and of others at most */
#define GRAM_MAX    8U
#define OFFSET_BITS 7U
#define NO_BLOCK    0U
_Static_assert(BLOCK_LEN_MAX == STEP + KNOWN_VIEW_MAX - 1, "a block");
_Static_assert(BLOCK_TOKEN_MIN == STEP + GRAM_MAX - 1, "a block");
_Static_assert(BLOCK_OFFSET_MAX < 1U << OFFSET_BITS, "an offset fits");

static unsigned
least(size_t a, unsigned b)
{
	return a < b ? (unsigned)a : b;
}

/*
 * A longer step looks at fewer places; a longer view is taken for something by chance less often. Together they are a
 * block, which no pattern is shorter than.
 */
static void
choose_step(struct known_filter *filter, size_t shortest)
{
	size_t step = shortest < 2 * GRAM_MAX - 1 ? shortest / 2 : shortest - GRAM_MAX + 1;

	filter->step = filter->is_of_tokens ? STEP : least(step, STEP);
	filter->view = least(shortest - filter->step + 1,
	                     filter->is_of_tokens ? KNOWN_VIEW_MAX : GRAM_MAX);
	filter->gram_mask = KNOWN_GRAM_WHOLE >> (64 - 8 * least(filter->view, GRAM_MAX));
}

bool
ks_known_filter_init(struct known_filter *filter, bool is_of_tokens, size_t count, size_t shortest,
                     bool *is_locked)
{
	filter->is_of_tokens = is_of_tokens;
	choose_step(filter, shortest);
	filter->slots_log = 6;
	while ((size_t)1 << filter->slots_log < 2 * count)
		filter->slots_log++;
	filter->slots = ks_known_memory_new(sizeof(*filter->slots) << filter->slots_log, is_locked);
	return filter->slots &&
	       ks_known_grams_init(&filter->grams, count * filter->step, is_locked);
}

void
ks_known_filter_done(struct known_filter *filter)
{
	ks_known_memory_free(filter->slots, sizeof(*filter->slots) << filter->slots_log);
	ks_known_grams_done(&filter->grams);
}

/* ----------------------------------------------------------------------- blocks ---- */

static uint32_t
slot_tag(uint64_t hash)
{
	return (uint32_t)hash << OFFSET_BITS | 1U << 31;
}

static void
add_block(struct known_filter *filter, uint64_t hash, size_t offset)
{
	size_t mask = ((size_t)1 << filter->slots_log) - 1, at = hash >> (64 - filter->slots_log);
	uint32_t slot = slot_tag(hash) | (uint32_t)offset;

	while (filter->slots[at] != NO_BLOCK && filter->slots[at] != slot)
		at = (at + 1) & mask;
	filter->slots[at] = slot;
}

void
ks_known_filter_count(struct known_filter *filter, const uint8_t *block)
{
	for (size_t i = 0; i < filter->step; i++)
		ks_known_grams_count(&filter->grams, ks_known_gram(block + i, filter->gram_mask));
}

bool
ks_known_filter_open(struct known_filter *filter, bool *is_locked)
{
	return ks_known_grams_open(&filter->grams, is_locked);
}

void
ks_known_filter_add(struct known_filter *filter, const uint8_t *block, size_t offset)
{
	for (size_t i = 0; i < filter->step; i++)
		ks_known_grams_add(&filter->grams, ks_known_gram(block + i, filter->gram_mask));
	add_block(filter, ks_known_hash(ks_known_gram(block, KNOWN_GRAM_WHOLE)), offset);
	if (offset > filter->offset_max)
		filter->offset_max = offset;
}

/* ---------------------------------------------------------------------- scanning ---- */

struct place_search {
	const struct known_filter *filter;
	const uint8_t *text;
	size_t from, len;
	known_place_fn on_place;
	void *ctx;
};

/* Is text[at, at + 8) the beginning of blocks? Then so many patterns may begin before it. */
static void
look_up_block(const struct place_search *search, size_t at)
{
	const struct known_filter *filter = search->filter;
	uint64_t hash = ks_known_hash(ks_known_gram(search->text + at, KNOWN_GRAM_WHOLE));
	size_t mask = ((size_t)1 << filter->slots_log) - 1;
	uint32_t tag = slot_tag(hash), offsets = (1U << OFFSET_BITS) - 1, slot;

	for (size_t i = hash >> (64 - filter->slots_log); (slot = filter->slots[i]) != NO_BLOCK;
	     i = (i + 1) & mask) {
		size_t offset = slot & offsets;

		if ((slot & ~offsets) == tag && at >= search->from + offset)
			search->on_place(search->ctx, at - offset);
	}
}

static inline bool
has_gram(const struct known_filter *filter, const uint8_t *at)
{
	return ks_known_grams_has(&filter->grams, ks_known_gram(at, filter->gram_mask));
}

/*
 * A gram was found at at: a block that it is in begins there, or up to step - 1 bytes before, and all that begins in between
 * are grams of the block too.
 */
static void
look_up_blocks(const struct place_search *search, size_t at)
{
	size_t from = at - search->from < search->filter->step ? search->from
	                                                       : at - search->filter->step + 1;

	look_up_block(search, at);
	while (at > from && has_gram(search->filter, search->text + at - 1))
		look_up_block(search, --at);
}

#ifdef __SSE2__

/*
 * Bit i says that at[i], of 16 bytes, is no token byte. What is rare in logs is not told from token bytes, as that would take
 * more time than it saves: "[\\]^`{|}~" and what is not ASCII.
 */
static inline unsigned
find_strangers(const uint8_t *at)
{
	__m128i text = _mm_loadu_si128((const __m128i *)(const void *)at);
	__m128i colon = _mm_sub_epi8(text, _mm_set1_epi8(':'));
	__m128i hyphen = _mm_cmpeq_epi8(text, _mm_set1_epi8('-'));
	__m128i from_zero = _mm_cmpeq_epi8(_mm_max_epu8(text, _mm_set1_epi8('0')), text);
	__m128i to_at = _mm_cmpeq_epi8(_mm_min_epu8(colon, _mm_set1_epi8('@' - ':')), colon);
	__m128i token = _mm_or_si128(_mm_andnot_si128(to_at, from_zero), hyphen);

	return (unsigned)_mm_movemask_epi8(token) ^ 0xffff;
}

#else

static inline unsigned
find_strangers(const uint8_t *at)
{
	unsigned strangers = 0;

	for (unsigned i = 0; i < KNOWN_VIEW_MAX; i++)
		strangers |= (unsigned)!ks_known_is_token(at[i]) << i;
	return strangers;
}

#endif

/* The view at at is of token bytes: is it a part of so many as a block has? */
static bool
is_in_run(const struct place_search *search, size_t at)
{
	const struct known_filter *filter = search->filter;
	unsigned before, behind;

	if (at - search->from < KNOWN_VIEW_MAX || search->len - at < 2 * KNOWN_VIEW_MAX)
		return true;
	before = find_strangers(search->text + at - KNOWN_VIEW_MAX);
	behind = find_strangers(search->text + at + filter->view);
	return (unsigned)__builtin_clz(before << 16 | 1U << 15) + filter->view +
	               (unsigned)__builtin_ctz(behind | 1U << 16) >=
	       ks_known_block_len(filter);
}

#define BATCH_MAX 64U

/* Places that are worth a look, and their grams. */
struct batch {
	size_t count;
	size_t places[BATCH_MAX];
	uint64_t grams[BATCH_MAX];
};

#ifdef __SSE2__

/*
 * find_strangers() of 32 bytes, and exactly: each half of a byte chooses from a table which bits it may have, one bit for each
 * of the upper halves 2 ("-") to 7 (letters from p on).
 */
static inline __attribute__((target("avx2"), always_inline)) uint32_t
find_strangers_avx2(const uint8_t *at)
{
	const __m256i lower = _mm256_broadcastsi128_si256(
		_mm_setr_epi8(42, 62, 62, 62, 62, 62, 62, 62, 62, 62, 60, 20, 20, 21, 20, 28));
	const __m256i upper = _mm256_broadcastsi128_si256(
		_mm_setr_epi8(0, 0, 1, 2, 4, 8, 16, 32, 0, 0, 0, 0, 0, 0, 0, 0));
	__m256i text = _mm256_loadu_si256((const __m256i *)(const void *)at);
	__m256i half = _mm256_and_si256(_mm256_srli_epi16(text, 4), _mm256_set1_epi8(15));
	__m256i both = _mm256_and_si256(_mm256_shuffle_epi8(lower, text),
	                                _mm256_shuffle_epi8(upper, half));

	return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(both, _mm256_setzero_si256()));
}

/*
 * The same as gather_places(), for views of 16 bytes. Four places are one condition, for it cannot be foreseen: has any of four
 * 16 bits become 0? One that is 1 behind one that is 0 is taken for it too, which does no harm.
 */
static __attribute__((target("avx2"))) size_t
gather_places_avx2(const uint8_t *text, size_t at, size_t end, struct batch *batch)
{
	const uint64_t ones = UINT64_C(0x0001000100010001);

	for (; at + 3 * STEP < end && batch->count + 4 <= BATCH_MAX; at += 4 * STEP) {
		uint64_t strangers = find_strangers_avx2(text + at) |
		                     (uint64_t)find_strangers_avx2(text + at + 2 * STEP) << 32;
		uint64_t none = (strangers - ones) & ~strangers & ones << 15;

		for (; none; none &= none - 1)
			batch->places[batch->count++] = at +
			                                (size_t)__builtin_ctzll(none) / 16 * STEP;
	}
	return at;
}

#endif

/* Gather places from at on whose views are token bytes. Returns the first one that was not looked at: there is no room for more. */
static size_t
gather_places(const struct place_search *search, size_t at, size_t end, struct batch *batch)
{
	const unsigned view = (1U << search->filter->view) - 1;

#ifdef __SSE2__
	if (view == 0xffff && __builtin_cpu_supports("avx2"))
		at = gather_places_avx2(search->text, at, end, batch);
#endif
	for (; at < end && batch->count < BATCH_MAX; at += STEP) {
		if (!(find_strangers(search->text + at) & view))
			batch->places[batch->count++] = at;
	}
	return at;
}

/* Keep the places at which there is a gram of a block. All are asked for before one is waited for. */
static void
keep_grams(const struct place_search *search, struct batch *batch)
{
	const struct known_filter *filter = search->filter;
	size_t count = 0;

	for (size_t i = 0; i < batch->count; i++) {
		size_t at = batch->places[i];

		if (!is_in_run(search, at))
			continue;
		batch->places[count] = at;
		batch->grams[count] = ks_known_gram(search->text + at, filter->gram_mask);
		__builtin_prefetch(ks_known_grams_bucket(&filter->grams, batch->grams[count++]));
	}
	for (size_t i = 0; i < count; i++)
		__builtin_prefetch(ks_known_grams_word(&filter->grams, batch->grams[i]));
	batch->count = 0;
	for (size_t i = 0; i < count; i++) {
		if (ks_known_grams_has(&filter->grams, batch->grams[i]))
			batch->places[batch->count++] = batch->places[i];
	}
}

static void
scan_tokens(const struct place_search *search, size_t end)
{
	struct batch batch;

	for (size_t at = search->from; at < end;) {
		batch.count = 0;
		at = gather_places(search, at, end, &batch);
		keep_grams(search, &batch);
		for (size_t i = 0; i < batch.count; i++)
			look_up_blocks(search, batch.places[i]);
	}
	explicit_bzero(batch.grams, sizeof(batch.grams));
}

/* Where blocks have other bytes too. */
static void
scan_others(const struct place_search *search, size_t end)
{
	const struct known_filter f = *search->filter;

	for (size_t at = search->from; at < end; at += f.step) {
		if (has_gram(&f, search->text + at))
			look_up_blocks(search, at);
	}
}

void
ks_known_filter_scan(const struct known_filter *filter, const uint8_t *text, size_t from,
                     size_t len, known_place_fn on_place, void *ctx)
{
	const struct place_search search = { filter, text, from, len, on_place, ctx };
	size_t end = len < KNOWN_VIEW_MAX ? 0 : len - KNOWN_VIEW_MAX + 1;

	if (filter->is_of_tokens)
		scan_tokens(&search, end);
	else
		scan_others(&search, end);
}
