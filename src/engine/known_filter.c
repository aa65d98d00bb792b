/* SPDX-License-Identifier: Apache-2.0 */
/* See known_filter.h. Nothing here depends on where a text is cut but which places are blind. */
#include "known_filter.h"

#include <string.h>

#ifdef __SSE2__
#include <immintrin.h>
#endif

#define GRAM       5U /* bytes */
#define GRAM_READ  8U /* bytes are read of one */
#define GRAM_MASK  (KNOWN_GRAM_WHOLE >> (64 - 8 * GRAM))
#define OWN_PLACES 16U /* of a pattern, one of which is to be marked */

/* Bytes of a gram before the place that is marked. */
static const size_t bytes_before[GRAM_PLACES] = { [GRAM_TO] = GRAM - RARE_LEN };

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static bool
is_used(const struct known_gram_set *set)
{
	return set->slots.log > 0;
}

/* ------------------------------------------------------------------------ making ---- */

static uint64_t
hash_at(const uint8_t *bytes)
{
	return ks_known_hash(ks_known_gram(bytes, GRAM_MASK));
}

/* The bits from first to last. */
static uint64_t
bits(size_t first, size_t last)
{
	return UINT64_MAX << first & UINT64_MAX >> (63 - last);
}

/* Where a pattern is looked for. */
struct grip {
	bool is_found; /* there is one */
	enum known_gram_place place;
	size_t offset; /* of its gram */
};

static struct grip
make_grip(enum known_gram_place place, size_t offset, uint64_t marks)
{
	return (struct grip){ true, place,
		              offset + (size_t)__builtin_ctzll(marks) - bytes_before[place] };
}

static struct grip
find_grip(const struct known_marker *marker, const uint8_t *bytes, size_t len, size_t offset)
{
	size_t n = least(len - offset, LOOK_BLOCK);
	uint64_t marks;

	ks_known_mark(marker, bytes + offset, 1, &marks);
	if (marks & bits(0, n - GRAM))
		return make_grip(GRAM_FROM, offset, marks);
	/* what is behind the pattern has no part in a rare mark, but it may have in others */
	if (marker->with_own)
		ks_known_mark_rare(marker, bytes + offset, 1, &marks);
	marks &= bits(bytes_before[GRAM_TO], n - RARE_LEN);
	return marks ? make_grip(GRAM_TO, offset, marks) : (struct grip){ 0 };
}

void
ks_known_filter_start(struct known_filter *filter, const struct known_marker *marker)
{
	*filter = (struct known_filter){ .marker = *marker };
}

bool
ks_known_filter_is_marked(const struct known_marker *marker, const uint8_t *bytes, size_t len,
                          size_t offset)
{
	return find_grip(marker, bytes, len, offset).is_found;
}

void
ks_known_filter_count(struct known_filter *filter, const uint8_t *bytes, size_t len, size_t offset)
{
	struct grip grip = find_grip(&filter->marker, bytes, len, offset);

	if (!grip.is_found)
		ks_known_marker_add(&filter->marker, bytes + offset,
		                    least(len - offset - GRAM + 1, OWN_PLACES));
	filter->counts[grip.place]++;
}

/* What is marked at its end may be marked before it when all have been counted. */
bool
ks_known_filter_open(struct known_filter *filter, bool *is_locked)
{
	size_t count = filter->counts[GRAM_FROM] + filter->counts[GRAM_TO];
	bool is_ok = true;

	for (unsigned place = 0; place < GRAM_PLACES; place++) {
		struct known_gram_set *set = &filter->sets[place];

		if (count > 0)
			is_ok = is_ok && ks_known_slots_init(&set->slots, count, is_locked) &&
			        ks_known_bloom_init(&set->bloom, count, is_locked);
		count = filter->counts[GRAM_TO];
	}
	return is_ok;
}

void
ks_known_filter_add(struct known_filter *filter, const uint8_t *bytes, size_t len, size_t offset)
{
	struct grip grip = find_grip(&filter->marker, bytes, len, offset);
	struct known_gram_set *set = &filter->sets[grip.place];
	uint64_t hash = hash_at(bytes + grip.offset);

	ks_known_slots_add(&set->slots, hash, grip.offset);
	ks_known_bloom_add(&set->bloom, hash);
}

void
ks_known_filter_done(struct known_filter *filter)
{
	for (unsigned place = 0; place < GRAM_PLACES; place++) {
		ks_known_slots_done(&filter->sets[place].slots);
		ks_known_bloom_done(&filter->sets[place].bloom);
	}
	explicit_bzero(&filter->marker, sizeof(filter->marker));
}

size_t
ks_known_filter_blind(const struct known_filter *filter)
{
	size_t blind = 0;

	for (unsigned place = 0; place < GRAM_PLACES; place++) {
		const struct known_gram_set *set = &filter->sets[place];

		if (is_used(set) && set->slots.offset_max + GRAM_READ - 1 > blind)
			blind = set->slots.offset_max + GRAM_READ - 1;
	}
	return blind;
}

/* ---------------------------------------------------------------------- scanning ---- */

#define CHUNK_WORDS 32U
#define CHUNK       ((size_t)CHUNK_WORDS * MARK_BYTES)
#define BATCH       ((size_t)64)
#define PLACES_MAX  (4 * BATCH)

