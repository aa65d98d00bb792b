/* SPDX-License-Identifier: Apache-2.0 */
/* See known_run.h. */
#include "known_run.h"

#ifdef __SSE2__
#include <immintrin.h>
#endif

#define OFFSET_BITS 7U
#define NO_BLOCK    0U
_Static_assert(RUN_MAX == RUN_STEP + RUN_VIEW_MAX - 1, "a run");
_Static_assert(RUN_MIN == RUN_STEP + sizeof(uint64_t) - 1, "a run");
_Static_assert(RUN_OFFSET_MAX < 1U << OFFSET_BITS, "an offset fits");

/* Letters, digits, "-" and "_": what most values are made of. */
static inline bool
is_token(uint8_t byte)
{
	return (uint8_t)((byte | 0x20) - 'a') < 26 || (uint8_t)(byte - '0') < 10 || byte == '-' ||
	       byte == '_';
}

struct known_run
ks_known_run_find(const uint8_t *begin, size_t len, size_t offset)
{
	struct known_run best = { offset, 0 };
	size_t from = offset, to;

	for (; from <= RUN_OFFSET_MAX && from < len && best.len < RUN_MAX; from = to + 1) {
		for (to = from; to < len && to - from < RUN_MAX && is_token(begin[to]);)
			to++;
		if (to - from > best.len)
			best = (struct known_run){ from, to - from };
	}
	return best;
}

bool
ks_known_runs_init(struct known_runs *runs, size_t count, bool *is_locked)
{
	runs->slots_log = 6;
	while ((size_t)1 << runs->slots_log < 2 * count)
		runs->slots_log++;
	return ks_known_grams_init(&runs->grams, count * RUN_STEP, is_locked);
}

void
ks_known_runs_done(struct known_runs *runs)
{
	ks_known_memory_free(runs->slots, sizeof(*runs->slots) << runs->slots_log);
	ks_known_grams_done(&runs->grams);
	*runs = (struct known_runs){ 0 };
}

/* ----------------------------------------------------------------------- blocks ---- */

static uint32_t
slot_tag(uint64_t hash)
{
	return (uint32_t)hash << OFFSET_BITS | 1U << 31;
}

static void
add_block(struct known_runs *runs, uint64_t hash, size_t offset)
{
	size_t mask = ((size_t)1 << runs->slots_log) - 1, at = hash >> (64 - runs->slots_log);
	uint32_t slot = slot_tag(hash) | (uint32_t)offset;

	while (runs->slots[at] != NO_BLOCK && runs->slots[at] != slot)
		at = (at + 1) & mask;
	runs->slots[at] = slot;
}

void
ks_known_runs_count(struct known_runs *runs, const uint8_t *block)
{
	for (size_t i = 0; i < RUN_STEP; i++)
		ks_known_grams_count(&runs->grams, ks_known_gram(block + i, KNOWN_GRAM_WHOLE));
}

bool
ks_known_runs_open(struct known_runs *runs, size_t shortest, bool *is_locked)
{
	runs->view = (unsigned)shortest - RUN_STEP + 1;
	runs->slots = ks_known_memory_new(sizeof(*runs->slots) << runs->slots_log, is_locked);
	return runs->slots && ks_known_grams_open(&runs->grams, is_locked);
}

void
ks_known_runs_add(struct known_runs *runs, const uint8_t *block, size_t offset)
{
	for (size_t i = 0; i < RUN_STEP; i++)
		ks_known_grams_add(&runs->grams, ks_known_gram(block + i, KNOWN_GRAM_WHOLE));
	add_block(runs, ks_known_hash(ks_known_gram(block, KNOWN_GRAM_WHOLE)), offset);
	if (offset > runs->offset_max)
		runs->offset_max = offset;
}

/* ---------------------------------------------------------------------- scanning ---- */

struct place_search {
	const struct known_runs *runs;
	const uint8_t *text;
	size_t from, len;
	known_place_fn on_place;
	void *ctx;
};

/* Is text[at, at + 8) the beginning of blocks? Then so many patterns may begin before it. */
static void
look_up_block(const struct place_search *search, size_t at)
{
	const struct known_runs *runs = search->runs;
	uint64_t hash = ks_known_hash(ks_known_gram(search->text + at, KNOWN_GRAM_WHOLE));
	size_t mask = ((size_t)1 << runs->slots_log) - 1;
	uint32_t tag = slot_tag(hash), offsets = (1U << OFFSET_BITS) - 1, slot;

	for (size_t i = hash >> (64 - runs->slots_log); (slot = runs->slots[i]) != NO_BLOCK;
	     i = (i + 1) & mask) {
		size_t offset = slot & offsets;

		if ((slot & ~offsets) == tag && at >= search->from + offset)
			search->on_place(search->ctx, at - offset);
	}
}

