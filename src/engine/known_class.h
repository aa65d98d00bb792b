/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Classes of bytes, and marks at places of a text that they single out. Marks depend on the bytes around a place only, so that
 * wherever a pattern stands it has them at the same of its bytes:
 *
 *     rise   a letter behind a digit, or a capital behind a small letter. Values that are made by chance have one in three
 *            places, logs one in thirty.
 *     sign   one of those that are rare in logs: ! # $ * + ; < > @ ^ ` ~
 *     even   letters and digits without a rise, so many in a row: what has no rises
 *
 *     text    . .   x 7 k Q 2 m w p   . .      K N O W N 1 2 3 4
 *     rises             ^   ^ ^                even, 8 in a row ^ ^
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CLASS_BLOCK 64U

/* Of 64 bytes: bit i is about byte i. */
struct known_classes {
	uint64_t digits, lower, upper, signs;
};

/* Classify count blocks. signs stay 0 unless they are wanted. */
void ks_known_classify(const uint8_t *text, size_t count, bool with_signs,
                       struct known_classes *classes);

/* The ways to do it: what ks_known_classify() chooses from, for one block. All say the same. */
struct known_classes ks_known_class_plain(const uint8_t *text);
#ifdef __SSE2__
struct known_classes ks_known_class_sse2(const uint8_t *text);
struct known_classes ks_known_class_avx2(const uint8_t *text);
#endif

/* Marks of 64 bytes. */
struct known_marks {
	uint64_t rises; /* and signs */
	uint64_t
		evens; /* of the second byte on: behind a byte that it does not rise from, both letters or digits */
	uint64_t evens4, evens7; /* as many evens in a row end here */
};

#define EVEN_SHORT 8U /* bytes in a row */
#define EVEN_LONG  16U

/* What stood n places before. */
static inline uint64_t
ks_known_before(uint64_t word, uint64_t former, unsigned n)
{
	return word << n | former >> (64 - n);
}

/* The marks of a block, of its classes and those of the block before, whose marks stand in m. */
static inline struct known_marks
ks_known_mark(const struct known_classes *now, const struct known_classes *former,
              const struct known_marks *m)
{
	uint64_t letters = now->lower | now->upper;
	uint64_t digits = ks_known_before(now->digits, former->digits, 1);
	uint64_t lower = ks_known_before(now->lower, former->lower, 1);
	uint64_t upper = ks_known_before(now->upper, former->upper, 1);
	uint64_t rises = (digits & letters) | (lower & now->upper);
	uint64_t evens = (now->digits | letters) & (digits | lower | upper) & ~rises;
	uint64_t evens4 = evens & ks_known_before(evens, m->evens, 1) &
	                  ks_known_before(evens, m->evens, 2) & ks_known_before(evens, m->evens, 3);

	return (struct known_marks){
		.rises = rises | now->signs,
		.evens = evens,
		.evens4 = evens4,
		.evens7 = evens4 & ks_known_before(evens4, m->evens4, 3),
	};
}

/* Where 16 bytes in a row end that have evens. (Where 8 do, evens7 says.) */
static inline uint64_t
ks_known_evens_long(const struct known_marks *now, const struct known_marks *former)
{
	return now->evens7 & ks_known_before(now->evens7, former->evens7, 7) &
	       ks_known_before(now->evens, former->evens, 14);
}
