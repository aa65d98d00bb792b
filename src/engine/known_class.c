/* SPDX-License-Identifier: Apache-2.0 */
/* See known_class.h. What is done to each byte of a text is done here, so it is done to 16 or 32 at a time. */
#include "known_class.h"

#ifdef __SSE2__
#include <immintrin.h>
#endif

static bool
is_digit(uint8_t byte)
{
	return (uint8_t)(byte - '0') < 10;
}

static bool
is_token(uint8_t byte)
{
	return (uint8_t)((byte | 0x20) - 'a') < 26 || is_digit(byte) || byte == '-' || byte == '_';
}

static bool
is_hex(uint8_t byte)
{
	return (uint8_t)((byte | 0x20) - 'a') < 6 || is_digit(byte);
}

static bool
is_capital(uint8_t byte)
{
	return (uint8_t)(byte - 'A') < 26;
}

static bool
is_g_to_z(uint8_t byte)
{
	return (uint8_t)((byte | 0x20) - 'g') < 20;
}

/* Is it the first one of two hexadecimal digits that stand for a byte of ASCII text? */
static bool
is_upper_half(uint8_t byte)
{
	return (uint8_t)(byte - '2') < 6;
}

unsigned
ks_known_classify_view_plain(const uint8_t view[VIEW_BYTES])
{
	bool is_wild = false;
	bool is_text[2] = { true, true };

	for (unsigned i = 0; i < VIEW_BYTES; i++) {
		is_wild = is_wild || is_g_to_z(view[i]);
		is_text[i % 2] = is_text[i % 2] && is_upper_half(view[i]);
	}
	return (is_wild ? VIEW_WILD : 0) | (is_text[0] || is_text[1] ? VIEW_TEXT : 0);
}

/* Or is it one of those next to the letters among them? */
static bool
is_nearly_hex(uint8_t byte)
{
	return (uint8_t)((byte | 0x20) - '`') < 10 || is_digit(byte);
}

static void
classify_lane(const uint8_t *text, unsigned i, struct known_lanes *lanes)
{
	unsigned tokens = 0, uppers = 0;
	bool all_hex = true, has_capital = false, has_digit = false, has_g_to_z = false;

	for (unsigned k = 0; k < LANE_BYTES; k++, text++) {
		tokens |= (unsigned)is_token(*text) << k;
		uppers |= (unsigned)is_upper_half(*text) << k;
		all_hex = all_hex && is_nearly_hex(*text);
		has_capital = has_capital || is_capital(*text);
		has_digit = has_digit || is_digit(*text);
		has_g_to_z = has_g_to_z || is_g_to_z(*text);
	}
	lanes->whole |= (uint64_t)(tokens == 255) << i;
	lanes->mixed |= (uint64_t)(tokens == 255 && (has_capital || (has_digit && has_g_to_z)))
	                << i;
	lanes->hex |= (uint64_t)all_hex << i;
	lanes->text |= (uint64_t)(all_hex && (!(~uppers & 0x55) || !(~uppers & 0xaa))) << i;
}

/* Leave what is wanted. */
static inline void
limit(unsigned want, struct known_lanes *lanes)
{
	if (!(want & LANES_WHOLE))
		lanes->whole = 0;
	if (!(want & LANES_MIXED))
		lanes->mixed = 0;
	if (!(want & LANES_HEX))
		lanes->hex = 0;
	if (!(want & LANES_TEXT))
		lanes->text = 0;
}

