/* SPDX-License-Identifier: Apache-2.0 */
/* See known_class.h. What is done to each byte of a text is done here, so it is done to 16 or 32 at a time. */
#include "known_class.h"

#include <string.h>

#include "known_avx512.h"

#ifdef __SSE2__
#include <immintrin.h>
#endif

static bool
is_digit(uint8_t byte)
{
	return (uint8_t)(byte - '0') < 10;
}

static bool
is_hex(uint8_t byte)
{
	return (uint8_t)((byte | 0x20) - 'a') < 6 || is_digit(byte);
}

static bool
is_id(uint8_t byte)
{
	return is_hex(byte) || byte == '-' || byte == '_';
}

/* Is it the first one of two hexadecimal digits that stand for a byte of ASCII text? */
static bool
is_upper_half(uint8_t byte)
{
	return (uint8_t)(byte - '2') < 6;
}

/* Or is it one of those next to the letters among them? */
static bool
is_nearly_hex(uint8_t byte)
{
	return (uint8_t)((byte | 0x20) - '`') < 10 || is_digit(byte);
}

static bool
is_lane(enum known_lanes of, const uint8_t *text)
{
	unsigned uppers = 0;
	bool all = true;

	for (unsigned k = 0; k < LANE_BYTES; k++, text++) {
		uppers |= (unsigned)is_upper_half(*text) << k;
		all = all &&
		      (is_nearly_hex(*text) || (of == LANES_ID && (*text == '-' || *text == '_')));
	}
	return all && (of != LANES_TEXT || !(~uppers & 0x55) || !(~uppers & 0xaa));
}

uint64_t
ks_known_classify_lanes_plain(enum known_lanes of, const uint8_t *text)
{
	uint64_t lanes = 0;

	for (unsigned i = 0; i < LANES; i++, text += LANE_BYTES)
		lanes |= (uint64_t)is_lane(of, text) << i;
	return lanes;
}

#ifdef __SSE2__

/* Where bytes are first to last: moved to where 127 is the last, only they are above what was before the first. */
static inline __m128i
find_range(__m128i text, char first, char last)
{
	__m128i moved = _mm_add_epi8(text, _mm_set1_epi8((char)(127 - last)));

	return _mm_cmpgt_epi8(moved, _mm_set1_epi8((char)(126 - (last - first))));
}

static inline uint64_t
bits_of(__m128i mask)
{
	return (unsigned)_mm_movemask_epi8(mask);
}

static inline __m128i
find_byte(__m128i text, char byte)
{
	return _mm_cmpeq_epi8(text, _mm_set1_epi8(byte));
}

static inline __m128i
find_digits(__m128i text)
{
	return find_range(text, '0', '9');
}

static inline __m128i
find_hex_digits(__m128i text)
{
	__m128i folded = _mm_or_si128(text, _mm_set1_epi8(0x20));

	return _mm_or_si128(find_digits(text), find_range(folded, 'a', 'f'));
}

static inline __m128i
find_ids(__m128i text)
{
	return _mm_or_si128(find_hex_digits(text),
	                    _mm_or_si128(find_byte(text, '-'), find_byte(text, '_')));
}

static inline __m128i
find_upper_halves(__m128i text)
{
	return find_range(text, '2', '7');
}

/* In which of two lanes is all 0? */
static inline uint64_t
find_zeros_sse2(__m128i bytes)
{
	unsigned zeros = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi32(bytes, _mm_setzero_si128()));

	return (zeros & 0xff) / 0xff | (zeros >> 8) / 0xff << 1;
}

/* Which of two lanes are of it? */
static inline uint64_t
find_lanes_sse2(enum known_lanes of, __m128i bytes)
{
	const __m128i even = _mm_set1_epi16(0x00ff), all = _mm_set1_epi8(-1);
	__m128i folded = _mm_or_si128(bytes, _mm_set1_epi8(0x20));
	__m128i hex = _mm_or_si128(find_digits(bytes), find_range(folded, '`', 'i'));
	__m128i no_upper = _mm_andnot_si128(find_upper_halves(bytes), all);
	__m128i id = _mm_or_si128(hex, _mm_or_si128(find_byte(bytes, '-'), find_byte(bytes, '_')));
	uint64_t lanes = find_zeros_sse2(_mm_andnot_si128(of == LANES_ID ? id : hex, all));

	if (of == LANES_TEXT)
		lanes &= find_zeros_sse2(_mm_and_si128(no_upper, even)) |
		         find_zeros_sse2(_mm_andnot_si128(even, no_upper));
	return lanes;
}

uint64_t
ks_known_classify_lanes_sse2(enum known_lanes of, const uint8_t *text)
{
	uint64_t lanes = 0;

	for (unsigned i = 0; i < LANES; i += 2, text += 16)
		lanes |= find_lanes_sse2(of, _mm_loadu_si128((const void *)text)) << i;
	return lanes;
}

#define AVX2 __attribute__((target("avx2")))

/* Groups of bytes, as bits. */
enum group { GROUP_HEX = 1, GROUP_DASH = 2, GROUP_UNDERSCORE = 4, GROUP_2_TO_7 = 8, GROUPS_ID = 7 };

/* Each half of a byte chooses from a table which groups it may be of: it is of those that both choose. */
static inline AVX2 __m256i
find_groups(__m256i text)
{
	enum { H = GROUP_HEX, T = GROUP_HEX | GROUP_2_TO_7 };
	const __m256i lower = _mm256_broadcastsi128_si256(_mm_setr_epi8(
		H, H, T, T, T, T, T, T, H, H, 0, 0, 0, GROUP_DASH, 0, GROUP_UNDERSCORE));
	const __m256i upper = _mm256_broadcastsi128_si256(_mm_setr_epi8(
		0, 0, GROUP_DASH, T, H, GROUP_UNDERSCORE, H, 0, 0, 0, 0, 0, 0, 0, 0, 0));
	__m256i half = _mm256_and_si256(_mm256_srli_epi16(text, 4), _mm256_set1_epi8(15));

	return _mm256_and_si256(_mm256_shuffle_epi8(lower, text), _mm256_shuffle_epi8(upper, half));
}

