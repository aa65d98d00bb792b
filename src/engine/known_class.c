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

struct known_classes
ks_known_class_plain(const uint8_t *text)
{
	struct known_classes classes = { 0 };

	for (unsigned i = 0; i < CLASS_BLOCK; i++) {
		classes.digits |= (uint64_t)((uint8_t)(text[i] - '0') < 10) << i;
		classes.lower |= (uint64_t)((uint8_t)(text[i] - 'a') < 26) << i;
		classes.upper |= (uint64_t)((uint8_t)(text[i] - 'A') < 26) << i;
		classes.signs |= (uint64_t)is_sign(text[i]) << i;
	}
	return classes;
}

#ifdef __SSE2__

/* Where bytes are first to first + count - 1. */
static inline __m128i
find_range(__m128i text, char first, char count)
{
	__m128i from = _mm_sub_epi8(text, _mm_set1_epi8(first));

	return _mm_cmpeq_epi8(_mm_min_epu8(from, _mm_set1_epi8((char)(count - 1))), from);
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
	__m128i signs = _mm_or_si128(find_range(text, '#', 2), find_range(text, '*', 2));

	signs = _mm_or_si128(signs, find_range(text, ';', 2));
	signs = _mm_or_si128(signs, _mm_or_si128(find_byte(text, '>'), find_byte(text, '!')));
	return _mm_or_si128(signs, _mm_or_si128(find_byte(folded, '`'), find_byte(folded, '~')));
}

static inline struct known_classes
classify_sse2(const uint8_t *at, bool with_signs)
{
	struct known_classes classes = { 0 };

	for (unsigned i = 0; i < CLASS_BLOCK; i += 16) {
		__m128i text = _mm_loadu_si128((const __m128i *)(const void *)(at + i));
		__m128i folded = _mm_or_si128(text, _mm_set1_epi8(0x20));
		uint64_t letters = bits_of(find_range(folded, 'a', 26));
		uint64_t small = bits_of(_mm_slli_epi16(text, 2)); /* the bit of 0x20 */

		classes.digits |= bits_of(find_range(text, '0', 10)) << i;
		classes.lower |= (letters & small) << i;
		classes.upper |= (letters & ~small) << i;
		if (with_signs)
			classes.signs |= bits_of(find_signs(text)) << i;
	}
	return classes;
}

#define AVX2 __attribute__((target("avx2")))

static inline AVX2 __m256i
find_range_avx2(__m256i text, char first, char count)
{
	__m256i from = _mm256_sub_epi8(text, _mm256_set1_epi8(first));

	return _mm256_cmpeq_epi8(_mm256_min_epu8(from, _mm256_set1_epi8((char)(count - 1))), from);
}

static inline AVX2 uint64_t
bits_of_avx2(__m256i mask)
{
	return (uint32_t)_mm256_movemask_epi8(mask);
}

/* Each half of a byte chooses from a table which others it may have: one bit for each of the upper halves 2 to 7. */
static inline AVX2 uint64_t
find_signs_avx2(__m256i text)
{
	const __m256i lower = _mm256_broadcastsi128_si256(
		_mm_setr_epi8(4 | 16, 1, 0, 1, 1, 0, 0, 0, 0, 0, 1, 1 | 2, 2, 0, 2 | 8 | 32, 0));
	const __m256i upper = _mm256_broadcastsi128_si256(
		_mm_setr_epi8(0, 0, 1, 2, 4, 8, 16, 32, 0, 0, 0, 0, 0, 0, 0, 0));
	__m256i half = _mm256_and_si256(_mm256_srli_epi16(text, 4), _mm256_set1_epi8(15));
	__m256i both = _mm256_and_si256(_mm256_shuffle_epi8(lower, text),
	                                _mm256_shuffle_epi8(upper, half));

	return ~bits_of_avx2(_mm256_cmpeq_epi8(both, _mm256_setzero_si256())) & UINT32_MAX;
}

static inline AVX2 struct known_classes
classify_avx2(const uint8_t *at, bool with_signs)
{
	struct known_classes classes = { 0 };

	for (unsigned i = 0; i < CLASS_BLOCK; i += 32) {
		__m256i text = _mm256_loadu_si256((const __m256i *)(const void *)(at + i));
		__m256i folded = _mm256_or_si256(text, _mm256_set1_epi8(0x20));
		uint64_t letters = bits_of_avx2(find_range_avx2(folded, 'a', 26));
		uint64_t small = bits_of_avx2(_mm256_slli_epi16(text, 2));

		classes.digits |= bits_of_avx2(find_range_avx2(text, '0', 10)) << i;
		classes.lower |= (letters & small) << i;
		classes.upper |= (letters & ~small) << i;
		if (with_signs)
			classes.signs |= find_signs_avx2(text) << i;
	}
	return classes;
}

struct known_classes
ks_known_class_sse2(const uint8_t *text)
{
	return classify_sse2(text, true);
}

AVX2 struct known_classes
ks_known_class_avx2(const uint8_t *text)
{
	return classify_avx2(text, true);
}

static AVX2 void
classify_all_avx2(const uint8_t *text, size_t count, bool with_signs, struct known_classes *classes)
{
	for (size_t i = 0; i < count; i++)
		classes[i] = classify_avx2(text + CLASS_BLOCK * i, with_signs);
}

#endif

void
ks_known_classify(const uint8_t *text, size_t count, bool with_signs, struct known_classes *classes)
{
#ifdef __SSE2__
	if (__builtin_cpu_supports("avx2")) {
		classify_all_avx2(text, count, with_signs, classes);
		return;
	}
#endif
	for (size_t i = 0; i < count; i++) {
#ifdef __SSE2__
		classes[i] = classify_sse2(text + CLASS_BLOCK * i, with_signs);
#else
		classes[i] = ks_known_class_plain(text + CLASS_BLOCK * i);
		classes[i].signs &= with_signs ? UINT64_MAX : 0;
#endif
	}
}
