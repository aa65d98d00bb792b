/* SPDX-License-Identifier: Apache-2.0 */
/* See known_run.h. Nothing here depends on where a text is cut but which places are blind. */
#include "known_run.h"

#include "known_class.h"

#define BIT(kind) (1U << (kind))

static const struct {
	uint8_t lanes;  /* of a view */
	uint8_t of;     /* enum known_lanes */
	uint8_t within; /* what has such a run has runs of these kinds too */
} kinds[RUN_KINDS] = {
	[RUN_TEXT_24] = { 3, LANES_TEXT,
	                  BIT(RUN_ID_24) | BIT(RUN_TEXT_16) | BIT(RUN_HEX_16) | BIT(RUN_TEXT_8) |
	                          BIT(RUN_HEX_8) },
	[RUN_ID_24] = { 3, LANES_ID, 0 },
	[RUN_TEXT_16] = { 2, LANES_TEXT, BIT(RUN_HEX_16) | BIT(RUN_TEXT_8) | BIT(RUN_HEX_8) },
	[RUN_HEX_16] = { 2, LANES_HEX, BIT(RUN_HEX_8) },
	[RUN_TEXT_8] = { 1, LANES_TEXT, BIT(RUN_HEX_8) },
	[RUN_HEX_8] = { 1, LANES_HEX, 0 },
};

static bool
is_used(const struct known_run_set *set)
{
	return set->slots.log > 0;
}

