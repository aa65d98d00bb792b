/* SPDX-License-Identifier: Apache-2.0 */
/* See known_filter.h. Nothing here depends on where a text is cut but which places are blind. */
#include "known_filter.h"

#include "known_class.h"

#ifdef __SSE2__
#include <immintrin.h>
#endif

/* How it is looked at a mark. */
static const struct {
	uint8_t before; /* bytes of a gram before the place that is marked */
	uint8_t len;    /* of a gram */
	uint8_t count;  /* grams of a pattern, one behind the other */
} shapes[LOOK_STEP_MIN] = {
	[LOOK_RISE] = { 3, 8, 1 },       [LOOK_EVEN_LONG] = { 8, 8, 8 },
	[LOOK_RISE_RIGHT] = { 1, 5, 1 }, [LOOK_RISE_LEFT] = { 4, 5, 1 },
	[LOOK_EVEN_SHORT] = { 4, 5, 4 },
};

static uint64_t
mask_of(size_t len)
{
	return KNOWN_GRAM_WHOLE >> (64 - 8 * len);
}

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

bool
ks_known_filter_init(struct known_filter *filter, enum known_look look, size_t count,
                     size_t shortest, bool *is_locked)
{
	size_t gram = STEP_GRAM_MAX;

	filter->look = look;
	if (look < LOOK_STEP_MIN) {
		gram = shapes[look].len;
	} else {
		/* a longer step looks at fewer places; a longer gram is taken for something by chance less often */
		filter->step = (unsigned)least(
			shortest < 2 * gram - 1 ? shortest / 2 : shortest - gram + 1, STEP_MAX);
		gram = least(shortest - filter->step + 1, gram);
		count *= filter->step;
		filter->pairs = ks_known_memory_new(sizeof(*filter->pairs) * STEP_PAIRS, is_locked);
		if (!filter->pairs)
			return false;
	}
	filter->gram_mask = mask_of(gram);
	return ks_known_slots_init(&filter->slots, count, is_locked) &&
	       ks_known_bloom_init(&filter->bloom, count, is_locked);
}

void
ks_known_filter_done(struct known_filter *filter)
{
	ks_known_slots_done(&filter->slots);
	ks_known_memory_free(filter->pairs, sizeof(*filter->pairs) * STEP_PAIRS);
	ks_known_bloom_done(&filter->bloom);
}

/* ------------------------------------------------------------------------ grams ---- */

static uint64_t
hash_at(const struct known_filter *filter, const uint8_t *bytes)
{
	return ks_known_hash(ks_known_gram(bytes, filter->gram_mask));
}

static unsigned
pair_at(const uint8_t *bytes)
{
	uint16_t pair;

	memcpy(&pair, bytes, sizeof(pair));
	return pair;
}

void
ks_known_filter_add(struct known_filter *filter, const uint8_t *bytes, size_t offset)
{
	uint64_t hash = hash_at(filter, bytes);

	ks_known_slots_add(&filter->slots, hash, offset);
	ks_known_bloom_add(&filter->bloom, hash);
	if (filter->pairs)
		filter->pairs[pair_at(bytes) >> 6] |= UINT64_C(1) << (pair_at(bytes) & 63);
}

/* The bits from first to last. */
static uint64_t
bits(size_t first, size_t last)
{
	return first > last || last > 63 ? 0 : UINT64_MAX << first & UINT64_MAX >> (63 - last);
}

/* In the first word of a text. */
static struct known_grip
choose(const struct known_marks *marks, size_t n)
{
	uint64_t rises = marks->rises[1];
	const uint64_t places[LOOK_STEP_MIN] = {
		[LOOK_RISE] = n < 8 ? 0 : rises & bits(3, n - 5),
		[LOOK_EVEN_LONG] = marks->evens_long[1] >> (EVEN_LONG - 1) << 8,
		[LOOK_RISE_RIGHT] = n < 5 ? 0 : rises & bits(1, n - 4),
		[LOOK_RISE_LEFT] = rises & bits(4, n - 1),
		[LOOK_EVEN_SHORT] = marks->evens7[1] >> (EVEN_SHORT - 1) << 4,
	};
	unsigned look = LOOK_RISE;

	while (look < LOOK_STEP_MIN && !places[look])
		look++;
	if (look == LOOK_STEP_MIN)
		return (struct known_grip){ .look = LOOK_STEP_LONG };
	return (struct known_grip){
		.look = look,
		.offset = (unsigned)__builtin_ctzll(places[look]) - shapes[look].before,
		.count = shapes[look].count,
	};
}