static inline AVX2 uint64_t
lanes_of(__m256i mask)
{
	return (unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(mask));
}

/* In which of four lanes are all bytes of one of these groups? */
static inline AVX2 __m256i
find_ones(__m256i groups, __m256i any)
{
	__m256i none = _mm256_cmpeq_epi8(_mm256_and_si256(groups, any), _mm256_setzero_si256());

	return _mm256_cmpeq_epi64(none, _mm256_setzero_si256());
}

/* In which of four lanes are all bytes of the groups that are wanted of them? */
static inline AVX2 __m256i
find_wanted(__m256i groups, __m256i wanted)
{
	return _mm256_cmpeq_epi64(_mm256_and_si256(groups, wanted), wanted);
}

/* Which of four lanes are as text in hexadecimal digits? */
static inline AVX2 __m256i
find_text(__m256i groups)
{
	const __m256i hex = _mm256_set1_epi8(GROUP_HEX);
	const __m256i at_even = _mm256_or_si256(hex, _mm256_set1_epi16(GROUP_2_TO_7));
	const __m256i at_odd = _mm256_or_si256(hex, _mm256_set1_epi16(GROUP_2_TO_7 << 8));

	return _mm256_or_si256(find_wanted(groups, at_even), find_wanted(groups, at_odd));
}

/* always_inline: of is known to the compiler. */
static inline AVX2 __attribute__((always_inline)) uint64_t
classify_lanes_avx2(enum known_lanes of, const uint8_t *text)
{
	uint64_t lanes = 0;

	for (unsigned i = 0; i < LANES; i += 4, text += 32) {
		__m256i groups = find_groups(_mm256_loadu_si256((const void *)text)), found;

		if (of == LANES_TEXT)
			found = find_text(groups);
		else if (of == LANES_HEX)
			found = find_wanted(groups, _mm256_set1_epi8(GROUP_HEX));
		else
			found = find_ones(groups, _mm256_set1_epi8(GROUPS_ID));
		lanes |= lanes_of(found) << i;
	}
	return lanes;
}

AVX2 uint64_t
ks_known_classify_lanes_avx2(enum known_lanes of, const uint8_t *text)
{
	if (of == LANES_TEXT)
		return classify_lanes_avx2(LANES_TEXT, text);
	if (of == LANES_HEX)
		return classify_lanes_avx2(LANES_HEX, text);
	return classify_lanes_avx2(LANES_ID, text);
}

#endif

uint64_t
ks_known_classify_lanes(enum known_lanes of, const uint8_t *text)
{
#ifdef __SSE2__
	if (ks_known_has_avx512())
		return ks_known_classify_lanes_avx512(of, text);
	if (__builtin_cpu_supports("avx2"))
		return ks_known_classify_lanes_avx2(of, text);
	return ks_known_classify_lanes_sse2(of, text);
#else
	return ks_known_classify_lanes_plain(of, text);
#endif
}

static uint64_t
classify_side_by_side(enum known_lanes of, unsigned apart, const uint8_t *text)
{
	uint8_t room[LANES_BYTES];
	uint64_t lanes;

	for (unsigned i = 0; i < LANES; i++)
		memcpy(room + (size_t)i * LANE_BYTES, text + (size_t)i * apart * LANE_BYTES,
		       LANE_BYTES);
	lanes = ks_known_classify_lanes(of, room);
	explicit_bzero(room, sizeof(room));
	return lanes;
}

uint64_t
ks_known_classify_apart(enum known_lanes of, unsigned apart, const uint8_t *text)
{
	if (apart == 1)
		return ks_known_classify_lanes(of, text);
#ifdef __SSE2__
	if (ks_known_has_avx512())
		return ks_known_classify_apart_avx512(of, apart, text);
#endif
	return classify_side_by_side(of, apart, text);
}

/* A bit for each of CLASS_BYTES for which is_of says yes. */
static inline uint64_t
classify_each(const uint8_t *text, bool (*is_of)(uint8_t))
{
	uint64_t bits = 0;

	for (unsigned k = 0; k < CLASS_BYTES; k++)
		bits |= (uint64_t)is_of(text[k]) << k;
	return bits;
}

#ifdef __SSE2__

static inline uint64_t
classify_sixteens(const uint8_t *text, __m128i (*find)(__m128i))
{
	uint64_t bits = 0;

	for (unsigned k = 0; k < CLASS_BYTES; k += 16)
		bits |= bits_of(find(_mm_loadu_si128((const void *)(text + k)))) << k;
	return bits;
}

#endif

uint64_t
ks_known_classify_plain(enum known_class of, const uint8_t *text)
{
	static bool (*const are_of[KNOWN_CLASSES])(uint8_t) = {
		[CLASS_HEX] = is_hex,
		[CLASS_ID] = is_id,
		[CLASS_UPPER_HALF] = is_upper_half,
	};

	return classify_each(text, are_of[of]);
}

uint64_t
ks_known_classify(enum known_class of, const uint8_t *text)
{
#ifdef __SSE2__
	static __m128i (*const finders[KNOWN_CLASSES])(__m128i) = {
		[CLASS_HEX] = find_hex_digits,
		[CLASS_ID] = find_ids,
		[CLASS_UPPER_HALF] = find_upper_halves,
	};

	return classify_sixteens(text, finders[of]);
#else
	return ks_known_classify_plain(of, text);
#endif
}
