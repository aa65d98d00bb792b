/* SPDX-License-Identifier: Apache-2.0 */
/* See known_avx512.h. All does the same as plain code does (known_class.c, known_mark.c). */
#include "known_avx512.h"

#ifdef __SSE2__

#include <immintrin.h>

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vbmi")))
#define ASCII  128U

/* For each byte of ASCII a byte. */
struct table {
	__m512i first, second;
};

/* What the table has for each byte; 0 for what is no ASCII. */
static inline AVX512 __m512i
look_up(struct table table, __m512i bytes)
{
	__mmask64 is_ascii = ~_mm512_movepi8_mask(bytes);

	return _mm512_maskz_permutex2var_epi8(is_ascii, table.first, bytes, table.second);
}

/* ---------------------------------------------------------------------- classes ---- */

/* Of a byte, as bits. */
enum of {
	OF_ID = 1,
	OF_HEX = 2, /* or nearly */
	OF_2_TO_7 = 4,
};

#define DIGIT  (OF_ID | OF_HEX)
#define UPPER  (DIGIT | OF_2_TO_7)
#define A_TO_I DIGIT, DIGIT, DIGIT, DIGIT, DIGIT, DIGIT, DIGIT, DIGIT, DIGIT

/* clang-format off */
static const uint8_t classes[ASCII] = {
	['-'] = OF_ID,
	['0'] = DIGIT, DIGIT, UPPER, UPPER, UPPER, UPPER, UPPER, UPPER, DIGIT, DIGIT,
	['@'] = DIGIT, A_TO_I,
	['_'] = OF_ID,
	['`'] = DIGIT, A_TO_I,
};
/* clang-format on */

/* Which of eight lanes have in each byte what is wanted of it? */
static inline AVX512 unsigned
find_all(__m512i of, __m512i wanted)
{
	return _mm512_cmpeq_epi64_mask(_mm512_and_si512(of, wanted), wanted);
}

static inline AVX512 unsigned
find_text(__m512i of)
{
	const __m512i hex = _mm512_set1_epi8(OF_HEX);
	const __m512i at_even = _mm512_or_si512(hex, _mm512_set1_epi16(OF_2_TO_7));
	const __m512i at_odd = _mm512_or_si512(hex, _mm512_set1_epi16(OF_2_TO_7 << 8));

	return find_all(of, at_even) | find_all(of, at_odd);
}

/* Eight lanes: the first one of each apart. */
static inline AVX512 __m512i
take_lanes(unsigned apart, const uint8_t *text)
{
	const __m512i of_two = _mm512_setr_epi64(0, 2, 4, 6, 8, 10, 12, 14);
	const __m512i of_three = _mm512_setr_epi64(0, 3, 6, 9, 12, 15, 0, 0);
	const __m512i last = _mm512_setr_epi64(0, 1, 2, 3, 4, 5, 10, 13);
	__m512i lanes = _mm512_loadu_si512(text);

	if (apart == 2)
		lanes = _mm512_permutex2var_epi64(lanes, of_two, _mm512_loadu_si512(text + 64));
	if (apart == 3) {
		lanes = _mm512_permutex2var_epi64(lanes, of_three, _mm512_loadu_si512(text + 64));
		lanes = _mm512_permutex2var_epi64(lanes, last, _mm512_loadu_si512(text + 128));
	}
	return lanes;
}

/* always_inline: of and apart are known to the compiler. */
static inline AVX512 __attribute__((always_inline)) uint64_t
classify_lanes(enum known_lanes of, unsigned apart, const uint8_t *text)
{
	const struct table table = { _mm512_loadu_si512(classes),
		                     _mm512_loadu_si512(classes + ASCII / 2) };
	uint64_t lanes = 0;

	for (unsigned i = 0; i < LANES; i += 8, text += (size_t)apart * 64) {
		__m512i are = look_up(table, take_lanes(apart, text));
		uint64_t found;

		if (of == LANES_TEXT)
			found = find_text(are);
		else
			found = find_all(are, _mm512_set1_epi8(of == LANES_HEX ? OF_HEX : OF_ID));
		lanes |= found << i;
	}
	return lanes;
}

