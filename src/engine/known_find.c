/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding patterns in a text. Filters say where one may begin; the table (known_table.h) says what does. The last
 * bytes of a text, in which filters are blind, are looked at one by one.
 */
#include "known_find.h"

#include "known_spelling.h"
#include "known_table.h"

#define HEAD_MIN         3U  /* bytes of which it is known by a set what patterns begin with them */
#define SHARED_MAX       32U /* if more patterns have the same head, grams lie where they differ */
#define LAST_MAX         24U /* but so many bytes are left for them */
#define BLIND_MAX        (LOOK_OFFSET_MAX + STEP_GRAM_MAX)
#define BEGIN_MAX        (3 * LOOK_BLOCK) /* bytes of a pattern that matter, and LOOK_BLOCK zeros */
#define OTHERS_MAX       2048U
#define SHORT_OTHERS_MAX 128U
_Static_assert(RUN_OFFSET_MAX + LOOK_BLOCK <= BEGIN_MAX - LOOK_BLOCK, "they do");
_Static_assert(RUN_OFFSET_MAX + LOOK_BLOCK <= BLIND_MAX, "so many are blind at most");

/* ----------------------------------------------------------------------- making ---- */

/* What is done with each pattern, one after the other with all of them. */
enum turn { TURN_MEASURE, TURN_ADD };

/* What a filter is for. */
struct tally {
	size_t count, shortest;
};

