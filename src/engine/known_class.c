/* SPDX-License-Identifier: Apache-2.0 */
/* See known_class.h. What is done to each byte of a text is done here, so it is done to 16 or 32 at a time. */
#include "known_class.h"

#ifdef __SSE2__
#include <immintrin.h>
#endif

static bool
is_sign(uint8_t byte)
{
	return byte == '!' || byte == '#' || byte == '$' || byte == '*' || byte == '+' ||
	       byte == ';' || byte == '<' || byte == '>' || byte == '@' || byte == '^' ||
	       byte == '`' || byte == '~';
}

void
ks_known_classify_plain(const uint8_t *text, size_t count, bool with_signs,
                        struct known_classes *classes)
{
	for (size_t i = 1; i <= count; i++, text += CLASS_BYTES) {
		classes->digits[i] = classes->lower[i] = classes->upper[i] = classes->signs[i] = 0;
		for (unsigned k = 0; k < CLASS_BYTES; k++) {
			classes->digits[i] |= (uint64_t)((uint8_t)(text[k] - '0') < 10) << k;
			classes->lower[i] |= (uint64_t)((uint8_t)(text[k] - 'a') < 26) << k;
			classes->upper[i] |= (uint64_t)((uint8_t)(text[k] - 'A') < 26) << k;
			classes->signs[i] |= (uint64_t)(with_signs && is_sign(text[k])) << k;
		}
	}
}

static bool
is_token(uint8_t byte)
{
	return (uint8_t)((byte | 0x20) - 'a') < 26 || (uint8_t)(byte - '0') < 10 || byte == '-' ||
	       byte == '_';
}

unsigned
ks_known_classify_view_plain(const uint8_t view[VIEW_BYTES])
{
	bool is_wild = false;
	bool is_hex[2] = { true, true };

	for (unsigned i = 0; i < VIEW_BYTES; i++) {
		is_wild = is_wild || (uint8_t)((view[i] | 0x20) - 'g') < 20;
		is_hex[i % 2] = is_hex[i % 2] && (uint8_t)(view[i] - '2') < 6;
	}
	return (is_wild ? VIEW_WILD : 0) | (is_hex[0] || is_hex[1] ? VIEW_HEX : 0);
}

void
ks_known_classify_lanes_plain(const uint8_t *text, bool with_all, struct known_lanes *lanes)
{
	*lanes = (struct known_lanes){ 0 };
	for (unsigned i = 0; i < 64; i++) {
		unsigned tokens = 0;
		bool has_capital = false;

		for (unsigned k = 0; k < LANE_BYTES; k++, text++) {
			tokens |= (unsigned)is_token(*text) << k;
			has_capital = has_capital || (uint8_t)(*text - 'A') < 26;
		}
		lanes->whole |= (uint64_t)(tokens == 255) << i;
		lanes->half |= (uint64_t)(with_all && (tokens & 15) == 15) << i;
		lanes->capital |= (uint64_t)(with_all && has_capital) << i;
	}
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
find_signs(__m128i text)
{
	__m128i folded = _mm_or_si128(text, _mm_set1_epi8(0x20)); /* of @ and ^, ` and ~ */
	__m128i signs = _mm_or_si128(find_range(text, '#', '$'), find_range(text, '*', '+'));

	signs = _mm_or_si128(signs, find_range(text, ';', '<'));
	signs = _mm_or_si128(signs, _mm_or_si128(find_byte(text, '>'), find_byte(text, '!')));
	return _mm_or_si128(signs, _mm_or_si128(find_byte(folded, '`'), find_byte(folded, '~')));
}

void
ks_known_classify_sse2(const uint8_t *text, size_t count, bool with_signs,
                       struct known_classes *classes)
{
	for (size_t i = 1; i <= count; i++) {
		uint64_t digits = 0, letters = 0, small = 0, signs = 0;

		for (unsigned k = 0; k < CLASS_BYTES; k += 16, text += 16) {
			__m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)text);
			__m128i folded = _mm_or_si128(bytes, _mm_set1_epi8(0x20));

			digits |= bits_of(find_range(bytes, '0', '9')) << k;
			letters |= bits_of(find_range(folded, 'a', 'z')) << k;
			small |= bits_of(_mm_slli_epi16(bytes, 2)) << k; /* the bit of 0x20 */
			signs |= with_signs ? bits_of(find_signs(bytes)) << k : 0;
		}
		classes->digits[i] = digits;
		classes->lower[i] = letters & small;
		classes->upper[i] = letters & ~small;
		classes->signs[i] = signs;
	}
}