static size_t
run_length(enum run_kind kind)
{
	return (size_t)kinds[kind].lanes * LANE_BYTES + RUN_STEP - 1;
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

/* Which bytes are of each class. */
struct classes {
	uint64_t ids, hex, uppers;
};

/*
 * Where do so many bytes begin that are as text in hexadecimal digits? Each second one is an upper half, from the first one on, or from
 * the second.
 */
static uint64_t
find_text(const struct classes *are, size_t len)
{
	uint64_t some = are->uppers & are->uppers >> 2;
	size_t span = 7; /* so many bytes at least, and half of all, are told by some */

	some &= some >> 4;
	if (len > 2 * span + 1) {
		some &= some >> 8;
		span = 15;
	}
	return find_rows(are->hex, len) &
	       ((some & some >> (len - span)) | (some >> 1 & some >> (len - 1 - span)));
}

static struct known_run
make_run(enum run_kind kind, size_t offset, uint64_t places)
{
	return (struct known_run){ kind, offset + (size_t)__builtin_ctzll(places) };
}

/* Where do runs of a kind begin? */
static uint64_t
find_kind(enum run_kind kind, const struct classes *are)
{
	if (kinds[kind].of == LANES_TEXT)
		return find_text(are, run_length(kind));
	return find_rows(kinds[kind].of == LANES_ID ? are->ids : are->hex, run_length(kind));
}

struct known_run
ks_known_run_find(const uint8_t *bytes, size_t len, size_t offset)
{
	const uint8_t *from = bytes + offset;
	size_t left = len - offset;
	uint64_t inside = left < CLASS_BYTES ? ~(UINT64_MAX << left) : UINT64_MAX;
	struct classes are;

	if (offset > RUN_OFFSET_MAX)
		return (struct known_run){ RUN_NONE, 0 };
	are.ids = ks_known_classify(CLASS_ID, from) & inside;
	if (!find_rows(are.ids, run_length(RUN_HEX_8))) /* most have none */
		return (struct known_run){ RUN_NONE, 0 };
	are.hex = ks_known_classify(CLASS_HEX, from) & inside;
	are.uppers = ks_known_classify(CLASS_UPPER_HALF, from);
	for (unsigned kind = 0; kind < RUN_KINDS; kind++) {
		uint64_t rows = find_kind(kind, &are);

		if (rows)
			return make_run(kind, offset, rows);
	}
	return (struct known_run){ RUN_NONE, 0 };
}

/* ------------------------------------------------------------------------ making ---- */

void
ks_known_runs_done(struct known_runs *runs)
{
	for (unsigned kind = 0; kind < RUN_KINDS; kind++) {
		ks_known_slots_done(&runs->sets[kind].slots);
		ks_known_bloom_done(&runs->sets[kind].grams);
	}
	*runs = (struct known_runs){ 0 };
}

/*
 * A text is searched for each kind that is in use, so what has runs of another such kind too is looked for with that one. The last
 * such kind is not within others in use.
 */
static void
choose_sets(struct known_runs *runs, const size_t counts[RUN_KINDS], size_t in_sets[RUN_KINDS])
{
	for (unsigned kind = RUN_KINDS; kind-- > 0;) {
		unsigned to = kind;

		for (unsigned other = kind + 1; to == kind && other < RUN_KINDS; other++) {
			if (counts[other] > 0 && kinds[kind].within & BIT(other))
				to = runs->set_of[other];
		}
		runs->set_of[kind] = (uint8_t)to;
		in_sets[to] += counts[kind];
	}
}

bool
ks_known_runs_open(struct known_runs *runs, const size_t counts[RUN_KINDS], bool *is_locked)
{
	size_t in_sets[RUN_KINDS] = { 0 };
	bool is_ok = true;

	choose_sets(runs, counts, in_sets);
	for (unsigned kind = 0; kind < RUN_KINDS; kind++) {
		struct known_run_set *set = &runs->sets[kind];

		if (in_sets[kind] > 0)
			is_ok = is_ok &&
			        ks_known_slots_init(&set->slots, in_sets[kind], is_locked) &&
			        ks_known_bloom_init(&set->grams, in_sets[kind] * RUN_STEP / 2,
			                            is_locked);
	}
	return is_ok;
}

void
ks_known_runs_add(struct known_runs *runs, const uint8_t *bytes, struct known_run run)
{
	struct known_run_set *set = &runs->sets[runs->set_of[run.kind]];
	const uint8_t *at = bytes + run.offset;

	for (size_t i = 0; i < RUN_STEP; i++)
		ks_known_bloom_add(&set->grams,
		                   ks_known_hash(ks_known_gram(at + i, KNOWN_GRAM_WHOLE)));
	ks_known_slots_add(&set->slots, ks_known_hash(ks_known_gram(at, KNOWN_GRAM_WHOLE)),
	                   run.offset);
}

bool
ks_known_runs_are_used(const struct known_runs *runs)
{
	unsigned kind = 0;

	while (kind < RUN_KINDS && !is_used(&runs->sets[kind]))
		kind++;
	return kind < RUN_KINDS;
}

/* So many bytes at the end of text[from, len) are such as a run has. No more than RUN_MAX are counted. */
static size_t
count_last(const uint8_t *text, size_t from, size_t len)
{
	size_t n = len - from < RUN_MAX ? len - from : RUN_MAX;
	uint8_t last[CLASS_BYTES] = { 0 };

	memcpy(last + CLASS_BYTES - n, text + len - n, n);
	n = (size_t)__builtin_clzll(~ks_known_classify(CLASS_ID, last));
	explicit_bzero(last, sizeof(last));
	return n;
}

size_t
ks_known_runs_blind(const struct known_runs *runs, const uint8_t *text, size_t from, size_t len)
{
	size_t last = count_last(text, from, len), blind = 0;

	for (unsigned kind = 0; kind < RUN_KINDS; kind++) {
		const struct known_run_set *set = &runs->sets[kind];
		size_t n = set->slots.offset_max +
		           (last < run_length(kind) ? last : run_length(kind));

		if (is_used(set) && n > blind)
			blind = n;
	}
	return len - from > blind ? len - blind : from;
}

/* ---------------------------------------------------------------------- scanning ---- */

#define BATCH_MAX 64U

struct place_search {
	const struct known_runs *runs;
	const uint8_t *text;
	size_t from, len;
	known_place_fn on_place;
	void *ctx;
	enum run_kind kind;
	size_t count;
	uint32_t places[BATCH_MAX]; /* from from on */
};

static inline uint64_t
hash_at(const struct place_search *search, size_t at)
{
	return ks_known_hash(ks_known_gram(search->text + at, KNOWN_GRAM_WHOLE));
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
		ks_known_slots_look_up(&set->slots, hash_at(search, at), at, search->from,
		                       search->on_place, search->ctx);
	} while (at-- > from && ks_known_bloom_has(&set->grams, hash_at(search, at)));
}

