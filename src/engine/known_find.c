/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding patterns in a text. Filters say where one may begin; the table (known_table.h) says what does. The last
 * bytes of a text, in which filters are blind, are looked at one by one.
 */
#include "known_find.h"

#include "known_spelling.h"
#include "known_table.h"

#define HEAD_MIN     3U  /* bytes of which it is known by a set what patterns begin with them */
#define SHARED_MAX   32U /* if more patterns have the same head, grams lie where they differ */
#define LAST_MAX     24U /* but so many bytes are left for them */
#define OFFSET_MAX   LOOK_BLOCK
#define UNMARKED_MAX 8U /* if more patterns have no such marks, less rare ones are taken */
#define BEGIN_MAX    (OFFSET_MAX + LOOK_BLOCK)  /* bytes of a pattern that matter */
#define BEHIND_MAX   (LOOK_BLOCK + MARK_BEHIND) /* zeros behind these */
_Static_assert(RUN_OFFSET_MAX == OFFSET_MAX, "what is shared is not looked at");
_Static_assert(OFFSET_MAX + LOOK_BLOCK - 1 <= SLOT_OFFSET_MAX, "offsets fit");
_Static_assert(OFFSET_MAX + LOOK_BLOCK + KNOWN_HEAD <= KNOWN_BLIND_MAX,
               "so many are blind at most");

/* ----------------------------------------------------------------------- making ---- */

/* What is done with each pattern, one after the other with all of them. */
enum turn { TURN_COUNT, TURN_ADD };

struct finder_making {
	struct ks_known *known;
	struct known_speller *speller;
	enum turn turn;
	unsigned marker;
	size_t unmarked; /* patterns that have neither its marks nor runs */
	size_t run_counts[RUN_KINDS];
};

static size_t
spell(const struct finder_making *m, const struct known_pattern *pattern, uint8_t *to, size_t max)
{
	return ks_known_spell(m->speller, &m->known->texts[pattern->text], pattern->form, to, max);
}

/* With how many bytes do both begin? No more than LOOK_BLOCK are counted. */
static size_t
count_common(const struct finder_making *m, size_t a, size_t b)
{
	uint8_t first[LOOK_BLOCK + SPELLING_UNIT_MAX];
	uint8_t second[LOOK_BLOCK + SPELLING_UNIT_MAX];
	size_t n = spell(m, &m->known->patterns[a], first, LOOK_BLOCK);
	size_t k = spell(m, &m->known->patterns[b], second, LOOK_BLOCK);
	size_t common = 0;

	while (common < n && common < k && first[common] == second[common])
		common++;
	explicit_bzero(first, sizeof(first));
	explicit_bzero(second, sizeof(second));
	return common;
}

/* What begins like many others is found by what follows, unless there is no run. */
static struct known_run
find_run(const uint8_t *begin, size_t len, size_t offset)
{
	struct known_run run = ks_known_run_find(begin, len, offset);

	return run.kind == RUN_NONE && offset > 0 ? ks_known_run_find(begin, len, 0) : run;
}

static void
take_run(struct finder_making *m, const uint8_t *begin, struct known_run run)
{
	if (m->turn == TURN_ADD) {
		ks_known_runs_add(&m->known->runs, begin, run);
		return;
	}
	m->run_counts[run.kind]++;
}

static bool
is_marked(const struct finder_making *m, const uint8_t *begin, size_t len, size_t offset)
{
	return ks_known_filter_is_marked(&ks_known_markers[m->marker], begin, len, offset);
}

/* offset: so many bytes at its beginning tell little. */
static void
take_marked(struct finder_making *m, const uint8_t *begin, size_t len, size_t offset)
{
	if (m->turn == TURN_ADD) {
		ks_known_filter_add(&m->known->filter, begin, len, offset);
		return;
	}
	m->unmarked += !is_marked(m, begin, len, offset);
	ks_known_filter_count(&m->known->filter, begin, len, offset);
}

/* What is as long as most values in hexadecimal digits is best found so; most others by marks, if they have some. */
static bool
is_best(struct known_run run)
{
	return run.kind == RUN_TEXT_24 || run.kind == RUN_ID_24;
}