AVX512 uint64_t
ks_known_classify_lanes_avx512(enum known_lanes of, const uint8_t *text)
{
	if (of == LANES_TEXT)
		return classify_lanes(LANES_TEXT, 1, text);
	if (of == LANES_HEX)
		return classify_lanes(LANES_HEX, 1, text);
	return classify_lanes(LANES_ID, 1, text);
}

AVX512 uint64_t
ks_known_classify_apart_avx512(enum known_lanes of, unsigned apart, const uint8_t *text)
{
	if (of == LANES_TEXT && apart == 3)
		return classify_lanes(LANES_TEXT, 3, text);
	return classify_lanes(of, apart, text);
}

/* ------------------------------------------------------------------------- marks ---- */

/* The groups of each byte of ASCII, of which from is the first one. */
static inline AVX512 __m512i
spread(const struct known_halves *halves, unsigned from)
{
	__m512i low = _mm512_broadcast_i32x4(_mm_loadu_si128((const void *)halves->low));
	__m512i high = _mm512_broadcast_i32x4(_mm_loadu_si128((const void *)halves->high));
	/* sixteen bytes have the upper half in common */
	__m512i uppers = _mm512_or_si512(
		_mm512_set1_epi8((char)(from >> 4)),
		_mm512_set_epi64(0x0303030303030303, 0x0303030303030303, 0x0202020202020202,
	                         0x0202020202020202, 0x0101010101010101, 0x0101010101010101, 0, 0));

	return _mm512_and_si512(low, _mm512_shuffle_epi8(high, uppers));
}

static inline AVX512 struct table
load(const struct known_halves *halves)
{
	return (struct table){ spread(halves, 0), spread(halves, ASCII / 2) };
}

/* always_inline, here and below: sets and with_own are known to the compiler. */
static inline AVX512 __attribute__((always_inline)) __m512i
find_rare(const struct table tables[RARE_SETS * RARE_LEN], unsigned sets, const uint8_t *text)
{
	__m512i first = _mm512_loadu_si512(text), second = _mm512_loadu_si512(text + 1);
	__m512i groups = _mm512_setzero_si512();

	for (unsigned i = 0; i < sets * RARE_LEN; i += RARE_LEN)
		groups = _mm512_or_si512(groups, _mm512_and_si512(look_up(tables[i], first),
		                                                  look_up(tables[i + 1], second)));
	return groups;
}

static inline AVX512 __m512i
find_own(const struct table tables[OWN_LEN], const uint8_t *text)
{
	__m512i groups = look_up(tables[0], _mm512_loadu_si512(text));

	for (unsigned i = 1; i < OWN_LEN; i++)
		groups = _mm512_and_si512(groups, look_up(tables[i], _mm512_loadu_si512(text + i)));
	return groups;
}

static inline AVX512 __attribute__((always_inline)) void
mark(const struct known_marker *marker, unsigned sets, bool with_own, const uint8_t *text,
     size_t count, uint64_t *marks)
{
	struct table rare[RARE_SETS * RARE_LEN], own[OWN_LEN];

	for (unsigned i = 0; i < sets * RARE_LEN; i++)
		rare[i] = load(&marker->rare[i / RARE_LEN][i % RARE_LEN]);
	for (unsigned i = 0; with_own && i < OWN_LEN; i++)
		own[i] = load(&marker->own[i]);
	for (size_t i = 0; i < count; i++, text += MARK_BYTES) {
		__m512i groups = find_rare(rare, sets, text);

		if (with_own)
			groups = _mm512_or_si512(groups, find_own(own, text));
		marks[i] = _mm512_test_epi8_mask(groups, groups);
	}
}

static inline AVX512 __attribute__((always_inline)) void
mark_sets(const struct known_marker *marker, unsigned sets, const uint8_t *text, size_t count,
          uint64_t *marks)
{
	if (marker->with_own)
		mark(marker, sets, true, text, count, marks);
	else
		mark(marker, sets, false, text, count, marks);
}

AVX512 void
ks_known_mark_avx512(const struct known_marker *marker, const uint8_t *text, size_t count,
                     uint64_t *marks)
{
	if (marker->rare_sets == 1)
		mark_sets(marker, 1, text, count, marks);
	else
		mark_sets(marker, RARE_SETS, text, count, marks);
}

#endif
