/* SPDX-License-Identifier: Apache-2.0 */
/* See known_run.h. Nothing here depends on where a text is cut but which places are blind. */
#include "known_run.h"

#include "known_class.h"

static const struct {
	uint8_t view; /* bytes */
	uint8_t back; /* where the last 8 of them, or 4, are found, so many bytes before them the view begins */
} kinds[RUN_KINDS] = {
	[RUN_LONG] = { 24, 16 },
	[RUN_MIDDLE] = { 16, 8 },
	[RUN_SHORT] = { 12, 8 },
};

static bool
is_used(const struct known_run_set *set)
{
	return set->slots.log > 0;
}

static size_t
run_length(enum run_kind kind)
{
	return kinds[kind].view + RUN_STEP - 1;
}

/* Where do so many bits in a row begin? */
static uint64_t
find_rows(uint64_t bits, size_t count)
{
	for (size_t have = 1, more; have < count; have += more) {
		more = have < count - have ? have : count - have;
		bits &= bits >> more;
	}
	return bits;
}

struct known_run
ks_known_run_find(const uint8_t *bytes, size_t len, size_t offset)
{
	size_t left = len - offset;
	uint64_t tokens, capitals, rows;

	ks_known_classify_tokens(bytes + offset, 1, &tokens);
	ks_known_classify_capitals(bytes + offset, 1, &capitals);
	if (left < CLASS_BYTES)
		tokens &= ~(UINT64_MAX << left);
	capitals = ~find_rows(~capitals, 8); /* among the next 8 bytes */
	for (unsigned kind = 0; kind < RUN_KINDS && offset <= RUN_OFFSET_MAX; kind++) {
		rows = find_rows(tokens, run_length(kind));
		if (kind != RUN_LONG)
			rows &= find_rows(capitals, RUN_STEP);
		if (rows)
			return (struct known_run){ kind, offset + (size_t)__builtin_ctzll(rows) };
	}
	return (struct known_run){ RUN_NONE, 0 };
}

/* ------------------------------------------------------------------------ making ---- */

bool
ks_known_runs_init(struct known_runs *runs, size_t count, bool *is_locked)
{
	bool is_ok = true;

	for (unsigned kind = 0; kind < RUN_KINDS; kind++)
		is_ok = is_ok && ks_known_grams_init(&runs->sets[kind].grams, count * RUN_STEP,
		                                     is_locked);
	return is_ok;
}

void
ks_known_runs_done(struct known_runs *runs)
{
	for (unsigned kind = 0; kind < RUN_KINDS; kind++) {
		ks_known_slots_done(&runs->sets[kind].slots);
		ks_known_grams_done(&runs->sets[kind].grams);
	}
	*runs = (struct known_runs){ 0 };
}

void
ks_known_runs_count(struct known_runs *runs, const uint8_t *bytes, struct known_run run)
{
	struct known_grams *grams = &runs->sets[run.kind].grams;

	for (size_t i = 0; i < RUN_STEP; i++)
		ks_known_grams_count(grams,
		                     ks_known_gram(bytes + run.offset + i, KNOWN_GRAM_WHOLE));
}

bool
ks_known_runs_open(struct known_runs *runs, const size_t counts[RUN_KINDS], bool *is_locked)
{
	bool is_ok = true;

	for (unsigned kind = 0; kind < RUN_KINDS; kind++) {
		struct known_run_set *set = &runs->sets[kind];

		if (counts[kind] > 0)
			is_ok = is_ok &&
			        ks_known_slots_init(&set->slots, counts[kind], is_locked) &&
			        ks_known_grams_open(&set->grams, is_locked);
	}
	return is_ok;
}

void
ks_known_runs_add(struct known_runs *runs, const uint8_t *bytes, struct known_run run)
{
	struct known_run_set *set = &runs->sets[run.kind];
	const uint8_t *at = bytes + run.offset;

	for (size_t i = 0; i < RUN_STEP; i++)
		ks_known_grams_add(&set->grams, ks_known_gram(at + i, KNOWN_GRAM_WHOLE));
	ks_known_slots_add(&set->slots, ks_known_hash(ks_known_gram(at, KNOWN_GRAM_WHOLE)),
	                   run.offset);
}

bool
ks_known_runs_are_used(const struct known_runs *runs)
{
	return is_used(&runs->sets[RUN_LONG]) || is_used(&runs->sets[RUN_MIDDLE]) ||
	       is_used(&runs->sets[RUN_SHORT]);
}

