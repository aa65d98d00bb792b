/* SPDX-License-Identifier: Apache-2.0 */
/* See known_mark.h. What is done to each byte of a text is done here, so it is done to 16 or 32 at a time. */
#include "known_mark.h"

#include <string.h>

#include "known_avx512.h"

#ifdef __SSE2__
#include <immintrin.h>
#endif

/* ------------------------------------------------------------------------ making ---- */

#define RARE_GROWTH     0.0005 /* a pair that adds more is no rare mark */
#define RARE_GROWTH_ALL 0.002

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

/* By a pair, if it adds little to what is marked. */
static bool
add_pair(struct known_marker *marker, const uint8_t *bytes, size_t places, struct choice *best)
{
	for (unsigned set = 0; set < marker->rare_sets; set++)
		choose(marker->rare[set], RARE_LEN, bytes, places, best);
	if (best->growth >= RARE_GROWTH || marker->growth + best->growth >= RARE_GROWTH_ALL)
		return false;
	marker->growth += best->growth;
	return true;
}

void
ks_known_marker_add(struct known_marker *marker, const uint8_t *bytes, size_t places)
{
	struct choice best = { .growth = 2 };

	if (!add_pair(marker, bytes, places, &best)) {
		best = (struct choice){ .growth = 2 };
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
			bool is_marked = marker->with_own && is_own(marker->own, text);

			for (unsigned set = 0; set < marker->rare_sets; set++)
				is_marked = is_marked || is_rare(marker->rare[set], text);
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

	for (unsigned set = 0; set < marker->rare_sets; set++)
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
mark_rare_avx2(const struct known_halves rare[][RARE_LEN], unsigned sets, bool is_wide,
               const uint8_t *text, size_t count, uint64_t *marks)
{
	struct halves_avx2 halves[RARE_SETS * RARE_LEN];

	for (unsigned i = 0; i < sets * RARE_LEN; i++)
		halves[i] = load_avx2(&rare[i / RARE_LEN][i % RARE_LEN]);
	for (size_t i = 0; i < count; i++, text += MARK_BYTES)
		marks[i] = rare_avx2(sets, halves, is_wide, text) |
		           rare_avx2(sets, halves, is_wide, text + 32) << 32;
}

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

/* One after the other: all tables at once are more than there are registers. */
static inline AVX2 __attribute__((always_inline)) void
mark_all_avx2(const struct known_marker *marker, bool is_wide, const uint8_t *text, size_t count,
              uint64_t *marks)
{
	if (marker->rare_sets > 1)
		mark_rare_avx2(marker->rare, RARE_SETS, is_wide, text, count, marks);
	else
		mark_rare_avx2(marker->rare, 1, is_wide, text, count, marks);
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
	if (!marker->is_wide && ks_known_has_avx512())
		ks_known_mark_avx512(marker, text, count, marks);
	else if (__builtin_cpu_supports("avx2"))
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