struct known_grip
ks_known_grip_choose(const uint8_t *bytes, size_t len, size_t offset, bool with_signs)
{
	struct known_classes classes;
	struct known_marks marks;
	struct known_grip grip;

	classes.digits[0] = classes.lower[0] = classes.upper[0] = 0;
	marks.evens[0] = marks.evens4[0] = marks.evens7[0] = 0;
	ks_known_classify(bytes + offset, 1, with_signs, &classes);
	ks_known_mark_rises(&classes, 1, &marks);
	ks_known_mark_evens(&classes, 1, &marks);
	grip = choose(&marks, least(len - offset, LOOK_BLOCK));
	grip.offset += (unsigned)offset;
	return grip;
}

/* ---------------------------------------------------------------------- scanning ---- */

#define CHUNK ((size_t)CLASS_WORDS * CLASS_BYTES)

struct place_search {
	const struct known_filter *filters;
	const uint8_t *text;
	size_t from, len;
	known_place_fn on_place;
	void *ctx;
};

/* What is known of a part of the text. */
struct chunk {
	size_t from, words;
	bool has_evens; /* they are wanted */
	struct known_classes classes;
	struct known_marks marks;
	uint32_t places[CHUNK + 4]; /* from the beginning of the chunk on */
};

/* What comes next is behind this. */
static void
turn_page(struct chunk *chunk, size_t last)
{
	struct known_classes *c = &chunk->classes;
	struct known_marks *m = &chunk->marks;

	c->digits[0] = c->digits[last];
	c->lower[0] = c->lower[last];
	c->upper[0] = c->upper[last];
	m->evens[0] = m->evens[last];
	m->evens4[0] = m->evens4[last];
	m->evens7[0] = m->evens7[last];
}

static void
start(struct chunk *chunk, const struct place_search *search)
{
	struct known_classes *c = &chunk->classes;
	struct known_marks *m = &chunk->marks;

	chunk->from = search->from;
	chunk->has_evens = ks_known_filter_is_used(&search->filters[LOOK_EVEN_SHORT]) ||
	                   ks_known_filter_is_used(&search->filters[LOOK_EVEN_LONG]);
	c->digits[0] = c->lower[0] = c->upper[0] = 0;
	m->evens[0] = m->evens4[0] = m->evens7[0] = 0;
}

static void
classify(const struct place_search *search, struct chunk *chunk, bool with_signs)
{
	size_t left = search->len - chunk->from, rest;
	uint8_t last[CLASS_BYTES] = { 0 };
	struct known_classes end;

	chunk->words = least(left / CLASS_BYTES, CLASS_WORDS);
	ks_known_classify(search->text + chunk->from, chunk->words, with_signs, &chunk->classes);
	rest = left - chunk->words * CLASS_BYTES;
	if (chunk->words == CLASS_WORDS || rest == 0)
		return;
	memcpy(last, search->text + search->len - rest, rest);
	ks_known_classify(last, 1, with_signs, &end);
	chunk->words++;
	chunk->classes.digits[chunk->words] = end.digits[1];
	chunk->classes.lower[chunk->words] = end.lower[1];
	chunk->classes.upper[chunk->words] = end.upper[1];
	chunk->classes.signs[chunk->words] = end.signs[1];
	explicit_bzero(last, sizeof(last));
}

/* Of every 4 or 8 bytes the first, if one of them is marked. */
static inline uint64_t
fours(uint64_t marks)
{
	marks |= marks >> 1;
	return (marks | marks >> 2) & UINT64_C(0x1111111111111111);
}

static inline uint64_t
eights(uint64_t marks)
{
	marks = fours(marks);
	return (marks | marks >> 4) & UINT64_C(0x0101010101010101);
}

/* Write the places of 64 that are marked to to. Returns the end of those. */
typedef uint32_t *(*list_fn)(uint32_t *to, uint64_t marks, uint32_t base);

