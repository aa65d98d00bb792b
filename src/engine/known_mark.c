/* SPDX-License-Identifier: Apache-2.0 */
/* See known_mark.h. What is done to each byte of a text is done here, so it is done to 16 or 32 at a time. */
#include "known_mark.h"

#include <string.h>

#ifdef __SSE2__
#include <immintrin.h>
#endif

/*
 * Found by bench/rare_pairs over ten kinds of logs, source code and prose: half of the pairs that values made by chance have, and one in
 * 240 of those of these texts. A poor choice costs time and nothing else.
 */
const struct known_marker ks_known_marker_of_logs = {
	.is_of_logs = true,
	.rare = {
	{ { { 0xec, 0x2b, 0x75, 0x79, 0x79, 0x79, 0x7f, 0xff, 0xff, 0xeb, 0xde, 0xf5, 0xdd, 0xdc,
	      0xf3, 0xe0 },
	    { 0x00, 0x00, 0x00, 0x61, 0x5c, 0x0a, 0xc4, 0xcc, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	      0x00, 0x00 } },
	  { { 0x33, 0x41, 0x03, 0x9b, 0x9a, 0x89, 0x9b, 0xbf, 0xef, 0xe9, 0x77, 0xb7, 0xaa, 0x32,
	      0x6f, 0xa2 },
	    { 0x00, 0x00, 0x00, 0x8a, 0xa7, 0x47, 0x32, 0x17, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	      0x00, 0x00 } } },
	{ { { 0xc6, 0x27, 0xce, 0x44, 0x8a, 0xb0, 0x7e, 0x4e, 0x5e, 0x96, 0x7b, 0x38, 0x2c, 0x98,
	      0x02, 0x00 },
	    { 0x00, 0x00, 0x21, 0x44, 0x1a, 0x93, 0x44, 0x31, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	      0x00, 0x00 } },
	  { { 0xe1, 0x73, 0xed, 0x8d, 0xed, 0x74, 0xff, 0xed, 0x6f, 0x35, 0xf7, 0xaf, 0x84, 0xa5,
	      0xe9, 0x04 },
	    { 0x00, 0x00, 0x02, 0x09, 0x25, 0x73, 0x89, 0x13, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	      0x00, 0x00 } } },
	},
};

/* ------------------------------------------------------------------------ making ---- */

#define RARE_GROWTH     0.0005 /* a pair that adds more is no rare mark */
#define RARE_GROWTH_ALL 0.005

/* How often a byte is met in logs, more or less: of a thousand bytes so many, for the most frequent ones. */
static unsigned
weigh(unsigned byte)
{
	static const char frequent[] = " e0t1o5a2nirs64c3d:8795-lu.mp_bh";
	const char *found = memchr(frequent, (int)byte, sizeof(frequent) - 1);

	return found ? (unsigned)(frequent + sizeof(frequent) - found) + 3 : 2;
}

#define WEIGHT_ALL 1100.0 /* of all bytes, more or less */

/* The weight of all bytes that a group has at a place, and of byte, unless it is negative. */
static double
weigh_place(const struct known_halves *halves, unsigned group, int byte)
{
	unsigned weight = 0;

	for (int high = 0; high < 16; high++) {
		if (!(halves->high[high] >> group & 1) && high != byte >> 4)
			continue;
		for (int low = 0; low < 16; low++) {
			if (halves->low[low] >> group & 1 || (byte >= 0 && low == (byte & 15)))
				weight += weigh((unsigned)(high << 4 | low));
		}
	}
	return weight / WEIGHT_ALL;
}

/* Bytes that a group gets. */
struct choice {
	struct known_halves *halves;
	unsigned len, group;
	const uint8_t *bytes;
	double growth; /* of the part of the places of logs that is marked, more or less */
};

static double
weigh_growth(const struct choice *choice)
{
	double before = 1, after = 1;

	for (unsigned i = 0; i < choice->len; i++) {
		before *= weigh_place(&choice->halves[i], choice->group, -1);
		after *= weigh_place(&choice->halves[i], choice->group, choice->bytes[i]);
	}
	return after - before;
}

/* Of these places, and all groups, take what grows least, if it grows less than best. */
static void
choose(struct known_halves *halves, unsigned len, const uint8_t *bytes, size_t places,
       struct choice *best)
{
	for (size_t at = 0; at < places; at++) {
		for (unsigned group = 0; group < MARK_GROUPS; group++) {
			struct choice choice = { halves, len, group, bytes + at, 0 };

			choice.growth = weigh_growth(&choice);
			if (choice.growth < best->growth)
				*best = choice;
		}
	}
}

static void
take(const struct choice *choice)
{
	for (unsigned i = 0; i < choice->len; i++) {
		uint8_t byte = choice->bytes[i], bit = (uint8_t)(1U << choice->group);

		choice->halves[i].low[byte & 15] |= bit;
		choice->halves[i].high[byte >> 4] |= bit;
	}
}

