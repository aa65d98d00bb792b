/* SPDX-License-Identifier: Apache-2.0 */
/* Classes of bytes, of which runs are made: which bytes of a text, or which eight of them, are of one. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CLASS_BYTES 64U /* of a word: of one that stands for 64 bytes, bit i is about byte i */

enum known_class {
	CLASS_HEX,        /* hexadecimal digits */
	CLASS_ID,         /* and "-" and "_" */
	CLASS_UPPER_HALF, /* 2 to 7: the first one of two that stand for a byte of ASCII */
	KNOWN_CLASSES
};

/* Which of CLASS_BYTES at text are of it. Both do the same. */
uint64_t ks_known_classify(enum known_class of, const uint8_t *text);
uint64_t ks_known_classify_plain(enum known_class of, const uint8_t *text);

#define LANE_BYTES  8U
#define LANES       64U /* of a word */
#define LANES_BYTES ((size_t)LANES * LANE_BYTES)

/* What all bytes of a lane are; each has those before. */
enum known_lanes {
	LANES_TEXT, /* as the next, and every second one is an upper half */
	LANES_HEX,  /* hexadecimal digits, or one of @GHI`ghi: these cost more to tell */
	LANES_ID    /* the same, "-" or "_" */
};

/* Which of LANES are of it. */
uint64_t ks_known_classify_lanes(enum known_lanes of, const uint8_t *text);

#define APART_MAX 3U

/* The same of the first one of each apart lanes, which is APART_MAX at most. */
uint64_t ks_known_classify_apart(enum known_lanes of, unsigned apart, const uint8_t *text);

/* What it chooses from. All do the same. */
uint64_t ks_known_classify_lanes_plain(enum known_lanes of, const uint8_t *text);
#ifdef __SSE2__
uint64_t ks_known_classify_lanes_sse2(enum known_lanes of, const uint8_t *text);
uint64_t ks_known_classify_lanes_avx2(enum known_lanes of, const uint8_t *text);
#endif