/* So many bytes at the end of text[from, len) are such as a run has. No more than RUN_MAX are counted. */
static size_t
count_last(const uint8_t *text, size_t from, size_t len)
{
	size_t n = len - from < RUN_MAX ? len - from : RUN_MAX;
	uint8_t last[CLASS_BYTES] = { 0 };
	uint64_t tokens;

	memcpy(last + CLASS_BYTES - n, text + len - n, n);
	ks_known_classify_tokens(last, 1, &tokens);
	explicit_bzero(last, sizeof(last));
	return (size_t)__builtin_clzll(~tokens);
}

size_t
ks_known_runs_blind(const struct known_runs *runs, const uint8_t *text, size_t from, size_t len)
{
	size_t last = count_last(text, from, len), blind = 0;

	for (unsigned kind = 0; kind < RUN_KINDS; kind++) {
		const struct known_run_set *set = &runs->sets[kind];

		if (is_used(set) && set->slots.offset_max + last > blind)
			blind = set->slots.offset_max + last;
	}
	return len - from > blind ? len - blind : from;
}

/* ---------------------------------------------------------------------- scanning ---- */

#define BLOCK_WORDS 8U
#define BLOCK       ((size_t)BLOCK_WORDS * CLASS_BYTES)
#define BATCH_MAX   64U
#define PLACES_MAX  (2 * BATCH_MAX) /* a block has 64 at most */

struct place_search {
	const struct known_runs *runs;
	const uint8_t *text;
	size_t from;
	known_place_fn on_place;
	void *ctx;
	size_t counts[RUN_KINDS];
	uint32_t places[RUN_KINDS][PLACES_MAX + 4]; /* from from on */
};

static inline uint64_t
gram_at(const struct place_search *search, size_t at)
{
	return ks_known_gram(search->text + at, KNOWN_GRAM_WHOLE);
}

/*
 * A gram was found at at: the first one of its pattern is there, or up to RUN_STEP - 1 bytes before, and all that begin in
 * between are grams of the pattern too.
 */
static void
look_up(const struct place_search *search, const struct known_run_set *set, size_t at)
{
	size_t from = at - search->from < RUN_STEP ? search->from : at - RUN_STEP + 1;

	do {
		ks_known_slots_look_up(&set->slots, ks_known_hash(gram_at(search, at)), at,
		                       search->from, search->on_place, search->ctx);
	} while (at-- > from && ks_known_grams_has(&set->grams, gram_at(search, at)));
}

/* Look at up to BATCH_MAX places. All memory is asked for before any is waited for; without conditions, which could not be foreseen. */
static void
look_at_batch(const struct place_search *search, const struct known_run_set *set,
              const uint32_t *places, size_t count)
{
	const struct known_grams grams = set->grams;
	uint64_t found[BATCH_MAX], all[BATCH_MAX];
	uint64_t hits = 0;

	for (size_t i = 0; i < count; i++) {
		all[i] = gram_at(search, search->from + places[i]);
		__builtin_prefetch(ks_known_grams_bucket(&grams, all[i]));
	}
	for (size_t i = 0; i < count; i++) {
		found[i] = (uint64_t)(uintptr_t)ks_known_grams_word(&grams, all[i]);
		__builtin_prefetch((const void *)(uintptr_t)found[i]);
	}
	for (size_t i = 0; i < count; i++) {
		uint64_t word = *(const uint64_t *)(uintptr_t)found[i];

		hits |= (uint64_t)!(word & ks_known_bloom_mask(ks_known_hash(all[i]))) << i;
	}
	for (; hits; hits &= hits - 1)
		look_up(search, set, search->from + places[__builtin_ctzll(hits)]);
	explicit_bzero(all, count * sizeof(*all));
}

static void
look_at_places(struct place_search *search, enum run_kind kind)
{
	size_t count = search->counts[kind], n;

	for (size_t i = 0; i < count; i += n) {
		n = count - i < BATCH_MAX ? count - i : BATCH_MAX;
		look_at_batch(search, &search->runs->sets[kind], search->places[kind] + i, n);
	}
	search->counts[kind] = 0;
}

/* The highest bit of each byte: are all of it set? And of the lower half of each. */
static inline uint64_t
whole_bytes(uint64_t tokens)
{
	tokens &= tokens << 1;
	tokens &= tokens << 2;
	return tokens & tokens << 4 & UINT64_C(0x8080808080808080);
}

static inline uint64_t
half_bytes(uint64_t tokens)
{
	tokens &= tokens << 1;
	return (tokens & tokens << 2) << 4 & UINT64_C(0x8080808080808080);
}

