/* SPDX-License-Identifier: Apache-2.0 */
/* See known_grams.h. */
#include "known_grams.h"

#define BUCKET_GRAMS   32U /* about as many in a bucket */
#define BUCKET_LOG_MIN 4U
#define BUCKET_LOG_MAX 14U
#define GRAM_BITS      8U /* at least: 1 in 30 others is taken for one of the set */
#define BITS_OF_A_WORD 64U

static size_t
bucket_count(const struct known_grams *grams)
{
	return (size_t)1 << (64 - grams->shift);
}

bool
ks_known_grams_init(struct known_grams *grams, size_t count, bool *is_locked)
{
	unsigned log = BUCKET_LOG_MIN;

	while (log < BUCKET_LOG_MAX && (size_t)BUCKET_GRAMS << log < count)
		log++;
	grams->shift = 64 - log;
	grams->buckets = ks_known_memory_new(sizeof(*grams->buckets) * bucket_count(grams),
	                                     is_locked);
	return grams->buckets != NULL;
}

void
ks_known_grams_done(struct known_grams *grams)
{
	if (grams->buckets)
		ks_known_memory_free(grams->buckets, sizeof(*grams->buckets) * bucket_count(grams));
	ks_known_memory_free(grams->words, sizeof(*grams->words) * grams->word_count);
}

void
ks_known_grams_count(struct known_grams *grams, uint64_t gram)
{
	ks_known_grams_bucket(grams, gram)->from++;
}

/* A power of two, so that a part of the hash is a word's number. */
static uint32_t
words_for(uint32_t count)
{
	uint32_t words = 1;

	while ((uint64_t)words * BITS_OF_A_WORD < (uint64_t)count * GRAM_BITS)
		words *= 2;
	return words;
}

bool
ks_known_grams_open(struct known_grams *grams, bool *is_locked)
{
	size_t count = 1;

	for (size_t i = 0; i < bucket_count(grams); i++) {
		struct known_bucket *bucket = &grams->buckets[i];
		uint32_t words = bucket->from > 0 ? words_for(bucket->from) : 0;

		bucket->from = words > 0 ? (uint32_t)count : 0;
		bucket->index = words > 0 ? words - 1 : 0;
		count += words;
	}
	grams->words = ks_known_memory_new(sizeof(*grams->words) * count, is_locked);
	if (!grams->words)
		return false;
	grams->word_count = count;
	memset(grams->words, 0xff, sizeof(*grams->words) * count);
	return true;
}

void
ks_known_grams_add(struct known_grams *grams, uint64_t gram)
{
	*ks_known_grams_word(grams, gram) &= ~ks_known_bloom_mask(ks_known_hash(gram));
}