static void
take_spelled(struct finder_making *m, const uint8_t *begin, size_t len, size_t offset)
{
	size_t last = len < LAST_MAX ? 0 : len - LAST_MAX;
	size_t marked_offset = offset < last ? offset : last;
	struct known_run run = find_run(begin, len, offset);

	if (is_best(run) || (run.kind != RUN_NONE && !is_marked(m, begin, len, marked_offset)))
		take_run(m, begin, run);
	else
		take_marked(m, begin, len, marked_offset);
}

/* offset: so many bytes at its beginning tell little. */
static void
take_pattern(struct finder_making *m, const struct known_pattern *pattern, size_t offset)
{
	uint8_t begin[BEGIN_MAX + SPELLING_UNIT_MAX + BEHIND_MAX];
	size_t len = spell(m, pattern, begin, offset > 0 ? BEGIN_MAX : LOOK_BLOCK);

	memset(begin + len, 0, BEHIND_MAX);
	take_spelled(m, begin, len, offset);
	explicit_bzero(begin, sizeof(begin));
}

/* Many patterns have no such marks, or one would need four bytes of its own, which cost more than less rare marks do. */
static bool
is_too_rare(const struct finder_making *m)
{
	return m->marker < MARKERS - 1 &&
	       (m->unmarked > UNMARKED_MAX || m->known->filter.marker.with_own);
}

static void
take_patterns(struct finder_making *m, enum turn turn)
{
	const struct known_pattern *patterns = m->known->patterns;
	size_t count = m->known->pattern_count, end;

	m->turn = turn;
	for (size_t i = 0; i < count && !is_too_rare(m); i = end) {
		size_t offset = 0;

		for (end = i + 1; end < count && patterns[end].head == patterns[i].head;)
			end++;
		if (end - i > SHARED_MAX)
			offset = count_common(m, i, end - 1);
		for (size_t k = i; k < end; k++)
			take_pattern(m, &patterns[k], offset);
	}
}

/* The first n bytes of a head. */
static uint64_t
hash_head(uint64_t head, size_t n)
{
	return ks_known_hash(head >> (64 - 8 * n));
}

/* Does a pattern begin with n bytes with which the one before does not? */
static bool
is_new_head(const struct ks_known *known, size_t i, size_t n)
{
	const struct known_pattern *patterns = known->patterns;

	return i == 0 || (patterns[i].head ^ patterns[i - 1].head) >> (64 - 8 * n) != 0;
}

static void
add_beginnings(struct ks_known *known)
{
	for (size_t i = 0; i < known->pattern_count; i++) {
		uint64_t head = known->patterns[i].head;

		known->begins[head >> 54] |= UINT64_C(1) << (head >> 48 & 63);
		if (is_new_head(known, i, KNOWN_HEAD))
			ks_known_bloom_add(&known->heads, hash_head(head, KNOWN_HEAD));
		for (size_t n = HEAD_MIN; n < KNOWN_HEAD; n++) {
			if (is_new_head(known, i, n))
				ks_known_bloom_add(&known->short_heads, hash_head(head, n));
		}
	}
}

static bool
make_beginnings(struct ks_known *known)
{
	size_t count = 0, short_count = 0;

	for (size_t i = 0; i < known->pattern_count; i++) {
		count += is_new_head(known, i, KNOWN_HEAD);
		for (size_t n = HEAD_MIN; n < KNOWN_HEAD; n++)
			short_count += is_new_head(known, i, n);
	}
	if (!ks_known_bloom_init(&known->heads, count, &known->is_locked) ||
	    !ks_known_bloom_init(&known->short_heads, short_count, &known->is_locked))
		return false;
	add_beginnings(known);
	return true;
}

/* With the rarest marks that all patterns have, or all but a few; else with the least rare ones. */
static void
count_patterns(struct ks_known *known, struct known_speller *speller, struct finder_making *m)
{
	unsigned marker = 0;

	do {
		*m = (struct finder_making){
			.known = known,
			.speller = speller,
			.marker = marker,
		};
		ks_known_filter_start(&known->filter, &ks_known_markers[marker++]);
		take_patterns(m, TURN_COUNT);
	} while (is_too_rare(m));
}