void
ks_known_classify_lanes_plain(const uint8_t *text, unsigned want, struct known_lanes *lanes)
{
	*lanes = (struct known_lanes){ 0 };
	for (unsigned i = 0; i < 64; i++, text += LANE_BYTES)
		classify_lane(text, i, lanes);
	limit(want, lanes);
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
find_tokens(__m128i text)
{
	__m128i folded = _mm_or_si128(text, _mm_set1_epi8(0x20));
	__m128i tokens = _mm_or_si128(find_digits(text), find_range(folded, 'a', 'z'));

	return _mm_or_si128(tokens, _mm_or_si128(find_byte(text, '-'), find_byte(text, '_')));
}

static inline __m128i
find_capitals(__m128i text)
{
	return find_range(text, 'A', 'Z');
}

static inline __m128i
find_g_to_z(__m128i text)
{
	return find_range(_mm_or_si128(text, _mm_set1_epi8(0x20)), 'g', 'z');
}

static inline __m128i
find_hex_digits(__m128i text)
{
	__m128i folded = _mm_or_si128(text, _mm_set1_epi8(0x20));

	return _mm_or_si128(find_digits(text), find_range(folded, 'a', 'f'));
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

void
ks_known_classify_lanes_sse2(const uint8_t *text, unsigned want, struct known_lanes *lanes)
{
	const __m128i even = _mm_set1_epi16(0x00ff), all = _mm_set1_epi8(-1);

	*lanes = (struct known_lanes){ 0 };
	for (unsigned i = 0; i < 64; i += 2, text += 16) {
		__m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)text);
		__m128i folded = _mm_or_si128(bytes, _mm_set1_epi8(0x20));
		__m128i hex = _mm_or_si128(find_digits(bytes), find_range(folded, '`', 'i'));
		__m128i no_hex = _mm_andnot_si128(hex, all);
		__m128i no_upper = _mm_andnot_si128(find_upper_halves(bytes), all);
		__m128i others = _mm_andnot_si128(find_tokens(bytes), all);

		lanes->whole |= find_zeros_sse2(others) << i;
		lanes->mixed |= (3 ^ (find_zeros_sse2(find_capitals(bytes)) &
		                      (find_zeros_sse2(find_digits(bytes)) |
		                       find_zeros_sse2(find_g_to_z(bytes)))))
		                << i;
		lanes->hex |= find_zeros_sse2(no_hex) << i;
		lanes->text |= (find_zeros_sse2(_mm_and_si128(no_upper, even)) |
		                find_zeros_sse2(_mm_andnot_si128(even, no_upper)))
		               << i;
	}
	lanes->text &= lanes->hex;
	lanes->mixed &= lanes->whole;
	limit(want, lanes);
}

#define AVX2 __attribute__((target("avx2")))

/* Groups of bytes, as bits. */
enum group {
	GROUP_DIGIT = 1,
	GROUP_A_TO_O = 2,
	GROUP_P_TO_Z = 4,
	GROUP_DASH = 8,
	GROUP_UNDERSCORE = 16,
	GROUP_HEX = 32, /* and more */
	GROUP_2_TO_7 = 64,
	GROUP_G_TO_O = 128,
	GROUPS_TOKEN = GROUP_DIGIT | GROUP_A_TO_O | GROUP_P_TO_Z | GROUP_DASH | GROUP_UNDERSCORE
};

/* Each half of a byte chooses from a table which groups it may be of: it is of those that both choose. */
static inline AVX2 __m256i
find_groups(__m256i text)
{
	enum { D = GROUP_DIGIT | GROUP_HEX, O = GROUP_A_TO_O, Z = GROUP_P_TO_Z, X = GROUP_HEX };
	enum { T = GROUP_2_TO_7, G = GROUP_G_TO_O, OG = O | G };
	const __m256i lower = _mm256_broadcastsi128_si256(_mm_setr_epi8(
		D | Z, D | O | Z, D | O | Z | T, D | O | Z | T, D | O | Z | T, D | O | Z | T,
		D | O | Z | T, (char)(D | OG | Z | T), (char)(D | OG | Z), (char)(D | OG | Z),
		(char)(OG | Z), (char)OG, (char)OG, (char)(OG | GROUP_DASH), (char)OG,
		(char)(OG | GROUP_UNDERSCORE)));
	const __m256i upper = _mm256_broadcastsi128_si256(
		_mm_setr_epi8(0, 0, GROUP_DASH, D | T, (char)(OG | X), Z | GROUP_UNDERSCORE,
	                      (char)(OG | X), Z, 0, 0, 0, 0, 0, 0, 0, 0));
	__m256i half = _mm256_and_si256(_mm256_srli_epi16(text, 4), _mm256_set1_epi8(15));

	return _mm256_and_si256(_mm256_shuffle_epi8(lower, text), _mm256_shuffle_epi8(upper, half));
}

static inline AVX2 uint64_t
lanes_of(__m256i mask)
{
	return (unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(mask));
}

/* Which of four lanes are all 0? */
static inline AVX2 __m256i
find_zeros(__m256i bytes)
{
	return _mm256_cmpeq_epi64(bytes, _mm256_setzero_si256());
}