struct place_search {
	const struct known_filter *filter;
	const uint8_t *text;
	size_t from, len;
	known_place_fn on_place;
	void *ctx;
	uint64_t marks[CHUNK_WORDS];
	/* marked places, from from on, and a few without meaning; a chunk's may be more than are gathered */
	uint32_t places[PLACES_MAX + CHUNK + 4];
	size_t count;
};

/* Mark the chunk at at. Returns how many words it has. Behind the last ones of a text too little can be read. */
static size_t
mark(struct place_search *search, size_t at)
{
	const struct known_marker *marker = &search->filter->marker;
	const uint8_t *text = search->text + at;
	size_t left = search->len - at, words, more;
	uint8_t last[2 * MARK_BYTES + MARK_BEHIND] = { 0 };

	words = left < MARK_BEHIND ? 0 : least((left - MARK_BEHIND) / MARK_BYTES, CHUNK_WORDS);
	ks_known_mark(marker, text, words, search->marks);
	if (words == CHUNK_WORDS)
		return words;
	left -= words * MARK_BYTES;
	more = least((left + MARK_BYTES - 1) / MARK_BYTES, CHUNK_WORDS - words);
	memcpy(last, text + words * MARK_BYTES, left);
	ks_known_mark(marker, last, more, search->marks + words);
	explicit_bzero(last, left);
	return words + more;
}

/* Most words have no marks, some have many: how many cannot be foreseen, so as little as possible depends on it. */
static inline __attribute__((always_inline)) void
list_places(struct place_search *search, size_t at, size_t words)
{
	uint32_t used[CHUNK_WORDS], *end = search->places + search->count;
	uint32_t base = (uint32_t)(at - search->from);
	size_t count = 0;

	for (uint32_t i = 0; i < words; i++) {
		used[count] = i;
		count += search->marks[i] != 0;
	}
	for (size_t i = 0; i < count; i++) {
		uint64_t marks = search->marks[used[i]];
		uint32_t *to = end, first = base + used[i] * MARK_BYTES;

		end += __builtin_popcountll(marks);
		do {
			for (unsigned k = 0; k < 2; k++, marks &= marks - 1)
				*(volatile uint32_t *)to++ = first +
				                             (uint32_t)__builtin_ctzll(
								     marks | UINT64_C(1) << 63);
		} while (marks);
	}
	search->count = (size_t)(end - search->places);
}

#ifdef __SSE2__

static __attribute__((target("avx2,bmi,popcnt"))) void
list_places_bmi(struct place_search *search, size_t at, size_t words)
{
	list_places(search, at, words);
}

#endif

static void
list(struct place_search *search, size_t at, size_t words)
{
#ifdef __SSE2__
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
	    __builtin_cpu_supports("popcnt")) {
		list_places_bmi(search, at, words);
		return;
	}
#endif
	list_places(search, at, words);
}

/*
 * Which of up to BATCH places have grams of the set? Without conditions, which could not be foreseen: few have. All memory is asked for
 * before any is waited for.
 */
static inline uint64_t
find_grams(const struct known_gram_set *set, const uint8_t *text, const uint32_t *places,
           size_t count)
{
	const struct known_bloom bloom = set->bloom;
	uint64_t hashes[BATCH], found = 0;

	for (size_t i = 0; i < count; i++) {
		hashes[i] = hash_at(text + places[i]);
		__builtin_prefetch(ks_known_bloom_word(&bloom, hashes[i]));
	}
	for (size_t i = 0; i < count; i++)
		found |= (uint64_t)ks_known_bloom_has(&bloom, hashes[i]) << i;
	return found;
}

/* Look at the places. No gram begins before the text, nor ends behind it. */
static void
look_at_places(const struct place_search *search, enum known_gram_place place)
{
	const struct known_gram_set *set = &search->filter->sets[place];
	const uint32_t *places = search->places, *end = places + search->count;
	size_t before = bytes_before[place], last = search->len - search->from - GRAM_READ + before;
	const uint8_t *text = search->text + search->from - before;

	while (places < end && *places < before)
		places++;
	while (places < end && end[-1] > last)
		end--;
	for (; places < end; places += BATCH) {
		uint64_t hits = find_grams(set, text, places, least((size_t)(end - places), BATCH));

		for (; hits; hits &= hits - 1) {
			const uint8_t *at = text + places[__builtin_ctzll(hits)];

			ks_known_slots_look_up(&set->slots, hash_at(at),
			                       (size_t)(at - search->text), search->from,
			                       search->on_place, search->ctx);
		}
	}
}

static void
look_at_all(struct place_search *search)
{
	for (unsigned place = 0; place < GRAM_PLACES; place++) {
		if (is_used(&search->filter->sets[place]))
			look_at_places(search, place);
	}
	search->count = 0;
}

void
ks_known_filter_scan(const struct known_filter *filter, const uint8_t *text, size_t from,
                     size_t len, known_place_fn on_place, void *ctx)
{
	struct place_search search;

	if (!is_used(&filter->sets[GRAM_FROM]) || len - from < GRAM_READ)
		return;
	search.filter = filter;
	search.text = text;
	search.from = from;
	search.len = len;
	search.on_place = on_place;
	search.ctx = ctx;
	search.count = 0;
	for (size_t at = from; at < len; at += CHUNK) {
		list(&search, at, mark(&search, at));
		if (search.count >= PLACES_MAX)
			look_at_all(&search);
	}
	look_at_all(&search);
}