static inline __m128i
find_tokens(__m128i text)
{
	__m128i folded = _mm_or_si128(text, _mm_set1_epi8(0x20));
	__m128i tokens = _mm_or_si128(find_range(text, '0', '9'), find_range(folded, 'a', 'z'));

	return _mm_or_si128(tokens, _mm_or_si128(find_byte(text, '-'), find_byte(text, '_')));
}

/* In which of two lanes is all 0? */
static inline uint64_t
find_zeros_sse2(__m128i bytes)
{
	unsigned zeros = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi32(bytes, _mm_setzero_si128()));

	return (zeros & 0xff) / 0xff | (zeros >> 8) / 0xff << 1;
}

void
ks_known_classify_lanes_sse2(const uint8_t *text, bool with_all, struct known_lanes *lanes)
{
	uint64_t whole = 0, half = 0, none = 0;

	for (unsigned i = 0; i < 64; i += 2, text += 16) {
		__m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)text);
		__m128i others = _mm_cmpeq_epi8(find_tokens(bytes), _mm_setzero_si128());

		whole |= find_zeros_sse2(others) << i;
		half |= find_zeros_sse2(_mm_slli_epi64(others, 32)) << i;
		none |= find_zeros_sse2(find_range(bytes, 'A', 'Z')) << i;
	}
	*lanes = (struct known_lanes){ whole, with_all ? half : 0, with_all ? ~none : 0 };
}

#define AVX2 __attribute__((target("avx2")))

static inline AVX2 __m256i
find_range_avx2(__m256i text, char first, char last)
{
	__m256i moved = _mm256_add_epi8(text, _mm256_set1_epi8((char)(127 - last)));

	return _mm256_cmpgt_epi8(moved, _mm256_set1_epi8((char)(126 - (last - first))));
}

static inline AVX2 uint64_t
bits_of_avx2(__m256i mask)
{
	return (uint32_t)_mm256_movemask_epi8(mask);
}

/*
 * 0 where none of them is: each half of a byte chooses from a table which others it may have, one bit for each of the upper halves
 * 2 to 7.
 */
static inline AVX2 __m256i
find_halves(__m256i text, __m128i table)
{
	const __m256i lower = _mm256_broadcastsi128_si256(table);
	const __m256i upper = _mm256_broadcastsi128_si256(
		_mm_setr_epi8(0, 0, 1, 2, 4, 8, 16, 32, 0, 0, 0, 0, 0, 0, 0, 0));
	__m256i half = _mm256_and_si256(_mm256_srli_epi16(text, 4), _mm256_set1_epi8(15));

	return _mm256_and_si256(_mm256_shuffle_epi8(lower, text), _mm256_shuffle_epi8(upper, half));
}

static inline AVX2 uint64_t
find_others_avx2(__m256i text, __m128i table)
{
	return bits_of_avx2(_mm256_cmpeq_epi8(find_halves(text, table), _mm256_setzero_si256()));
}

static inline AVX2 uint64_t
find_signs_avx2(__m256i text)
{
	const __m128i table = _mm_setr_epi8(4 | 16, 1, 0, 1, 1, 0, 0, 0, 0, 0, 1, 1 | 2, 2, 0,
	                                    2 | 8 | 32, 0);

	return ~find_others_avx2(text, table) & UINT32_MAX;
}

/* In which of four lanes is all 0? */
static inline AVX2 uint64_t
find_zeros(__m256i bytes)
{
	__m256i zeros = _mm256_cmpeq_epi64(bytes, _mm256_setzero_si256());

	return (unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(zeros));
}

static inline AVX2 __attribute__((always_inline)) void
classify_lanes_avx2(const uint8_t *text, bool with_all, struct known_lanes *lanes)
{
	const __m128i table = _mm_setr_epi8(42, 62, 62, 62, 62, 62, 62, 62, 62, 62, 60, 20, 20, 21,
	                                    20, 28);
	uint64_t whole = 0, half = 0, none = 0;

	for (unsigned i = 0; i < 64; i += 4, text += 32) {
		__m256i bytes = _mm256_loadu_si256((const __m256i *)(const void *)text);
		__m256i others = _mm256_cmpeq_epi8(find_halves(bytes, table),
		                                   _mm256_setzero_si256());

		whole |= find_zeros(others) << i;
		if (!with_all)
			continue;
		half |= find_zeros(_mm256_slli_epi64(others, 32)) << i;
		none |= find_zeros(find_range_avx2(bytes, 'A', 'Z')) << i;
	}
	*lanes = (struct known_lanes){ whole, half, with_all ? ~none : 0 };
}