/* Which of four lanes have no capital, and no digit or no letter behind f? */
static inline AVX2 __m256i
find_unmixed(__m256i groups, __m256i bytes)
{
	const __m256i g_to_z = _mm256_set1_epi8((char)(GROUP_G_TO_O | GROUP_P_TO_Z));
	__m256i letters = _mm256_and_si256(groups, g_to_z);
	__m256i digits = _mm256_and_si256(groups, _mm256_set1_epi8(GROUP_DIGIT));
	/* moved to where 127 is the last of them, only they are above what was before the first */
	__m256i moved = _mm256_add_epi8(bytes, _mm256_set1_epi8(127 - 'Z'));
	__m256i capitals = _mm256_cmpgt_epi8(moved, _mm256_set1_epi8(126 - ('Z' - 'A')));

	return _mm256_and_si256(find_zeros(capitals),
	                        _mm256_or_si256(find_zeros(digits), find_zeros(letters)));
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

/* always_inline: what is wanted is known to the compiler. */
static inline AVX2 __attribute__((always_inline)) void
classify_lanes_avx2(const uint8_t *text, unsigned want, struct known_lanes *lanes)
{
	struct known_lanes found = { 0 };

	for (unsigned i = 0; i < 64; i += 4, text += 32) {
		__m256i bytes = _mm256_loadu_si256((const __m256i *)(const void *)text);
		__m256i groups = find_groups(bytes), whole;

		if (want & LANES_TEXT)
			found.text |= lanes_of(find_text(groups)) << i;
		if (want & LANES_HEX)
			found.hex |= lanes_of(find_wanted(groups, _mm256_set1_epi8(GROUP_HEX)))
			             << i;
		if (!(want & (LANES_WHOLE | LANES_MIXED)))
			continue;
		whole = find_zeros(
			_mm256_cmpeq_epi8(_mm256_and_si256(groups, _mm256_set1_epi8(GROUPS_TOKEN)),
		                          _mm256_setzero_si256()));
		if (want & LANES_WHOLE)
			found.whole |= lanes_of(whole) << i;
		if (want & LANES_MIXED)
			found.mixed |=
				lanes_of(_mm256_andnot_si256(find_unmixed(groups, bytes), whole))
				<< i;
	}
	*lanes = found;
}

AVX2 void
ks_known_classify_lanes_avx2(const uint8_t *text, unsigned want, struct known_lanes *lanes)
{
	switch (want) {
	case LANES_WHOLE:
		classify_lanes_avx2(text, LANES_WHOLE, lanes);
		break;
	case LANES_MIXED:
		classify_lanes_avx2(text, LANES_MIXED, lanes);
		break;
	case LANES_WHOLE | LANES_MIXED:
		classify_lanes_avx2(text, LANES_WHOLE | LANES_MIXED, lanes);
		break;
	case LANES_TEXT:
		classify_lanes_avx2(text, LANES_TEXT, lanes);
		break;
	default:
		classify_lanes_avx2(text, LANES_WHOLE | LANES_MIXED | LANES_HEX | LANES_TEXT,
		                    lanes);
		limit(want, lanes);
	}
}

#endif

void
ks_known_classify_lanes(const uint8_t *text, unsigned want, struct known_lanes *lanes)
{
#ifdef __SSE2__
	if (__builtin_cpu_supports("avx2")) {
		ks_known_classify_lanes_avx2(text, want, lanes);
		return;
	}
	ks_known_classify_lanes_sse2(text, want, lanes);
#else
	ks_known_classify_lanes_plain(text, want, lanes);
#endif
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
		[CLASS_TOKEN] = is_token, [CLASS_CAPITAL] = is_capital,
		[CLASS_DIGIT] = is_digit, [CLASS_G_TO_Z] = is_g_to_z,
		[CLASS_HEX] = is_hex,     [CLASS_UPPER_HALF] = is_upper_half,
	};

	return classify_each(text, are_of[of]);
}

uint64_t
ks_known_classify(enum known_class of, const uint8_t *text)
{
#ifdef __SSE2__
	static __m128i (*const finders[KNOWN_CLASSES])(__m128i) = {
		[CLASS_TOKEN] = find_tokens,   [CLASS_CAPITAL] = find_capitals,
		[CLASS_DIGIT] = find_digits,   [CLASS_G_TO_Z] = find_g_to_z,
		[CLASS_HEX] = find_hex_digits, [CLASS_UPPER_HALF] = find_upper_halves,
	};

	return classify_sixteens(text, finders[of]);
#else
	return ks_known_classify_plain(of, text);
#endif
}

unsigned
ks_known_classify_view(const uint8_t view[VIEW_BYTES])
{
#ifdef __SSE2__
	__m128i begin = _mm_loadu_si128((const void *)view);
	__m128i end = _mm_loadl_epi64((const void *)(view + 16));
	uint64_t wild = bits_of(find_g_to_z(begin)) | bits_of(find_g_to_z(end));
	uint64_t uppers = bits_of(find_upper_halves(begin)) | bits_of(find_upper_halves(end)) << 16;
	bool is_text = !(~uppers & 0x555555) || !(~uppers & 0xaaaaaa);

	return (wild ? VIEW_WILD : 0U) | (is_text ? VIEW_TEXT : 0U);
#else
	return ks_known_classify_view_plain(view);
#endif
}