static inline uint32_t *
list_plain(uint32_t *to, uint64_t marks, uint32_t base)
{
	for (; marks; marks &= marks - 1)
		*to++ = base + (uint32_t)__builtin_ctzll(marks);
	return to;
}

#ifdef __SSE2__

#define HASTE __attribute__((target("avx2,bmi,popcnt")))

/* Four at a time, perhaps some of no meaning: how many there are cannot be foreseen. (volatile: no vectors, they are slower.) */
static inline HASTE uint32_t *
list_hastily(uint32_t *to, uint64_t marks, uint32_t base)
{
	uint32_t *end = to + __builtin_popcountll(marks);

	do {
		for (unsigned k = 0; k < 4; k++, marks = _blsr_u64(marks))
			*(volatile uint32_t *)to++ = base + (uint32_t)_tzcnt_u64(marks);
	} while (marks);
	return end;
}

#endif

/* List the places that are marked, from 0 on. Returns how many there are. */
static inline __attribute__((always_inline)) size_t
list_places(const uint64_t *marks, size_t words, uint32_t *places, list_fn list)
{
	uint32_t *end = places;

	for (size_t i = 0; i < words; i++)
		end = list(end, marks[i], (uint32_t)(i * CLASS_BYTES));
	return (size_t)(end - places);
}

#define BATCH     64U
#define SMALL_MAX 2048U /* words */

/*
 * Which of up to BATCH places have grams of the filter? Without conditions, which could not be foreseen: few have. All memory is
 * asked for before any is waited for. base may be "negative".
 */
static inline uint64_t
find_grams(const struct known_filter *filter, const uint8_t *text, const uint32_t *places,
           size_t count, size_t base)
{
	const struct known_filter f = *filter;
	uint64_t hashes[BATCH], found = 0;

	for (size_t i = 0; i < count; i++) {
		hashes[i] = hash_at(&f, text + (base + places[i]));
		__builtin_prefetch(ks_known_bloom_word(&f.bloom, hashes[i]));
	}
	for (size_t i = 0; i < count; i++)
		found = found >> 1 | (uint64_t)ks_known_bloom_has(&f.bloom, hashes[i]) << 63;
	return found >> (BATCH - count);
}

/* The same, for a set so small that it is in the nearest cache. */
static inline uint64_t
find_grams_at_once(const struct known_filter *filter, const uint8_t *text, const uint32_t *places,
                   size_t count, size_t base)
{
	const struct known_filter f = *filter;
	uint64_t found = 0;

	for (size_t i = 0; i < count; i++) {
		uint64_t hash = hash_at(&f, text + (base + places[i]));

		found = found >> 1 | (uint64_t)ks_known_bloom_has(&f.bloom, hash) << 63;
	}
	return found >> (BATCH - count);
}

/* Places, in order, count from base on, which may be "negative": but no gram begins before the text, nor ends behind it. */
static void
look_at_places(const struct place_search *search, const struct known_filter *filter,
               const uint32_t *places, size_t count, size_t base)
{
	bool is_small = filter->bloom.count <= SMALL_MAX;
	uint32_t found[CHUNK], *end = found;

	for (; count > 0 && base + places[count - 1] + STEP_GRAM_MAX > search->len; count--)
		;
	for (; count > 0 && (ptrdiff_t)(base + places[0]) < (ptrdiff_t)search->from; count--)
		places++;
	for (size_t i = 0; i < count; i += BATCH) {
		size_t n = least(count - i, BATCH);
		uint64_t hits = is_small ? find_grams_at_once(filter, search->text, places + i, n,
		                                              base)
		                         : find_grams(filter, search->text, places + i, n, base);

		for (; hits; hits &= hits - 1) {
			*end = places[i + (size_t)__builtin_ctzll(hits)];
			ks_known_slots_prefetch(&filter->slots,
			                        hash_at(filter, search->text + (base + *end++)));
		}
	}
	for (const uint32_t *at = found; at < end; at++)
		ks_known_slots_look_up(&filter->slots, hash_at(filter, search->text + (base + *at)),
		                       base + *at, search->from, search->on_place, search->ctx);
}

