/* SPDX-License-Identifier: Apache-2.0 */
/*
 * splitmix64: small, fast, and the same everywhere, so that a seed names a log for ever.
 * Not for secrets: the keys it makes are fakes.
 */
#pragma once

#include <stdint.h>

struct rng {
	uint64_t state; /* any value is a good seed */
};

static inline uint64_t
rng_next(struct rng *r)
{
	uint64_t z = (r->state += UINT64_C(0x9E3779B97F4A7C15));

	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return z ^ (z >> 31);
}

/* A number in [0, n), n > 0. The bias is below 2^-32 * n. */
static inline uint32_t
rng_below(struct rng *r, uint32_t n)
{
	return (uint32_t)(((rng_next(r) >> 32) * n) >> 32);
}

/* A number in [0, n) that prefers small ones, as the words of a log do. */
static inline uint32_t
rng_skewed(struct rng *r, uint32_t n)
{
	uint64_t bits = rng_next(r);
	uint32_t a = (uint32_t)(((bits >> 32) * n) >> 32);
	uint32_t b = (uint32_t)(((bits & UINT32_MAX) * n) >> 32);

	return a < b ? a : b;
}