/* All memory is asked for before any is waited for; without conditions, which could not be foreseen. */
static void
look_at_places(struct place_search *search)
{
	const struct known_run_set *set = &search->runs->sets[search->kind];
	const uint32_t *places = search->places;
	size_t count = search->count;
	const struct known_bloom grams = set->grams;
	uint64_t hashes[BATCH_MAX], hits = 0;

	for (size_t i = 0; i < count; i++) {
		/* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): there are count of them */
		hashes[i] = hash_at(search, search->from + places[i]);
		__builtin_prefetch(ks_known_bloom_word(&grams, hashes[i]));
	}
	for (size_t i = 0; i < count; i++)
		hits |= (uint64_t)ks_known_bloom_has(&grams, hashes[i]) << i;
	for (; hits; hits &= hits - 1)
		look_up(search, set, search->from + places[__builtin_ctzll(hits)]);
	explicit_bzero(hashes, count * sizeof(*hashes));
	search->count = 0;
}

/* A view begins at at. */
static inline void
add_place(struct place_search *search, size_t at)
{
	search->places[search->count++] = (uint32_t)(at - search->from);
	if (search->count == BATCH_MAX)
		look_at_places(search);
}

/* Where do so many lanes in a row end, in the lanes behind others? */
static inline uint64_t
find_last(uint64_t lanes, uint64_t former, unsigned n)
{
	uint64_t all = lanes;

	for (unsigned i = 1; i < n; i++)
		all &= lanes << i | former >> (LANES - i);
	return all;
}

/* Look at all views. */
static void
scan_views(struct place_search *search)
{
	enum run_kind kind = search->kind;
	size_t back = (kinds[kind].lanes - (size_t)1) * LANE_BYTES, at = search->from;
	uint8_t last[LANES_BYTES];
	uint64_t former = 0, lanes, found;

	for (; at < search->len; at += LANES_BYTES, former = lanes) {
		const uint8_t *text = search->text + at;

		if (search->len - at < LANES_BYTES) {
			memset(last, 0, sizeof(last));
			text = memcpy(last, text, search->len - at);
		}
		lanes = ks_known_classify_lanes(kinds[kind].of, text);
		found = find_last(lanes, former, kinds[kind].lanes);
		for (; found; found &= found - 1)
			add_place(search, at + (size_t)__builtin_ctzll(found) * LANE_BYTES - back);
	}
	explicit_bzero(last, sizeof(last));
}

/*
 * Look at the views with rare lanes. Of so many lanes in a row as are in a view one is looked at, and if it is such a lane, at all views
 * that it can be of.
 */
static void
scan_rare(struct place_search *search)
{
	unsigned apart = kinds[search->kind].lanes;
	size_t step = (size_t)apart * LANE_BYTES, at = search->from;
	uint8_t last[APART_MAX * LANES_BYTES];

	for (; at < search->len; at += step * LANES) {
		const uint8_t *text = search->text + at;
		uint64_t found;

		if (search->len - at < step * LANES) {
			memset(last, 0, sizeof(last));
			text = memcpy(last, text, search->len - at);
		}
		found = ks_known_classify_apart(kinds[search->kind].of, apart, text);
		for (; found; found &= found - 1) {
			size_t lane = at + (size_t)__builtin_ctzll(found) * step;

			for (size_t back = 0; back < step && lane - search->from >= back;
			     back += LANE_BYTES)
				add_place(search, lane - back);
		}
	}
	explicit_bzero(last, sizeof(last));
}

void
ks_known_runs_scan(const struct known_runs *runs, const uint8_t *text, size_t from, size_t len,
                   known_place_fn on_place, void *ctx)
{
	struct place_search search;

	search.runs = runs;
	search.text = text;
	search.from = from;
	search.len = len;
	search.on_place = on_place;
	search.ctx = ctx;
	for (unsigned kind = 0; kind < RUN_KINDS; kind++) {
		search.kind = kind;
		search.count = 0;
		if (!is_used(&runs->sets[kind]))
			continue;
		if (kinds[kind].of == LANES_TEXT)
			scan_rare(&search);
		else
			scan_views(&search);
		look_at_places(&search);
	}
}
