/* SPDX-License-Identifier: Apache-2.0 */
/* A set of hashes that says of some others too that they are in it: three bits in one word for each. */
#pragma once

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "known_memory.h"

#define BLOOM_BITS_EACH 16U /* so that 1 in 200 others is taken for one of it, if the size allows */
#define BLOOM_SIZE_LOG  18U /* of words, at most: 2 MiB */
#define BLOOM_MASKS     256U

struct known_bloom {
	uint64_t *words; /* a bit that is set is 0 */
	uint64_t index;  /* number of words, less 1 */
};

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

/* The bits for a hash. Not computed: shifts by varying counts are slow on a plain x86-64. */
extern const uint64_t ks_known_bloom_masks[BLOOM_MASKS];

static inline size_t
ks_known_bloom_index(const struct known_bloom *bloom, uint64_t hash)
{
	return hash >> 44 & bloom->index;
}

static inline uint64_t
ks_known_bloom_mask(uint64_t hash)
{
	return ks_known_bloom_masks[hash >> 36 & (BLOOM_MASKS - 1)];
}

static inline bool
ks_known_bloom_has(const struct known_bloom *bloom, uint64_t hash)
{
	return !(bloom->words[ks_known_bloom_index(bloom, hash)] & ks_known_bloom_mask(hash));
}

static inline void
ks_known_bloom_add(struct known_bloom *bloom, uint64_t hash)
{
	bloom->words[ks_known_bloom_index(bloom, hash)] &= ~ks_known_bloom_mask(hash);
}

/* With room for count hashes. Returns false when memory is out. */
bool ks_known_bloom_init(struct known_bloom *bloom, size_t count, bool *is_locked);
void ks_known_bloom_done(struct known_bloom *bloom);
