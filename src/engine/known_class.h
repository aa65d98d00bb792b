/* SPDX-License-Identifier: Apache-2.0 */
/* Classes of bytes, of which runs are made: which bytes of a text, or which eight of them, are of one. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CLASS_BYTES 64U /* of a word: of one that stands for 64 bytes, bit i is about byte i */

enum known_class {
	CLASS_TOKEN, /* letters, digits, "-" and "_", of which most values are made */
	CLASS_CAPITAL,
	CLASS_DIGIT,
	CLASS_HEX,        /* hexadecimal digits */
	CLASS_G_TO_Z,     /* letters that are no such */
	CLASS_UPPER_HALF, /* 2 to 7: the first one of two that stand for a byte of ASCII */
	KNOWN_CLASSES
};

/* Which of CLASS_BYTES at text are of it. Both do the same. */
uint64_t ks_known_classify(enum known_class of, const uint8_t *text);
uint64_t ks_known_classify_plain(enum known_class of, const uint8_t *text);

#define VIEW_BYTES 24U

/* What a view may be, as bits. */
enum known_view {
	VIEW_WILD = 1, /* a letter behind f is in it */
	VIEW_TEXT = 2  /* every second byte, or every other, is an upper half */
};

unsigned ks_known_classify_view(const uint8_t view[VIEW_BYTES]);
unsigned ks_known_classify_view_plain(const uint8_t view[VIEW_BYTES]);

#define LANE_BYTES  8U
#define LANES_BYTES ((size_t)64 * LANE_BYTES)

/* Of LANES_BYTES, a bit for each 8. */
struct known_lanes {
	uint64_t whole; /* all are tokens */
	uint64_t mixed; /* all are, with a capital, or with a digit and a letter behind f */
	uint64_t hex;  /* all are hexadecimal digits, or one of @GHI`ghi: these cost more to tell */
	uint64_t text; /* all are, and every second one is an upper half */
};

/* What is wanted, as bits. */
enum known_lanes_want { LANES_WHOLE = 1, LANES_MIXED = 2, LANES_HEX = 4, LANES_TEXT = 8 };

void ks_known_classify_lanes(const uint8_t *text, unsigned want, struct known_lanes *lanes);

/* What it chooses from. All do the same. */
void ks_known_classify_lanes_plain(const uint8_t *text, unsigned want, struct known_lanes *lanes);
#ifdef __SSE2__
void ks_known_classify_lanes_sse2(const uint8_t *text, unsigned want, struct known_lanes *lanes);
void ks_known_classify_lanes_avx2(const uint8_t *text, unsigned want, struct known_lanes *lanes);
#endif
