/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What known_class.h and known_mark.h do to each byte, for processors that have AVX-512 with VBMI: 64 bytes at a time, and a look-up in
 * a table of 128 instead of two in tables of 16.
 */
#pragma once

#include "known_class.h"
#include "known_mark.h"

#ifdef __SSE2__

/* Can this processor run the others? */
static inline bool
ks_known_has_avx512(void)
{
	return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vbmi");
}

uint64_t ks_known_classify_lanes_avx512(enum known_lanes of, const uint8_t *text);
uint64_t ks_known_classify_apart_avx512(enum known_lanes of, unsigned apart, const uint8_t *text);
/* marker is not wide. */
void ks_known_mark_avx512(const struct known_marker *marker, const uint8_t *text, size_t count,
                          uint64_t *marks);

#endif