static void
look_at_marks(const struct place_search *search, const struct chunk *chunk, enum known_look look,
              const uint32_t *places, size_t count)
{
	if (ks_known_filter_is_used(&search->filters[look]))
		look_at_places(search, &search->filters[look], places, count,
		               chunk->from - shapes[look].before);
}

/* Few are in a row. */
static void
look_at_evens(const struct place_search *search, struct chunk *chunk)
{
	known_words marks;

	for (size_t i = 1; i <= chunk->words; i++)
		marks[i] = eights(chunk->marks.evens_long[i]);
	look_at_marks(search, chunk, LOOK_EVEN_LONG, chunk->places,
	              list_places(marks + 1, chunk->words, chunk->places, list_plain));
	if (!ks_known_filter_is_used(&search->filters[LOOK_EVEN_SHORT]))
		return;
	for (size_t i = 1; i <= chunk->words; i++)
		marks[i] = fours(chunk->marks.evens7[i]);
	look_at_marks(search, chunk, LOOK_EVEN_SHORT, chunk->places,
	              list_places(marks + 1, chunk->words, chunk->places, list_plain));
}

static inline __attribute__((always_inline)) size_t
list_marks(struct chunk *chunk, list_fn list)
{
	ks_known_mark_rises(&chunk->classes, chunk->words, &chunk->marks);
	if (chunk->has_evens)
		ks_known_mark_evens(&chunk->classes, chunk->words, &chunk->marks);
	return list_places(chunk->marks.rises + 1, chunk->words, chunk->places, list);
}

#ifdef __SSE2__

static HASTE size_t
list_marks_hastily(struct chunk *chunk)
{
	return list_marks(chunk, list_hastily);
}

#endif

/* Mark the chunk, and list its rises. Returns how many there are. */
static size_t
mark(struct chunk *chunk)
{
#ifdef __SSE2__
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
	    __builtin_cpu_supports("popcnt"))
		return list_marks_hastily(chunk);
#endif
	return list_marks(chunk, list_plain);
}

static void
scan_marks(const struct place_search *search, bool with_signs)
{
	struct chunk chunk;

	for (start(&chunk, search); chunk.from < search->len; chunk.from += CHUNK) {
		size_t count;

		classify(search, &chunk, with_signs);
		count = mark(&chunk);
		look_at_marks(search, &chunk, LOOK_RISE, chunk.places, count);
		look_at_marks(search, &chunk, LOOK_RISE_RIGHT, chunk.places, count);
		look_at_marks(search, &chunk, LOOK_RISE_LEFT, chunk.places, count);
		if (chunk.has_evens)
			look_at_evens(search, &chunk);
		turn_page(&chunk, chunk.words);
	}
}

/* Few patterns are looked for so: most places do not even have two bytes of theirs. */
static void
scan_steps(const struct place_search *search, const struct known_filter *filter)
{
	uint32_t places[CHUNK] = { 0 };
	size_t end = search->len < STEP_GRAM_MAX ? 0 : search->len - STEP_GRAM_MAX + 1;

	for (size_t base = search->from, last; base < end; base = last) {
		size_t count = 0, at = base;

		last = least(end, base + CHUNK / filter->step * filter->step);
		for (; at < last; at += filter->step) {
			unsigned pair = pair_at(search->text + at);

			places[count] = (uint32_t)(at - base);
			count += filter->pairs[pair >> 6] >> (pair & 63) & 1;
		}
		look_at_places(search, filter, places, count, base);
	}
}

static bool
is_any_used(const struct known_filter *filters, unsigned from, unsigned to)
{
	while (from < to && !ks_known_filter_is_used(&filters[from]))
		from++;
	return from < to;
}

void
ks_known_filter_scan(const struct known_filter filters[KNOWN_LOOKS], bool with_signs,
                     const uint8_t *text, size_t from, size_t len, known_place_fn on_place,
                     void *ctx)
{
	const struct place_search search = { filters, text, from, len, on_place, ctx };

	if (is_any_used(filters, 0, LOOK_STEP_MIN))
		scan_marks(&search, with_signs);
	for (unsigned look = LOOK_STEP_MIN; look < KNOWN_LOOKS; look++) {
		if (ks_known_filter_is_used(&filters[look]))
			scan_steps(&search, &filters[look]);
	}
}