/* How patterns are found is known when all have been looked at. */
static bool
open_all(struct finder_making *m)
{
	struct ks_known *known = m->known;

	return ks_known_runs_open(&known->runs, m->run_counts, &known->is_locked) &&
	       ks_known_filter_open(&known->filter, &known->is_locked) && make_beginnings(known);
}

int
ks_known_finder_make(struct ks_known *known, struct known_speller *speller)
{
	struct finder_making m;

	count_patterns(known, speller, &m);
	if (!open_all(&m))
		return KS_ERROR_MEMORY;
	take_patterns(&m, TURN_ADD);
	return KS_OK;
}

void
ks_known_finder_done(struct ks_known *known)
{
	ks_known_filter_done(&known->filter);
	ks_known_runs_done(&known->runs);
	ks_known_bloom_done(&known->heads);
	ks_known_bloom_done(&known->short_heads);
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

/* A place near the end of a text, and the hash of what is asked for there. */
struct end_place {
	size_t at;
	uint64_t hash;
};

/* The hash of a head that text begins with, or of all of it. */
static uint64_t
hash_beginning(const uint8_t *text, size_t len)
{
	uint64_t head = 0;

	if (len >= KNOWN_HEAD) {
		memcpy(&head, text, sizeof(head));
		return ks_known_hash(be64toh(head));
	}
	for (size_t i = 0; i < len; i++)
		head = head << 8 | text[i];
	return ks_known_hash(head);
}

/* Where in text[from, len) a pattern may begin, as sets of heads will tell: their memory is asked for, all before any is waited for. */
static size_t
list_heads(const struct find *find, size_t from, struct end_place *places)
{
	const struct ks_known *known = find->known;
	size_t count = 0;

	for (size_t at = from; at < find->len; at++) {
		size_t len = find->len - at;
		const struct known_bloom *heads = len < KNOWN_HEAD ? &known->short_heads
		                                                   : &known->heads;

		if (!does_begin(known, find->text + at, len))
			continue;
		places[count] = (struct end_place){ at, hash_beginning(find->text + at, len) };
		__builtin_prefetch(ks_known_bloom_word(heads, places[count++].hash));
	}
	return count;
}

/* What begins in text[from, len). Behind the first open place only whole patterns matter, for which the rest is too short. */
static void
look_at_end(struct find *find, size_t from)
{
	const struct ks_known *known = find->known;
	struct end_place places[KNOWN_BLIND_MAX];
	size_t count = list_heads(find, from, places);

	for (size_t i = 0; i < count; i++) {
		size_t at = places[i].at, len = find->len - at;

		if (len >= KNOWN_HEAD) {
			if (ks_known_bloom_has(&known->heads, places[i].hash))
				look_at(find, at);
		} else if (find->open < find->len) {
			break;
		} else if (len < HEAD_MIN) {
			find->open = at;
		} else if (ks_known_bloom_has(&known->short_heads, places[i].hash)) {
			look_at(find, at);
		}
	}
}

size_t
ks_known_blind(const struct ks_known *known, const uint8_t *text, size_t from, size_t len)
{
	size_t runs = len - ks_known_runs_blind(&known->runs, text, from, len);
	size_t marks = ks_known_filter_blind(&known->filter);
	size_t blind = runs > marks ? runs : marks;

	return len - from > blind ? len - blind : from;
}

size_t
ks_known_find(const struct ks_known *known, enum known_pass pass, const uint8_t *text, size_t from,
              size_t len, known_match_fn on_match, void *ctx)
{
	struct find find = { known, text, len, len, on_match, ctx };

	if (pass == PASS_RUNS) {
		if (ks_known_runs_are_used(&known->runs))
			ks_known_runs_scan(&known->runs, text, from, len, look_at, &find);
		return find.open;
	}
	if (pass == PASS_MARKS) {
		ks_known_filter_scan(&known->filter, text, from, len, look_at, &find);
		return find.open;
	}
	look_at_end(&find, ks_known_blind(known, text, from, len));
	return find.open;
}
