/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Marks at places of a text where bytes stand that are rare in logs:
 *
 *     rare   two bytes that seldom stand so, as "7K" or "jq". The longer patterns are, the rarer their marks can be
 *     own    four bytes, made of patterns that have no such pair
 *
 * Each half of a byte chooses from a table which of eight groups the byte may be of, and a place is marked if its bytes have a group in
 * common:
 *
 *     "7" is 0x37   table of the lower half   . x . x x . . x      groups
 *                   table of the upper half   . x . . x . x .
 *     "K" is 0x4b   the same of its tables    . . x . x . . .   ->   both are in one: marked
 *
 * A mark depends on these bytes only, so that wherever a pattern stands it has its marks at the same of its bytes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MARK_BYTES  64U /* of a word: of one that stands for 64 bytes, bit i is about byte i */
#define MARK_BEHIND 3U  /* so many bytes behind the last word's are looked at, too */
#define MARK_GROUPS 8U  /* bits of a table's byte */
#define RARE_LEN    2U  /* bytes of which a rare mark is */
#define RARE_SETS   2U  /* of groups */
#define OWN_LEN     4U

struct known_halves {
	uint8_t low[16], high[16]; /* the groups of a byte: low[byte & 15] & high[byte >> 4] */
};

struct known_marker {
	uint8_t rare_sets; /* which are used, from the first on */
	bool with_own;     /* of four bytes */
	bool is_wide;      /* some group has a byte that is no ASCII */
	struct known_halves rare[RARE_SETS][RARE_LEN];
	struct known_halves own[OWN_LEN];
	double growth; /* of rare marks, by pairs of patterns: a part of the places of logs, more or less */
};

#define MARKERS 4U

/* Of what is rare in logs, the rarest first (known_rare.c). */
extern const struct known_marker ks_known_markers[MARKERS];

/*
 * Have one of the first so many places of a pattern marked: that one, by that group, which adds least to what is marked of logs. It is
 * marked as if it were rare, if that adds little, or by four bytes of its own.
 */
void ks_known_marker_add(struct known_marker *marker, const uint8_t *bytes, size_t places);

/* Of text, where count * MARK_BYTES + MARK_BEHIND bytes can be read: which places are marked, in count words. */
void ks_known_mark(const struct known_marker *marker, const uint8_t *text, size_t count,
                   uint64_t *marks);

/* The same, of rare marks only. */
void ks_known_mark_rare(const struct known_marker *marker, const uint8_t *text, size_t count,
                        uint64_t *marks);

/* What ks_known_mark() chooses from. All do the same. */
void ks_known_mark_plain(const struct known_marker *marker, const uint8_t *text, size_t count,
                         uint64_t *marks);
#ifdef __SSE2__
void ks_known_mark_ssse3(const struct known_marker *marker, const uint8_t *text, size_t count,
                         uint64_t *marks);
void ks_known_mark_avx2(const struct known_marker *marker, const uint8_t *text, size_t count,
                        uint64_t *marks);
#endif