static inline bool
has_gram(const struct known_runs *runs, const uint8_t *at)
{
	return ks_known_grams_has(&runs->grams, ks_known_gram(at, KNOWN_GRAM_WHOLE));
}

/*
 * A gram was found at at: a block that it is in begins there, or up to step - 1 bytes before, and all that begins in between
 * are grams of the block too.
 */
static void
look_up_blocks(const struct place_search *search, size_t at)
{
	size_t from = at - search->from < RUN_STEP ? search->from : at - RUN_STEP + 1;

	look_up_block(search, at);
	while (at > from && has_gram(search->runs, search->text + at - 1))
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

	for (unsigned i = 0; i < RUN_VIEW_MAX; i++)
		strangers |= (unsigned)!is_token(at[i]) << i;
	return strangers;
}

#endif

/* The view at at is of token bytes: is it a part of so many as a block has? */
static bool
is_in_run(const struct place_search *search, size_t at)
{
	const struct known_runs *runs = search->runs;
	unsigned before, behind;

	if (at - search->from < RUN_VIEW_MAX || search->len - at < (size_t)2 * RUN_VIEW_MAX)
		return true;
	before = find_strangers(search->text + at - RUN_VIEW_MAX);
	behind = find_strangers(search->text + at + runs->view);
	return (unsigned)__builtin_clz(before << 16 | 1U << 15) + runs->view +
	               (unsigned)__builtin_ctz(behind | 1U << 16) >=
	       RUN_STEP + runs->view - 1;
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

	for (; at + (size_t)3 * RUN_STEP < end && batch->count + 4 <= BATCH_MAX;
	     at += (size_t)4 * RUN_STEP) {
		uint64_t strangers = find_strangers_avx2(text + at) |
		                     (uint64_t)find_strangers_avx2(text + at + (size_t)2 * RUN_STEP)
		                             << 32;
		uint64_t none = (strangers - ones) & ~strangers & ones << 15;

		for (; none; none &= none - 1)
			batch->places[batch->count++] = at + (size_t)__builtin_ctzll(none) / 16 *
			                                             RUN_STEP;
	}
	return at;
}

#endif

/* Gather places from at on whose views are token bytes. Returns the first one that was not looked at: there is no room for more. */
static size_t
gather_places(const struct place_search *search, size_t at, size_t end, struct batch *batch)
{
	const unsigned view = (1U << search->runs->view) - 1;

#ifdef __SSE2__
	if (view == 0xffff && __builtin_cpu_supports("avx2"))
		at = gather_places_avx2(search->text, at, end, batch);
#endif
	for (; at < end && batch->count < BATCH_MAX; at += RUN_STEP) {
		if (!(find_strangers(search->text + at) & view))
			batch->places[batch->count++] = at;
	}
	return at;
}

/* Keep the places at which there is a gram of a block. All are asked for before one is waited for. */
static void
keep_grams(const struct place_search *search, struct batch *batch)
{
	const struct known_runs *runs = search->runs;
	size_t count = 0;

	for (size_t i = 0; i < batch->count; i++) {
		size_t at = batch->places[i];

		if (!is_in_run(search, at))
			continue;
		batch->places[count] = at;
		batch->grams[count] = ks_known_gram(search->text + at, KNOWN_GRAM_WHOLE);
		__builtin_prefetch(ks_known_grams_bucket(&runs->grams, batch->grams[count++]));
	}
	for (size_t i = 0; i < count; i++)
		__builtin_prefetch(ks_known_grams_word(&runs->grams, batch->grams[i]));
	batch->count = 0;
	for (size_t i = 0; i < count; i++) {
		if (ks_known_grams_has(&runs->grams, batch->grams[i]))
			batch->places[batch->count++] = batch->places[i];
	}
}

void
ks_known_runs_scan(const struct known_runs *runs, const uint8_t *text, size_t from, size_t len,
                   known_place_fn on_place, void *ctx)
{
	const struct place_search search = { runs, text, from, len, on_place, ctx };
	size_t end = len < RUN_VIEW_MAX ? 0 : len - RUN_VIEW_MAX + 1;
	struct batch batch;

	for (size_t at = from; at < end;) {
		batch.count = 0;
		at = gather_places(&search, at, end, &batch);
		keep_grams(&search, &batch);
		for (size_t i = 0; i < batch.count; i++)
			look_up_blocks(&search, batch.places[i]);
	}
	explicit_bzero(batch.grams, sizeof(batch.grams));
}
