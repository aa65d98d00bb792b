/* SPDX-License-Identifier: Apache-2.0 */
/* Grams, their hashes, and sets of hashes that say of some others too that they are in it. */
#pragma once

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "known_memory.h"

#define BLOOM_MASKS 256U

/* Eight bytes, as one number; of them, those that mask leaves. */
static inline uint64_t
ks_known_gram(const uint8_t *bytes, uint64_t mask)
{
	uint64_t gram;

	memcpy(&gram, bytes, sizeof(gram));
	return le64toh(gram) & mask;
}

#define KNOWN_GRAM_WHOLE UINT64_MAX

static inline uint64_t
ks_known_hash(uint64_t gram)
{
	return gram * UINT64_C(0x9e3779b97f4a7c15);
}

/* The three bits of a word that stand for a hash. Not computed: shifts by varying counts are slow on a plain x86-64. */
extern const uint64_t ks_known_bloom_masks[BLOOM_MASKS];

static inline uint64_t
ks_known_bloom_mask(uint64_t hash)
{
	return ks_known_bloom_masks[hash >> 36 & (BLOOM_MASKS - 1)];
}

struct known_bloom {
	uint64_t *words; /* a bit that is set is 0 */
	size_t count;    /* under 1 << 32 */
};

/* For so many hashes. False when memory is out; done is right at any time. */
bool ks_known_bloom_init(struct known_bloom *bloom, size_t hashes, bool *is_locked);
void ks_known_bloom_done(struct known_bloom *bloom);

static inline uint64_t *
ks_known_bloom_word(const struct known_bloom *bloom, uint64_t hash)
{
	return &bloom->words[(hash >> 32) * bloom->count >> 32];
}

static inline bool
ks_known_bloom_has(const struct known_bloom *bloom, uint64_t hash)
{
	return !(*ks_known_bloom_word(bloom, hash) & ks_known_bloom_mask(hash));
}

static inline void
ks_known_bloom_add(struct known_bloom *bloom, uint64_t hash)
{
	*ks_known_bloom_word(bloom, hash) &= ~ks_known_bloom_mask(hash);
}
