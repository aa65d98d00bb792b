/* SPDX-License-Identifier: Apache-2.0 */
/* Grams, their hashes, and the three bits of a word that stand for a hash in a set (known_grams.h). */
#pragma once

#include <endian.h>
#include <stdint.h>
#include <string.h>

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

/* The bits for a hash. Not computed: shifts by varying counts are slow on a plain x86-64. */
extern const uint64_t ks_known_bloom_masks[BLOOM_MASKS];

static inline uint64_t
ks_known_bloom_mask(uint64_t hash)
{
	return ks_known_bloom_masks[hash >> 36 & (BLOOM_MASKS - 1)];
}
