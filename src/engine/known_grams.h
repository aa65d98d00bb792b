/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A set of grams that says of some others too that they are in it. Grams of the same shape (where letters, capitals, digits
 * and signs are) lie together, in as much room as they need:
 *
 *     gram --shape--> bucket: from, size      words   |..|........|.|....|
 *       '----hash-----------------------------------------^ which word of these
 *
 * The words of a log have few shapes, and values have many: so what is asked of a log lies in few places, which stay in
 * the nearest cache, however many values there are (docs/performance.md).
 */
#pragma once

#include <stdbool.h>

#include "known_bloom.h"
#include "known_memory.h"

struct known_bucket {
	uint32_t from;  /* its first word; while grams are counted: how many there are */
	uint32_t index; /* number of words, less 1 */
};

struct known_grams {
	struct known_bucket *buckets;
	unsigned shift;  /* of a hash, to the number of a bucket */
	uint64_t *words; /* a bit that is set is 0; the first word is that of empty buckets */
	size_t word_count;
};

/*
 * A letter's case, and what is no letter, apart from signs: so much of each byte is its shape. 0x20 and 0x30 differ in a bit
 * that says nothing of letters.
 */
static inline uint64_t
ks_known_shape(uint64_t gram)
{
	return (gram & UINT64_C(0x6060606060606060)) |
	       (gram & ~(gram >> 2) & UINT64_C(0x1010101010101010));
}

static inline struct known_bucket *
ks_known_grams_bucket(const struct known_grams *grams, uint64_t gram)
{
	return &grams->buckets[ks_known_hash(ks_known_shape(gram)) >> grams->shift];
}

static inline uint64_t *
ks_known_grams_word(const struct known_grams *grams, uint64_t gram)
{
	const struct known_bucket *bucket = ks_known_grams_bucket(grams, gram);

	return &grams->words[bucket->from + (ks_known_hash(gram) >> 44 & bucket->index)];
}

static inline bool
ks_known_grams_has(const struct known_grams *grams, uint64_t gram)
{
	return !(*ks_known_grams_word(grams, gram) & ks_known_bloom_mask(ks_known_hash(gram)));
}

/*
 * To make a set: init for so many grams, count each of them, open, add each of them. init and open return false when memory is
 * out; done is right at any time.
 */
bool ks_known_grams_init(struct known_grams *grams, size_t count, bool *is_locked);
void ks_known_grams_count(struct known_grams *grams, uint64_t gram);
bool ks_known_grams_open(struct known_grams *grams, bool *is_locked);
void ks_known_grams_add(struct known_grams *grams, uint64_t gram);
void ks_known_grams_done(struct known_grams *grams);