struct finder_making {
	struct ks_known *known;
	struct known_speller *speller;
	enum turn turn;
	bool with_runs; /* patterns that have runs are found by these, the others by steps; not: all by marks */
	bool with_signs;    /* some pattern has no other mark */
	bool with_one_step; /* all that are found by steps are found by those for the shortest */
	size_t run_count[RUN_KINDS];
	struct tally others; /* without runs */
	struct tally looks[KNOWN_LOOKS];
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

static void
measure(struct tally *tally, size_t len)
{
	tally->count++;
	tally->shortest = len < tally->shortest ? len : tally->shortest;
}

/*
 * Runs are the fastest way, if nearly all patterns have them, and the others can be found by steps: few of them, if they are short.
 * Else all are found by marks.
 */
static bool
is_for_runs(const struct finder_making *m)
{
	size_t others = m->others.count;

	return others < m->known->pattern_count &&
	       others <= (m->others.shortest < STEP_LONG_MIN ? SHORT_OTHERS_MAX : OTHERS_MAX);
}

/* Two ways to look at steps cost more than one whose steps are a little shorter. */
static void
join_steps(struct finder_making *m)
{
	struct tally *looks = m->looks;
	struct tally *longer = &looks[LOOK_STEP_LONG], *shorter = &looks[LOOK_STEP_SHORT];

	if (longer->count == 0 || shorter->count == 0)
		return;
	m->with_one_step = true;
	shorter->count += longer->count;
	longer->count = 0;
}

static void
add_grip(struct finder_making *m, const struct known_grip *grip, const uint8_t *begin, size_t len)
{
	struct known_filter *filter = &m->known->filters[grip->look];
	size_t count = grip->count, offset = grip->offset, last;

	if (grip->look >= LOOK_STEP_MIN) {
		count = filter->step;
		last = len - ks_known_filter_block(filter);
		offset = offset < last ? offset : last;
	}
	for (size_t i = offset; i < offset + count; i++)
		ks_known_filter_add(filter, begin + i, i);
}

/* Signs are marked only if that is better for some pattern. */
static struct known_grip
choose_grip(struct finder_making *m, const uint8_t *begin, size_t len, size_t offset)
{
	struct known_grip grip = ks_known_grip_choose(begin, len, offset, false), other;

	if (grip.look <= LOOK_EVEN_LONG)
		return grip;
	other = ks_known_grip_choose(begin, len, offset, true);
	if (other.look >= grip.look)
		return grip;
	m->with_signs = true;
	return other;
}

static struct known_grip
grip_of(struct finder_making *m, const struct known_pattern *pattern, const uint8_t *begin,
        size_t len, size_t offset)
{
	size_t last = pattern->len < LAST_MAX ? 0 : pattern->len - LAST_MAX;
	struct known_grip grip = { .look = LOOK_STEP_LONG };

	if (!m->with_runs || m->turn == TURN_MEASURE)
		grip = choose_grip(m, begin, len, offset < last ? offset : last);
	if (grip.look >= LOOK_STEP_MIN)
		grip.look = pattern->len < STEP_LONG_MIN || m->with_one_step ? LOOK_STEP_SHORT
		                                                             : LOOK_STEP_LONG;
	return grip;
}

static void
measure_grip(struct tally looks[KNOWN_LOOKS], const struct known_grip *grip, size_t len)
{
	measure(&looks[grip->look], len);
	looks[grip->look].count += grip->count > 1 ? grip->count - 1 : 0;
}

/* What begins like many others is found by what follows, unless there is no run. */
static struct known_run
find_run(const uint8_t *begin, size_t len, size_t offset)
{
	struct known_run run = ks_known_run_find(begin, len, offset);

	return run.kind == RUN_NONE && offset > 0 ? ks_known_run_find(begin, len, 0) : run;
}

static void
take_spelled(struct finder_making *m, const struct known_pattern *pattern, const uint8_t *begin,
             size_t len, size_t offset)
{
	struct known_run run = { RUN_NONE, 0 };
	struct known_grip grip;

	if (m->with_runs || m->turn == TURN_MEASURE)
		run = find_run(begin, len, offset);
	if (m->turn == TURN_ADD && run.kind != RUN_NONE) {
		ks_known_runs_add(&m->known->runs, begin, run);
		return;
	}
	grip = grip_of(m, pattern, begin, len, offset);
	if (m->turn == TURN_ADD) {
		add_grip(m, &grip, begin, pattern->len);
		return;
	}
	measure_grip(m->looks, &grip, pattern->len);
	if (run.kind == RUN_NONE) {
		measure(&m->others, pattern->len);
		return;
	}
	m->run_count[run.kind]++;
	ks_known_runs_count(&m->known->runs, begin, run);
}

/* offset: so many bytes at its beginning tell little. */
static void
take_pattern(struct finder_making *m, const struct known_pattern *pattern, size_t offset)
{
	uint8_t begin[BEGIN_MAX + SPELLING_UNIT_MAX];
	size_t len = spell(m, pattern, begin, offset > 0 ? BEGIN_MAX - LOOK_BLOCK : LOOK_BLOCK);

	memset(begin + len, 0, LOOK_BLOCK);
	take_spelled(m, pattern, begin, len, offset);
	explicit_bzero(begin, sizeof(begin));
}

static void
take_patterns(struct finder_making *m, enum turn turn)
{
	const struct known_pattern *patterns = m->known->patterns;
	size_t count = m->known->pattern_count, end;

	m->turn = turn;
	for (size_t i = 0; i < count; i = end) {
		size_t offset = 0;

		for (end = i + 1; end < count && patterns[end].head == patterns[i].head;)
			end++;
		if (end - i > SHARED_MAX)
			offset = count_common(m, i, end - 1);
		for (size_t k = i; k < end; k++)
			take_pattern(m, &patterns[k], offset);
	}
}

static bool
init_filters(struct finder_making *m)
{
	const struct tally *looks = m->looks;
	struct ks_known *known = m->known;

	for (unsigned look = 0; look < KNOWN_LOOKS; look++) {
		if (looks[look].count > 0 &&
		    !ks_known_filter_init(&known->filters[look], look, looks[look].count,
		                          looks[look].shortest, &known->is_locked))
			return false;
	}
	return true;
}

/* Patterns are found by runs, and what has none by steps. */
static bool
open_runs(struct finder_making *m)
{
	struct ks_known *known = m->known;

	memset(m->looks, 0, sizeof(m->looks));
	m->looks[m->others.shortest < STEP_LONG_MIN ? LOOK_STEP_SHORT : LOOK_STEP_LONG] = m->others;
	m->with_one_step = m->others.shortest < STEP_LONG_MIN;
	return ks_known_runs_open(&known->runs, m->run_count, &known->is_locked);
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

/* How patterns are found is known when all have been looked at. */
static bool
init_all(struct finder_making *m)
{
	struct ks_known *known = m->known;

	if (!ks_known_runs_init(&known->runs, known->pattern_count, &known->is_locked))
		return false;
	take_patterns(m, TURN_MEASURE);
	m->with_runs = is_for_runs(m);
	join_steps(m);
	if (!m->with_runs)
		ks_known_runs_done(&known->runs);
	else if (!open_runs(m))
		return false;
	known->with_signs = m->with_signs && !m->with_runs;
	return init_filters(m) && make_beginnings(known);
}

int
ks_known_finder_make(struct ks_known *known, struct known_speller *speller)
{
	struct finder_making m = { .known = known, .speller = speller };

	for (unsigned look = 0; look < KNOWN_LOOKS; look++)
		m.looks[look].shortest = SIZE_MAX;
	m.others.shortest = SIZE_MAX;
	if (!init_all(&m))
		return KS_ERROR_MEMORY;
	take_patterns(&m, TURN_ADD);
	return KS_OK;
}

void
ks_known_finder_done(struct ks_known *known)
{
	for (unsigned look = 0; look < KNOWN_LOOKS; look++)
		ks_known_filter_done(&known->filters[look]);
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

/* What text[at, len), of fewer bytes than a head, begins. */
static void
look_at_rest(struct find *find, size_t at)
{
	const struct ks_known *known = find->known;
	size_t len = find->len - at;
	uint64_t head = 0;

	if (!does_begin(known, find->text + at, len))
		return;
	for (size_t i = at; i < find->len; i++)
		head = head << 8 | find->text[i];
	if (len < HEAD_MIN)
		find->open = at;
	else if (ks_known_bloom_has(&known->short_heads, ks_known_hash(head)))
		look_at(find, at);
}

/* What begins in text[from, to), where whole heads are. All memory is asked for before any is waited for. */
static void
look_at_heads(struct find *find, size_t from, size_t to)
{
	const struct ks_known *known = find->known;
	uint64_t hashes[BLIND_MAX];
	size_t places[BLIND_MAX], count = 0;

	for (size_t at = from; at < to; at++) {
		uint64_t head;

		memcpy(&head, find->text + at, sizeof(head));
		hashes[count] = hash_head(be64toh(head), KNOWN_HEAD);
		places[count] = at;
		if (!does_begin(known, find->text + at, KNOWN_HEAD))
			continue;
		__builtin_prefetch(ks_known_bloom_word(&known->heads, hashes[count++]));
	}
	for (size_t i = 0; i < count; i++) {
		if (ks_known_bloom_has(&known->heads, hashes[i]))
			look_at(find, places[i]);
	}
}

/* What begins in text[from, len). Behind the first open place only whole patterns matter, for which the rest is too short. */
static void
look_at_end(struct find *find, size_t from)
{
	size_t rest = find->len - from < KNOWN_HEAD ? from : find->len - KNOWN_HEAD + 1;

	look_at_heads(find, from, rest);
	for (; rest < find->len && find->open == find->len; rest++)
		look_at_rest(find, rest);
}

/* Where the bytes begin at the end of text[from, len) in which filters are blind. */
static size_t
blind_from(const struct ks_known *known, const uint8_t *text, size_t from, size_t len)
{
	size_t runs = ks_known_runs_blind(&known->runs, text, from, len), blind = len - runs;

	for (unsigned look = 0; look < KNOWN_LOOKS; look++) {
		const struct known_filter *filter = &known->filters[look];

		if (ks_known_filter_is_used(filter) && ks_known_filter_blind(filter) > blind)
			blind = ks_known_filter_blind(filter);
	}
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
	if (pass == PASS_FILTERS) {
		ks_known_filter_scan(known->filters, known->with_signs, text, from, len, look_at,
		                     &find);
		return find.open;
	}
	look_at_end(&find, blind_from(known, text, from, len));
	return find.open;
}
