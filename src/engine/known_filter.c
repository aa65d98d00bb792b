/* SPDX-License-Identifier: Apache-2.0 */
/* See known_filter.h. Nothing here depends on where a text is cut but which places are blind. */
#include "known_filter.h"

#include "known_class.h"

#define OFFSET_BITS 7U
#define NO_GRAM     0U
#define SLOTS_MIN   6U
_Static_assert(LOOK_OFFSET_MAX < 1U << OFFSET_BITS, "an offset fits");

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
	}
	filter->gram_mask = mask_of(gram);
	filter->slots_log = SLOTS_MIN;
	while ((size_t)1 << filter->slots_log < 2 * count)
		filter->slots_log++;
	filter->slots = ks_known_memory_new(sizeof(*filter->slots) << filter->slots_log, is_locked);
	return filter->slots && ks_known_bloom_init(&filter->bloom, count, is_locked);
}

void
ks_known_filter_done(struct known_filter *filter)
{
	ks_known_memory_free(filter->slots, sizeof(*filter->slots) << filter->slots_log);
	ks_known_bloom_done(&filter->bloom);
}

/* ------------------------------------------------------------------------ grams ---- */

static uint64_t
hash_at(const struct known_filter *filter, const uint8_t *bytes)
{
	return ks_known_hash(ks_known_gram(bytes, filter->gram_mask));
}

static uint32_t
slot_tag(uint64_t hash)
{
	return (uint32_t)(hash >> 20) << OFFSET_BITS | 1U << 31;
}

void
ks_known_filter_add(struct known_filter *filter, const uint8_t *bytes, size_t offset)
{
	uint64_t hash = hash_at(filter, bytes);
	size_t mask = ((size_t)1 << filter->slots_log) - 1, at = hash >> (64 - filter->slots_log);
	uint32_t slot = slot_tag(hash) | (uint32_t)offset;

	while (filter->slots[at] != NO_GRAM && filter->slots[at] != slot)
		at = (at + 1) & mask;
	filter->slots[at] = slot;
	ks_known_bloom_add(&filter->bloom, hash);
	if (offset > filter->offset_max)
		filter->offset_max = offset;
}

/* The bits from first to last. */
static uint64_t
bits(size_t first, size_t last)
{
	return first > last ? 0 : UINT64_MAX << first & UINT64_MAX >> (63 - last);
}