void
ks_known_marker_add(struct known_marker *marker, const uint8_t *bytes, size_t places)
{
	struct choice best = { .growth = 2 };

	/* among many patterns, a pair that is not rare is one that many texts have */
	if (!marker->is_of_logs)
		choose(marker->rare[0], RARE_LEN, bytes, places, &best);
	if (best.growth < RARE_GROWTH && marker->growth + best.growth < RARE_GROWTH_ALL) {
		marker->growth += best.growth;
	} else {
		best.growth = 2;
		choose(marker->own, OWN_LEN, bytes, places, &best);
		marker->with_own = true;
	}
	take(&best);
	for (unsigned i = 0; i < best.len; i++)
		marker->is_wide = marker->is_wide || best.bytes[i] > 127;
}

/* ----------------------------------------------------------------------- marking ---- */

static inline unsigned
groups_of(const struct known_halves *halves, uint8_t byte)
{
	return halves->low[byte & 15] & halves->high[byte >> 4];
}

static bool
is_rare(const struct known_halves rare[RARE_LEN], const uint8_t *text)
{
	return groups_of(&rare[0], text[0]) & groups_of(&rare[1], text[1]);
}

static bool
is_own(const struct known_halves own[OWN_LEN], const uint8_t *text)
{
	return groups_of(&own[0], text[0]) & groups_of(&own[1], text[1]) &
	       groups_of(&own[2], text[2]) & groups_of(&own[3], text[3]);
}

void
ks_known_mark_plain(const struct known_marker *marker, const uint8_t *text, size_t count,
                    uint64_t *marks)
{
	for (size_t i = 0; i < count; i++) {
		marks[i] = 0;
		for (unsigned k = 0; k < MARK_BYTES; k++, text++) {
			bool is_marked = is_rare(marker->rare[0], text) ||
			                 is_rare(marker->rare[1], text) ||
			                 (marker->with_own && is_own(marker->own, text));

			marks[i] |= (uint64_t)is_marked << k;
		}
	}
}

#ifdef __SSE2__

/* Hyperscan runs on no processor without it. */
#define SSSE3 __attribute__((target("ssse3")))

static inline SSSE3 __m128i
groups_ssse3(const struct known_halves *halves, const uint8_t *text)
{
	__m128i bytes = _mm_loadu_si128((const void *)text);
	__m128i half = _mm_set1_epi8(15);
	__m128i low = _mm_loadu_si128((const void *)halves->low);
	__m128i high = _mm_loadu_si128((const void *)halves->high);

	low = _mm_shuffle_epi8(low, _mm_and_si128(bytes, half));
	high = _mm_shuffle_epi8(high, _mm_and_si128(_mm_srli_epi16(bytes, 4), half));
	return _mm_and_si128(low, high);
}

/* The groups that so many bytes have in common. */
static inline SSSE3 __m128i
common_ssse3(const struct known_halves *halves, unsigned len, const uint8_t *text)
{
	__m128i common = groups_ssse3(&halves[0], text);

	for (unsigned i = 1; i < len; i++)
		common = _mm_and_si128(common, groups_ssse3(&halves[i], text + i));
	return common;
}

static inline SSSE3 uint64_t
mark_ssse3(const struct known_marker *marker, const uint8_t *text)
{
	__m128i groups = _mm_setzero_si128(), none;

	for (unsigned set = 0; set < RARE_SETS; set++)
		groups = _mm_or_si128(groups, common_ssse3(marker->rare[set], RARE_LEN, text));
	if (marker->with_own)
		groups = _mm_or_si128(groups, common_ssse3(marker->own, OWN_LEN, text));
	none = _mm_cmpeq_epi8(groups, _mm_setzero_si128());
	return ~(unsigned)_mm_movemask_epi8(none) & 0xffff;
}

SSSE3 void
ks_known_mark_ssse3(const struct known_marker *marker, const uint8_t *text, size_t count,
                    uint64_t *marks)
{
	for (size_t i = 0; i < count; i++) {
		marks[i] = 0;
		for (unsigned k = 0; k < MARK_BYTES; k += 16, text += 16)
			marks[i] |= mark_ssse3(marker, text) << k;
	}
}

#define AVX2 __attribute__((target("avx2")))

struct halves_avx2 {
	__m256i low, high;
};

static inline AVX2 struct halves_avx2
load_avx2(const struct known_halves *halves)
{
	return (struct halves_avx2){
		_mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)halves->low)),
		_mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)halves->high)),
	};
}

/* Bytes, and the upper half of each. */
struct split_avx2 {
	__m256i low, high;
};

/* A shuffle has nothing for bytes that are no ASCII: they are of no group unless is_wide. */
static inline AVX2 struct split_avx2
split_avx2(bool is_wide, const uint8_t *text)
{
	__m256i bytes = _mm256_loadu_si256((const void *)text);
	__m256i half = _mm256_set1_epi8(15);

	return (struct split_avx2){
		is_wide ? _mm256_and_si256(bytes, half) : bytes,
		_mm256_and_si256(_mm256_srli_epi16(bytes, 4), half),
	};
}