/* The highest bit of each byte: is any of it set? */
static inline uint64_t
any_bytes(uint64_t bits)
{
	bits |= bits << 1;
	bits |= bits << 2;
	return (bits | bits << 4) & UINT64_C(0x8080808080808080);
}

/* What is known of a block, behind the last word of the one before. A bit stands for 8 bytes. */
struct block {
	uint64_t tokens[BLOCK_WORDS];         /* (of these, for a byte) */
	uint64_t wholes[1 + BLOCK_WORDS];     /* all are tokens */
	uint64_t capitalized[1 + BLOCK_WORDS]; /* and one at least is a capital */
};

/* Where do views end? One bit for each 8 bytes: that of word i is the i-th of a byte. */
static inline uint64_t
find_views(enum run_kind kind, const struct block *block)
{
	const uint64_t *begins = kind == RUN_LONG ? block->wholes : block->capitalized;
	uint64_t views = 0;

	for (unsigned i = 0; i < BLOCK_WORDS; i++) {
		uint64_t ends = kind == RUN_SHORT ? half_bytes(block->tokens[i])
		                                  : block->wholes[1 + i];

		ends &= ks_known_before(&begins[1 + i], 8);
		if (kind == RUN_LONG)
			ends &= ks_known_before(&begins[1 + i], 16);
		views |= ends >> (7 - i);
	}
	return views;
}

/* List where the views begin that end at base and behind it: four at a time, perhaps some of no meaning. */
static void
list_views(struct place_search *search, enum run_kind kind, uint64_t views, uint32_t base)
{
	uint32_t *to = &search->places[kind][search->counts[kind]];

	if (!views)
		return;
	search->counts[kind] += (size_t)__builtin_popcountll(views);
	do {
		for (unsigned k = 0; k < 4; k++, views &= views - 1) {
			uint32_t bit = (uint32_t)__builtin_ctzll(views | UINT64_C(1) << 63);

			*to++ = base + bit % 8 * CLASS_BYTES + (bit & ~7U) - kinds[kind].back;
		}
	} while (views);
	if (search->counts[kind] > PLACES_MAX - BLOCK_WORDS * 8)
		look_at_places(search, kind);
}

static void
classify(struct block *block, const uint8_t *text, bool with_capitals)
{
	uint64_t capitals[BLOCK_WORDS];

	block->wholes[0] = block->wholes[BLOCK_WORDS];
	ks_known_classify_tokens(text, BLOCK_WORDS, block->tokens);
	for (unsigned i = 0; i < BLOCK_WORDS; i++)
		block->wholes[1 + i] = whole_bytes(block->tokens[i]);
	if (!with_capitals)
		return;
	block->capitalized[0] = block->capitalized[BLOCK_WORDS];
	ks_known_classify_capitals(text, BLOCK_WORDS, capitals);
	for (unsigned i = 0; i < BLOCK_WORDS; i++)
		block->capitalized[1 + i] = block->wholes[1 + i] & any_bytes(capitals[i]);
}

static void
scan_block(struct place_search *search, const uint8_t *text, uint32_t base, struct block *block)
{
	const struct known_run_set *sets = search->runs->sets;

	classify(block, text, is_used(&sets[RUN_MIDDLE]) || is_used(&sets[RUN_SHORT]));
	if (is_used(&sets[RUN_LONG]))
		list_views(search, RUN_LONG, find_views(RUN_LONG, block), base);
	if (is_used(&sets[RUN_MIDDLE]))
		list_views(search, RUN_MIDDLE, find_views(RUN_MIDDLE, block), base);
	if (is_used(&sets[RUN_SHORT]))
		list_views(search, RUN_SHORT, find_views(RUN_SHORT, block), base);
}

void
ks_known_runs_scan(const struct known_runs *runs, const uint8_t *text, size_t from, size_t len,
                   known_place_fn on_place, void *ctx)
{
	struct place_search search;
	struct block block = { 0 };
	uint8_t last[BLOCK] = { 0 };
	size_t at = from;

	search.runs = runs;
	search.text = text;
	search.from = from;
	search.on_place = on_place;
	search.ctx = ctx;
	memset(search.counts, 0, sizeof(search.counts));
	for (; len - at >= BLOCK; at += BLOCK)
		scan_block(&search, text + at, (uint32_t)(at - from), &block);
	memcpy(last, text + at, len - at);
	scan_block(&search, last, (uint32_t)(at - from), &block);
	explicit_bzero(last, len - at);
	for (unsigned kind = 0; kind < RUN_KINDS; kind++)
		look_at_places(&search, kind);
}
