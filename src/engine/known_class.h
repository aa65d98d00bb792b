/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Classes of bytes, and marks at places of a text that they single out. Marks depend on the bytes around a place only, so that
 * wherever a pattern stands it has them at the same of its bytes:
 *
 *     rise   a letter behind a digit, or a capital behind a small letter. Values that are made by chance have one in three
 *            places, logs one in thirty.
 *     sign   one of those that are rare in logs: ! # $ * + ; < > @ ^ ` ~
 *     even   a letter or digit behind one that it does not rise from: what has no rises has these
 *
 * All are bits of words: of a word that stands for 64 bytes, bit i is about byte i.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CLASS_BYTES 64U /* of a word */
#define CLASS_WORDS 32U /* of a chunk of a text */

/* Words of a chunk, behind the last one of the chunk before. */
typedef uint64_t known_words[1 + CLASS_WORDS];

struct known_classes {
	known_words digits, lower, upper, signs;
};

/* Classify count words of text, to be words 1 on. signs are 0 unless they are wanted. */
void ks_known_classify(const uint8_t *text, size_t count, bool with_signs,
                       struct known_classes *classes);

/* Letters, digits, "-" and "_", of which most values are made, of CLASS_BYTES. Capitals. */
uint64_t ks_known_classify_tokens(const uint8_t *text);
uint64_t ks_known_classify_capitals(const uint8_t *text);

#define VIEW_BYTES 24U

/* What a view may be, as bits. */
enum known_view {
	VIEW_WILD = 1, /* a letter behind f is in it */
	VIEW_HEX =
		2 /* as text in hexadecimal digits: every second byte, or every other, is one of 2 to 7 */
};

unsigned ks_known_classify_view(const uint8_t view[VIEW_BYTES]);
unsigned ks_known_classify_view_plain(const uint8_t view[VIEW_BYTES]);

#define LANE_BYTES  8U
#define LANES_BYTES ((size_t)64 * LANE_BYTES)

/* Of LANES_BYTES, a bit for each 8. */
struct known_lanes {
	uint64_t whole;   /* all are tokens */
	uint64_t half;    /* the first four are */
	uint64_t capital; /* one or more are capitals */
};

/* with_all: half and capital, too. */
void ks_known_classify_lanes(const uint8_t *text, bool with_all, struct known_lanes *lanes);

/* What these choose from. All do the same. */
void ks_known_classify_plain(const uint8_t *text, size_t count, bool with_signs,
                             struct known_classes *classes);
void ks_known_classify_lanes_plain(const uint8_t *text, bool with_all, struct known_lanes *lanes);
#ifdef __SSE2__
void ks_known_classify_sse2(const uint8_t *text, size_t count, bool with_signs,
                            struct known_classes *classes);
void ks_known_classify_avx2(const uint8_t *text, size_t count, bool with_signs,
                            struct known_classes *classes);
void ks_known_classify_lanes_sse2(const uint8_t *text, bool with_all, struct known_lanes *lanes);
void ks_known_classify_lanes_avx2(const uint8_t *text, bool with_all, struct known_lanes *lanes);
#endif

#define EVEN_SHORT 8U /* bytes in a row, all but the first one even */
#define EVEN_LONG  16U

struct known_marks {
	known_words rises; /* and signs */
	known_words evens;
	known_words evens4, evens7; /* as many evens in a row end here */
	known_words evens_long;     /* EVEN_LONG bytes do. (EVEN_SHORT bytes: evens7) */
};

/* What stood n places before, in the words at word. */
static inline uint64_t
ks_known_before(const uint64_t *word, unsigned n)
{
	return word[0] << n | word[-1] >> (64 - n);
}

/* Words 1 to count of rises. Word by word, without conditions: compilers make vectors of it. */
static inline void
ks_known_mark_rises(const struct known_classes *c, size_t count, struct known_marks *m)
{
	for (size_t i = 1; i <= count; i++) {
		uint64_t letters = c->lower[i] | c->upper[i];

		m->rises[i] = (ks_known_before(&c->digits[i], 1) & letters) |
		              (ks_known_before(&c->lower[i], 1) & c->upper[i]) | c->signs[i];
	}
}

/* And of all others, behind it. */
static inline void
ks_known_mark_evens(const struct known_classes *c, size_t count, struct known_marks *m)
{
	for (size_t i = 1; i <= count; i++) {
		uint64_t now = c->digits[i] | c->lower[i] | c->upper[i];
		uint64_t before = ks_known_before(&c->digits[i], 1) |
		                  ks_known_before(&c->lower[i], 1) |
		                  ks_known_before(&c->upper[i], 1);

		m->evens[i] = now & before & ~m->rises[i];
	}
	for (size_t i = 1; i <= count; i++)
		m->evens4[i] = m->evens[i] & ks_known_before(&m->evens[i], 1) &
		               ks_known_before(&m->evens[i], 2) & ks_known_before(&m->evens[i], 3);
	for (size_t i = 1; i <= count; i++)
		m->evens7[i] = m->evens4[i] & ks_known_before(&m->evens4[i], 3);
	for (size_t i = 1; i <= count; i++)
		m->evens_long[i] = m->evens7[i] & ks_known_before(&m->evens7[i], 7) &
		                   ks_known_before(&m->evens[i], 14);
}
