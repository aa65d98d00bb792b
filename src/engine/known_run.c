/* SPDX-License-Identifier: Apache-2.0 */
/* See known_run.h. Nothing here depends on where a text is cut but which places are blind. */
#include "known_run.h"

#include "known_class.h"

static const struct {
	uint8_t view; /* bytes */
	uint8_t back; /* lanes before its last one */
} kinds[RUN_KINDS] = {
	[RUN_WILD] = { VIEW_BYTES, 2 }, [RUN_LONG_TEXT] = { VIEW_BYTES, 2 },
	[RUN_LONG] = { VIEW_BYTES, 2 }, [RUN_TEXT] = { LANE_BYTES, 0 },
	[RUN_HEX] = { LANE_BYTES, 0 },  [RUN_MIXED] = { LANE_BYTES, 0 },
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

/* Is there a letter behind f in the bytes that all views of a long run have? */
static bool
is_wild(const uint8_t *run)
{
	const uint64_t in_all_views = (UINT64_C(1) << VIEW_BYTES) - (1U << (RUN_STEP - 1));

	return ks_known_classify(CLASS_G_TO_Z, run) & in_all_views;
}

/*
 * Where do so many bytes begin, 15 or 31, that are as text in hexadecimal digits? Each second one is an upper half, from the first one
 * on, or from the second. hex: which are such digits.
 */
static uint64_t
find_text(uint64_t hex, const uint8_t *bytes, size_t len)
{
	uint64_t uppers = ks_known_classify(CLASS_UPPER_HALF, bytes), half = uppers & uppers >> 2;

	half &= half >> 4;
	if (len > 15)
		half &= half >> 8;
	return find_rows(hex, len) &
	       ((half & half >> (len + 1) / 2) | (half >> 1 & half >> (len - 1) / 2));
}

/* Where do 8 bytes begin one of which is of it? */
static uint64_t
find_one(enum known_class of, const uint8_t *bytes)
{
	return ~find_rows(~ks_known_classify(of, bytes), LANE_BYTES);
}

/* Where do 8 bytes begin with a capital, or with a digit and a letter behind f? */
static uint64_t
find_mixed(const uint8_t *bytes)
{
	return find_one(CLASS_CAPITAL, bytes) |
	       (find_one(CLASS_DIGIT, bytes) & find_one(CLASS_G_TO_Z, bytes));
}

static struct known_run
make_run(enum run_kind kind, size_t offset, uint64_t places)
{
	return (struct known_run){ kind, offset + (size_t)__builtin_ctzll(places) };
}

/* Where do runs of a kind begin? */
static uint64_t
find_kind(enum run_kind kind, uint64_t tokens, uint64_t hex, const uint8_t *bytes)
{
	if (kind == RUN_LONG_TEXT || kind == RUN_TEXT)
		return find_text(hex, bytes, run_length(kind));
	return find_rows(kind == RUN_LONG ? tokens : hex, run_length(kind));
}

struct known_run
ks_known_run_find(const uint8_t *bytes, size_t len, size_t offset)
{
	const uint8_t *from = bytes + offset;
	size_t left = len - offset;
	uint64_t inside = left < CLASS_BYTES ? ~(UINT64_MAX << left) : UINT64_MAX;
	uint64_t tokens, hex, rows;

	if (offset > RUN_OFFSET_MAX)
		return (struct known_run){ RUN_NONE, 0 };
	tokens = ks_known_classify(CLASS_TOKEN, from) & inside;
	rows = find_rows(tokens, run_length(RUN_LONG));
	if (rows && is_wild(from + __builtin_ctzll(rows)))
		return make_run(RUN_WILD, offset, rows);
	hex = ks_known_classify(CLASS_HEX, from) & inside;
	for (unsigned kind = RUN_LONG_TEXT; kind <= RUN_HEX; kind++) {
		rows = find_kind(kind, tokens, hex, from);
		if (rows)
			return make_run(kind, offset, rows);
	}
	rows = find_rows(tokens, run_length(RUN_MIXED)) & find_rows(find_mixed(from), RUN_STEP);
	if (rows)
		return make_run(RUN_MIXED, offset, rows);
	return (struct known_run){ RUN_NONE, 0 };
}

/* ------------------------------------------------------------------------ making ---- */

bool
ks_known_runs_init(struct known_runs *runs, size_t count, bool *is_locked)
{
	bool is_ok = true;

	for (unsigned kind = 0; kind < RUN_KINDS; kind++)
		is_ok = is_ok &&
		        ks_known_grams_init(&runs->sets[kind].grams, count * RUN_STEP, is_locked);
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

static bool
is_any_used(const struct known_runs *runs, enum run_kind from, enum run_kind to)
{
	unsigned kind = from;

	while (kind <= to && !is_used(&runs->sets[kind]))
		kind++;
	return kind <= to;
}

bool
ks_known_runs_are_used(const struct known_runs *runs)
{
	return is_any_used(runs, 0, RUN_KINDS - 1);
}

/* So many bytes at the end of text[from, len) are such as a run has. No more than RUN_MAX are counted. */
static size_t
count_last(const uint8_t *text, size_t from, size_t len)
{
	size_t n = len - from < RUN_MAX ? len - from : RUN_MAX;
	uint8_t last[CLASS_BYTES] = { 0 };

	memcpy(last + CLASS_BYTES - n, text + len - n, n);
	n = (size_t)__builtin_clzll(~ks_known_classify(CLASS_TOKEN, last));
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

#define BATCH_MAX  64U
#define PLACES_MAX (2 * BATCH_MAX) /* lanes are 64 */

struct place_search {
	const struct known_runs *runs;
	const uint8_t *text;
	size_t from;
	unsigned want;
	known_place_fn on_place;
	void *ctx;
	size_t counts[RUN_KINDS];
	uint32_t places[RUN_KINDS]
		       [PLACES_MAX + 4]; /* from from on; of long views all are in RUN_LONG */
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
		/* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): there are count of them */
		all[i] = gram_at(search, search->from + places[i]);
		__builtin_prefetch(ks_known_grams_bucket(&grams, all[i]));
	}
	for (size_t i = 0; i < count; i++) {
		found[i] = (uint64_t)(uintptr_t)ks_known_grams_word(&grams, all[i]);
		__builtin_prefetch((const void *)(uintptr_t)found[i]);
	}
	for (size_t i = 0; i < count; i++) {
		uint64_t word = *(const uint64_t *)(uintptr_t)found[i];

		hits |= (uint64_t) !(word & ks_known_bloom_mask(ks_known_hash(all[i]))) << i;
	}
	for (; hits; hits &= hits - 1)
		look_up(search, set, search->from + places[__builtin_ctzll(hits)]);
	explicit_bzero(all, count * sizeof(*all));
}

/* Look at those of them that are such views. */
static void
look_at_views(const struct place_search *search, enum run_kind kind, const uint8_t *views,
              unsigned view, const uint32_t *places, size_t count)
{
	uint32_t found[BATCH_MAX];
	size_t n = 0;

	if (!is_used(&search->runs->sets[kind]))
		return;
	for (size_t i = 0; i < count; i++) {
		found[n] = places[i];
		n += (views[i] & view) != 0;
	}
	look_at_batch(search, &search->runs->sets[kind], found, n);
}

static void
look_at_long_views(const struct place_search *search, const uint32_t *places, size_t count)
{
	uint8_t views[BATCH_MAX];

	for (size_t i = 0; i < count; i++)
		/* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): there are count of them */
		views[i] = (uint8_t)ks_known_classify_view(search->text + search->from + places[i]);
	look_at_views(search, RUN_WILD, views, VIEW_WILD, places, count);
	look_at_views(search, RUN_LONG_TEXT, views, VIEW_TEXT, places, count);
	if (is_used(&search->runs->sets[RUN_LONG]))
		look_at_batch(search, &search->runs->sets[RUN_LONG], places, count);
}

static void
look_at_places(struct place_search *search, enum run_kind kind)
{
	size_t count = search->counts[kind], n;

	for (size_t i = 0; i < count; i += n) {
		const uint32_t *places = search->places[kind] + i;

		n = count - i < BATCH_MAX ? count - i : BATCH_MAX;
		if (kind == RUN_LONG)
			look_at_long_views(search, places, n);
		else
			look_at_batch(search, &search->runs->sets[kind], places, n);
	}
	search->counts[kind] = 0;
}

/* What stood n lanes before. */
static inline uint64_t
before(uint64_t lanes, uint64_t former, unsigned n)
{
	return lanes << n | former >> (64 - n);
}

/* Where do views end, in the lanes behind others? */
static inline uint64_t
find_views(enum run_kind kind, const struct known_lanes *lanes, const struct known_lanes *former)
{
	if (kind == RUN_TEXT)
		return lanes->text;
	if (kind == RUN_HEX)
		return lanes->hex;
	if (kind == RUN_MIXED)
		return lanes->mixed;
	return lanes->whole & before(lanes->whole, former->whole, 1) &
	       before(lanes->whole, former->whole, 2);
}

/* List where the views begin that end in lanes from base on: four at a time, perhaps some of no meaning. */
static inline void
list_views(struct place_search *search, enum run_kind kind, uint64_t views, uint32_t base)
{
	uint32_t *to = &search->places[kind][search->counts[kind]];

	if (!views)
		return;
	base -= LANE_BYTES * kinds[kind].back;
	search->counts[kind] += (size_t)__builtin_popcountll(views);
	do {
		for (unsigned k = 0; k < 4; k++, views &= views - 1)
			*to++ = base +
			        LANE_BYTES * (uint32_t)__builtin_ctzll(views | UINT64_C(1) << 63);
	} while (views);
	if (search->counts[kind] > PLACES_MAX - 64)
		look_at_places(search, kind);
}

/* As bits. */
static unsigned
what_is_wanted(const struct known_runs *runs)
{
	return (is_any_used(runs, RUN_WILD, RUN_LONG) ? LANES_WHOLE : 0U) |
	       (is_used(&runs->sets[RUN_MIXED]) ? LANES_MIXED : 0U) |
	       (is_used(&runs->sets[RUN_HEX]) ? LANES_HEX : 0U) |
	       (is_used(&runs->sets[RUN_TEXT]) ? LANES_TEXT : 0U);
}

static void
scan_lanes(struct place_search *search, const uint8_t *text, uint32_t base,
           struct known_lanes *former)
{
	const struct known_runs *runs = search->runs;
	struct known_lanes lanes;

	ks_known_classify_lanes(text, search->want, &lanes);
	if (is_used(&runs->sets[RUN_MIXED]))
		list_views(search, RUN_MIXED, find_views(RUN_MIXED, &lanes, former), base);
	if (is_used(&runs->sets[RUN_TEXT]))
		list_views(search, RUN_TEXT, find_views(RUN_TEXT, &lanes, former), base);
	if (is_used(&runs->sets[RUN_HEX]))
		list_views(search, RUN_HEX, find_views(RUN_HEX, &lanes, former), base);
	if (is_any_used(runs, RUN_WILD, RUN_LONG))
		list_views(search, RUN_LONG, find_views(RUN_LONG, &lanes, former), base);
	*former = lanes;
}

void
ks_known_runs_scan(const struct known_runs *runs, const uint8_t *text, size_t from, size_t len,
                   known_place_fn on_place, void *ctx)
{
	struct place_search search;
	struct known_lanes former = { 0 };
	uint8_t last[LANES_BYTES] = { 0 };
	size_t at = from;

	search.runs = runs;
	search.text = text;
	search.from = from;
	search.want = what_is_wanted(runs);
	search.on_place = on_place;
	search.ctx = ctx;
	memset(search.counts, 0, sizeof(search.counts));
	for (; len - at >= LANES_BYTES; at += LANES_BYTES)
		scan_lanes(&search, text + at, (uint32_t)(at - from), &former);
	memcpy(last, text + at, len - at);
	scan_lanes(&search, last, (uint32_t)(at - from), &former);
	explicit_bzero(last, len - at);
	for (unsigned kind = 0; kind < RUN_KINDS; kind++)
		look_at_places(&search, kind);
}