AVX2 void
ks_known_classify_lanes_avx2(const uint8_t *text, bool with_all, struct known_lanes *lanes)
{
	if (with_all)
		classify_lanes_avx2(text, true, lanes);
	else
		classify_lanes_avx2(text, false, lanes);
}

static inline AVX2 __attribute__((always_inline)) void
classify_avx2(const uint8_t *text, size_t count, bool with_signs, struct known_classes *classes)
{
	for (size_t i = 1; i <= count; i++) {
		uint64_t digits = 0, letters = 0, small = 0, signs = 0;

		for (unsigned k = 0; k < CLASS_BYTES; k += 32, text += 32) {
			__m256i bytes = _mm256_loadu_si256((const __m256i *)(const void *)text);
			__m256i folded = _mm256_or_si256(bytes, _mm256_set1_epi8(0x20));

			digits |= bits_of_avx2(find_range_avx2(bytes, '0', '9')) << k;
			letters |= bits_of_avx2(find_range_avx2(folded, 'a', 'z')) << k;
			small |= bits_of_avx2(_mm256_slli_epi16(bytes, 2)) << k;
			signs |= with_signs ? find_signs_avx2(bytes) << k : 0;
		}
		classes->digits[i] = digits;
		classes->lower[i] = letters & small;
		classes->upper[i] = letters & ~small;
		classes->signs[i] = signs;
	}
}

AVX2 void
ks_known_classify_avx2(const uint8_t *text, size_t count, bool with_signs,
                       struct known_classes *classes)
{
	if (with_signs)
		classify_avx2(text, count, true, classes);
	else
		classify_avx2(text, count, false, classes);
}

#endif

void
ks_known_classify(const uint8_t *text, size_t count, bool with_signs, struct known_classes *classes)
{
#ifdef __SSE2__
	if (__builtin_cpu_supports("avx2"))
		ks_known_classify_avx2(text, count, with_signs, classes);
	else
		ks_known_classify_sse2(text, count, with_signs, classes);
#else
	ks_known_classify_plain(text, count, with_signs, classes);
#endif
}

void
ks_known_classify_lanes(const uint8_t *text, bool with_all, struct known_lanes *lanes)
{
#ifdef __SSE2__
	if (__builtin_cpu_supports("avx2")) {
		ks_known_classify_lanes_avx2(text, with_all, lanes);
		return;
	}
	ks_known_classify_lanes_sse2(text, with_all, lanes);
#else
	ks_known_classify_lanes_plain(text, with_all, lanes);
#endif
}

uint64_t
ks_known_classify_tokens(const uint8_t *text)
{
	uint64_t tokens = 0;

#ifdef __SSE2__
	for (unsigned k = 0; k < CLASS_BYTES; k += 16)
		tokens |= bits_of(find_tokens(_mm_loadu_si128((const void *)(text + k)))) << k;
#else
	for (unsigned k = 0; k < CLASS_BYTES; k++)
		tokens |= (uint64_t)is_token(text[k]) << k;
#endif
	return tokens;
}

uint64_t
ks_known_classify_capitals(const uint8_t *text)
{
	uint64_t capitals = 0;

	for (unsigned k = 0; k < CLASS_BYTES; k++)
		capitals |= (uint64_t)((uint8_t)(text[k] - 'A') < 26) << k;
	return capitals;
}

unsigned
ks_known_classify_view(const uint8_t view[VIEW_BYTES])
{
#ifdef __SSE2__
	const __m128i fold = _mm_set1_epi8(0x20);
	__m128i begin = _mm_loadu_si128((const void *)view);
	__m128i end = _mm_loadl_epi64((const void *)(view + 16));
	__m128i wild = _mm_or_si128(find_range(_mm_or_si128(begin, fold), 'g', 'z'),
	                            find_range(_mm_or_si128(end, fold), 'g', 'z'));
	uint64_t hex = bits_of(find_range(begin, '2', '7')) | bits_of(find_range(end, '2', '7'))
	                                                              << 16;
	bool is_hex = !(~hex & 0x555555) | !(~hex & 0xaaaaaa);

	return (bits_of(wild) ? VIEW_WILD : 0U) | (is_hex ? VIEW_HEX : 0U);
#else
	return ks_known_classify_view_plain(view);
#endif
}
