/* SPDX-License-Identifier: Apache-2.0 */
/* See known_filter.h. */
#include "known_filter.h"

#define STEP_MAX    32U
#define GRAM_MAX    8U
#define OFFSET_BITS 7U
#define NO_BLOCK    0U
_Static_assert(BLOCK_LEN_MAX == STEP_MAX + GRAM_MAX - 1, "a block");
_Static_assert(BLOCK_OFFSET_MAX < 1U << OFFSET_BITS, "an offset fits");

/*
 * A longer step looks at fewer places; a longer gram is found by chance less often. Together they are a block, as
 * long as the shortest pattern, or 39.
 */
static void
choose_step(struct known_filter *filter, size_t shortest)
{
	size_t step = shortest < 2 * GRAM_MAX - 1 ? shortest / 2 : shortest - GRAM_MAX + 1;

	filter->step = step < STEP_MAX ? (unsigned)step : STEP_MAX;
	filter->width = shortest - filter->step + 1 < GRAM_MAX
	                        ? (unsigned)shortest - filter->step + 1
	                        : GRAM_MAX;
	filter->gram_mask = KNOWN_GRAM_WHOLE >> (64 - 8 * filter->width);
}

bool
ks_known_filter_init(struct known_filter *filter, size_t count, size_t shortest, bool *is_locked)
{
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

/* The first place from at on at which there is a gram, or one at or behind end. */
static __attribute__((noinline)) size_t
find_gram(const struct known_filter *filter, const uint8_t *text, size_t at, size_t end)
{
	const struct known_filter f = *filter;
	size_t step = f.step;

	/* Unrolled by hand: this is all that is done for nearly all bytes. */
	for (; at + 3 * step < end; at += 4 * step) {
		if (has_gram(&f, text + at))
			return at;
		if (has_gram(&f, text + at + step))
			return at + step;
		if (has_gram(&f, text + at + 2 * step))
			return at + 2 * step;
		if (has_gram(&f, text + at + 3 * step))
			return at + 3 * step;
	}
	while (at < end && !has_gram(&f, text + at))
		at += step;
	return at;
}

void
ks_known_filter_scan(const struct known_filter *filter, const uint8_t *text, size_t from,
                     size_t len, known_place_fn on_place, void *ctx)
{
	const struct place_search search = { filter, text, from, len, on_place, ctx };
	size_t end = len < GRAM_MAX ? 0 : len - GRAM_MAX + 1, at = from;

	for (; (at = find_gram(filter, text, at, end)) < end; at += filter->step)
		look_up_blocks(&search, at);
}