static inline AVX2 __m256i
groups_avx2(const struct halves_avx2 *halves, struct split_avx2 bytes)
{
	return _mm256_and_si256(_mm256_shuffle_epi8(halves->low, bytes.low),
	                        _mm256_shuffle_epi8(halves->high, bytes.high));
}

static inline AVX2 uint64_t
bits_avx2(__m256i groups)
{
	__m256i none = _mm256_cmpeq_epi8(groups, _mm256_setzero_si256());

	return ~(uint32_t)_mm256_movemask_epi8(none);
}

static inline AVX2 uint64_t
rare_avx2(unsigned sets, const struct halves_avx2 halves[RARE_SETS * RARE_LEN], bool is_wide,
          const uint8_t *text)
{
	struct split_avx2 first = split_avx2(is_wide, text), second = split_avx2(is_wide, text + 1);
	__m256i groups = _mm256_and_si256(groups_avx2(&halves[0], first),
	                                  groups_avx2(&halves[1], second));

	if (sets > 1)
		groups = _mm256_or_si256(groups, _mm256_and_si256(groups_avx2(&halves[2], first),
		                                                  groups_avx2(&halves[3], second)));
	return bits_avx2(groups);
}

static inline AVX2 uint64_t
own_avx2(const struct halves_avx2 halves[OWN_LEN], bool is_wide, const uint8_t *text)
{
	__m256i groups = groups_avx2(&halves[0], split_avx2(is_wide, text));

	for (unsigned i = 1; i < OWN_LEN; i++)
		groups = _mm256_and_si256(groups,
		                          groups_avx2(&halves[i], split_avx2(is_wide, text + i)));
	return bits_avx2(groups);
}

/* always_inline, here and below: sets and is_wide are known to the compiler. */
static inline AVX2 __attribute__((always_inline)) void
mark_rare_avx2(const struct known_marker *marker, unsigned sets, bool is_wide, const uint8_t *text,
               size_t count, uint64_t *marks)
{
	struct halves_avx2 halves[RARE_SETS * RARE_LEN];

	for (unsigned i = 0; i < sets * RARE_LEN; i++)
		halves[i] = load_avx2(&marker->rare[i / RARE_LEN][i % RARE_LEN]);
	for (size_t i = 0; i < count; i++, text += MARK_BYTES)
		marks[i] = rare_avx2(sets, halves, is_wide, text) |
		           rare_avx2(sets, halves, is_wide, text + 32) << 32;
}

/* By themselves: all tables at once are more than there are registers. */
static inline AVX2 __attribute__((always_inline)) void
mark_own_avx2(const struct known_marker *marker, bool is_wide, const uint8_t *text, size_t count,
              uint64_t *marks)
{
	struct halves_avx2 halves[OWN_LEN];

	for (unsigned i = 0; i < OWN_LEN; i++)
		halves[i] = load_avx2(&marker->own[i]);
	for (size_t i = 0; i < count; i++, text += MARK_BYTES)
		marks[i] |= own_avx2(halves, is_wide, text) | own_avx2(halves, is_wide, text + 32)
		                                                      << 32;
}

static inline AVX2 __attribute__((always_inline)) void
mark_all_avx2(const struct known_marker *marker, bool is_wide, const uint8_t *text, size_t count,
              uint64_t *marks)
{
	if (marker->is_of_logs)
		mark_rare_avx2(marker, RARE_SETS, is_wide, text, count, marks);
	else
		mark_rare_avx2(marker, 1, is_wide, text, count, marks);
	if (marker->with_own)
		mark_own_avx2(marker, is_wide, text, count, marks);
}

AVX2 void
ks_known_mark_avx2(const struct known_marker *marker, const uint8_t *text, size_t count,
                   uint64_t *marks)
{
	if (marker->is_wide)
		mark_all_avx2(marker, true, text, count, marks);
	else
		mark_all_avx2(marker, false, text, count, marks);
}

#endif

void
ks_known_mark(const struct known_marker *marker, const uint8_t *text, size_t count, uint64_t *marks)
{
#ifdef __SSE2__
	if (__builtin_cpu_supports("avx2"))
		ks_known_mark_avx2(marker, text, count, marks);
	else if (__builtin_cpu_supports("ssse3"))
		ks_known_mark_ssse3(marker, text, count, marks);
	else
		ks_known_mark_plain(marker, text, count, marks);
#else
	ks_known_mark_plain(marker, text, count, marks);
#endif
}

void
ks_known_mark_rare(const struct known_marker *marker, const uint8_t *text, size_t count,
                   uint64_t *marks)
{
	struct known_marker only = *marker;

	only.with_own = false;
	ks_known_mark(&only, text, count, marks);
}