static struct known_grip
choose(const struct known_classes *classes, size_t n)
{
	const struct known_classes none = { 0 };
	const struct known_marks no_marks = { 0 };
	struct known_marks marks = ks_known_mark(classes, &none, &no_marks);
	const uint64_t places[LOOK_STEP_MIN] = {
		[LOOK_RISE] = n < 8 ? 0 : marks.rises & bits(3, n - 5),
		[LOOK_EVEN_LONG] = ks_known_evens_long(&marks, &no_marks) >> (EVEN_LONG - 1) << 8,
		[LOOK_RISE_RIGHT] = n < 5 ? 0 : marks.rises & bits(1, n - 4),
		[LOOK_RISE_LEFT] = marks.rises & bits(4, n - 1),
		[LOOK_EVEN_SHORT] = marks.evens7 >> (EVEN_SHORT - 1) << 4,
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
ks_known_grip_choose(const uint8_t *bytes, size_t len, size_t offset)
{
	struct known_classes classes;
	size_t n = least(len - offset, LOOK_BLOCK);
	struct known_grip grip;

	ks_known_classify(bytes + offset, 1, false, &classes);
	grip = choose(&classes, n);
	if (grip.look != LOOK_RISE) {
		ks_known_classify(bytes + offset, 1, true, &classes);
		grip = choose(&classes, n);
		grip.with_signs = true;
	}
	grip.offset += (unsigned)offset;
	return grip;
}

/* ---------------------------------------------------------------------- scanning ---- */

#define CHUNK_BLOCKS 32U
#define CHUNK        (CHUNK_BLOCKS * CLASS_BLOCK)

struct place_search {
	const struct known_filter *filters;
	const uint8_t *text;
	size_t from, len;
	known_place_fn on_place;
	void *ctx;
};

/* What is known of a part of the text. */
struct chunk {
	size_t from, blocks;
	struct known_classes former_classes;
	struct known_marks former;
	struct known_classes classes[CHUNK_BLOCKS];
	uint64_t marks[LOOK_STEP_MIN][CHUNK_BLOCKS]; /* those of rises stand at LOOK_RISE */
	uint32_t places[CHUNK + 4];                  /* from the beginning of the chunk on */
};

/* The gram at at is that of some patterns: which begin so many bytes before. */
static void
look_up(const struct place_search *search, const struct known_filter *filter, size_t at)
{
	uint64_t hash = hash_at(filter, search->text + at);
	size_t mask = ((size_t)1 << filter->slots_log) - 1;
	uint32_t tag = slot_tag(hash), offsets = (1U << OFFSET_BITS) - 1, slot;

	for (size_t i = hash >> (64 - filter->slots_log); (slot = filter->slots[i]) != NO_GRAM;
	     i = (i + 1) & mask) {
		size_t offset = slot & offsets;

		if ((slot & ~offsets) == tag && at >= search->from + offset)
			search->on_place(search->ctx, at - offset);
	}
}

static void
classify(const struct place_search *search, struct chunk *chunk, bool with_signs)
{
	size_t whole = (search->len - chunk->from) / CLASS_BLOCK, rest;
	uint8_t last[CLASS_BLOCK] = { 0 };

	chunk->blocks = least(whole, CHUNK_BLOCKS);
	ks_known_classify(search->text + chunk->from, chunk->blocks, with_signs, chunk->classes);
	rest = search->len - chunk->from - chunk->blocks * CLASS_BLOCK;
	if (chunk->blocks == CHUNK_BLOCKS || rest == 0)
		return;
	memcpy(last, search->text + search->len - rest, rest);
	ks_known_classify(last, 1, with_signs, &chunk->classes[chunk->blocks++]);
	explicit_bzero(last, sizeof(last));
}

/* Of 64 places the first of each 4 or 8 of which one is marked. */
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

static inline void
mark(struct chunk *chunk)
{
	struct known_classes classes = chunk->former_classes;
	struct known_marks former = chunk->former;

	for (size_t i = 0; i < chunk->blocks; i++) {
		struct known_marks marks = ks_known_mark(&chunk->classes[i], &classes, &former);

		chunk->marks[LOOK_RISE][i] = marks.rises;
		chunk->marks[LOOK_EVEN_SHORT][i] = fours(marks.evens7);
		chunk->marks[LOOK_EVEN_LONG][i] = eights(ks_known_evens_long(&marks, &former));
		classes = chunk->classes[i];
		former = marks;
	}
	chunk->former_classes = classes;
	chunk->former = former;
}

/* Write the places of 64 that are marked, and up to 3 more of no meaning: how many there are cannot be foreseen. */
static inline uint32_t *
list_block(uint32_t *to, uint64_t marks, uint32_t base)
{
	uint32_t *end = to + __builtin_popcountll(marks);

	do {
		for (unsigned k = 0; k < 4; k++, marks &= marks - 1)
			*to++ = base + (marks ? (uint32_t)__builtin_ctzll(marks) : 0);
	} while (marks);
	return end;
}

/* Where the grams would begin; those that are not wholly in the text are left out. */
static inline size_t
list_places(const struct place_search *search, struct chunk *chunk, const uint64_t *marks,
            unsigned before)
{
	uint32_t *end = chunk->places;
	size_t base = chunk->from - before, skip = 0,
	       count; /* at the text's beginning base is "negative" */

	for (size_t i = 0; i < chunk->blocks; i++)
		end = list_block(end, marks[i], (uint32_t)(i * CLASS_BLOCK));
	count = (size_t)(end - chunk->places);
	while (count > 0 && base + chunk->places[count - 1] + STEP_GRAM_MAX > search->len)
		count--;
	while (skip < count && chunk->from + chunk->places[skip] < search->from + before)
		skip++;
	memmove(chunk->places, chunk->places + skip,
	        skip > 0 ? (count - skip) * sizeof(*chunk->places) : 0);
	return count - skip;
}

/* Without conditions, which could not be foreseen: most are not in the set. */
static inline void
look_at_places(const struct place_search *search, const struct known_filter *filter,
               uint32_t *places, size_t count, size_t base)
{
	const struct known_filter f = *filter;
	size_t found = 0;

	for (size_t i = 0; i < count; i++) {
		uint32_t place = places[i];

		places[found] = place;
		found += ks_known_bloom_has(&f.bloom, hash_at(&f, search->text + (base + place)));
	}
	for (size_t i = 0; i < found; i++)
		look_up(search, filter, base + places[i]);
}

static inline __attribute__((always_inline)) void
look_at_marks(const struct place_search *search, struct chunk *chunk)
{
	static const enum known_look marks[LOOK_STEP_MIN] = {
		[LOOK_RISE] = LOOK_RISE,
		[LOOK_EVEN_LONG] = LOOK_EVEN_LONG,
		[LOOK_RISE_RIGHT] = LOOK_RISE,
		[LOOK_RISE_LEFT] = LOOK_RISE,
		[LOOK_EVEN_SHORT] = LOOK_EVEN_SHORT,
	};

	mark(chunk);
	for (unsigned look = 0; look < LOOK_STEP_MIN; look++) {
		unsigned before = shapes[look].before;
		size_t count;

		if (!ks_known_filter_is_used(&search->filters[look]))
			continue;
		count = list_places(search, chunk, chunk->marks[marks[look]], before);
		look_at_places(search, &search->filters[look], chunk->places, count,
		               chunk->from - before);
	}
}

#ifdef __SSE2__

/* The same; with what counts bits and finds the first one. */
static __attribute__((target("avx2,bmi,bmi2,popcnt"))) void
look_at_marks_avx2(const struct place_search *search, struct chunk *chunk)
{
	look_at_marks(search, chunk);
}

#endif

static void
scan_marks(const struct place_search *search, bool with_signs)
{
	struct chunk chunk;

	chunk.former_classes = (struct known_classes){ 0 };
	chunk.former = (struct known_marks){ 0 };
	for (chunk.from = search->from; chunk.from < search->len; chunk.from += CHUNK) {
		classify(search, &chunk, with_signs);
#ifdef __SSE2__
		if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2")) {
			look_at_marks_avx2(search, &chunk);
			continue;
		}
#endif
		look_at_marks(search, &chunk);
	}
}

static void
scan_steps(const struct place_search *search, const struct known_filter *filter)
{
	uint32_t places[CHUNK / 4];
	size_t end = search->len < STEP_GRAM_MAX ? 0 : search->len - STEP_GRAM_MAX + 1;

	for (size_t base = search->from; base < end;) {
		size_t count = 0, at = 0;

		for (; count < CHUNK / 4 && base + at < end; at += filter->step)
			places[count++] = (uint32_t)at;
		look_at_places(search, filter, places, count, base);
		base += at;
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
