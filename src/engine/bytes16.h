/* SPDX-License-Identifier: Apache-2.0 */
/* Sixteen bytes at a time, for which the compiler takes a register where there is one. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t bytes16 __attribute__((vector_size(16)));
typedef uint64_t bytes16_words __attribute__((vector_size(16)));

static inline bytes16
ks_bytes16(const void *bytes)
{
	bytes16 ret;

	memcpy(&ret, bytes, sizeof(ret));
	return ret;
}

/* The number, as they lie in memory, of the first byte that is not zero; 16: they all are. */
static inline size_t
ks_bytes16_first(bytes16 bytes)
{
	bytes16_words words = (bytes16_words)bytes;
	unsigned half = words[0] == 0;

	if (words[half] == 0)
		return sizeof(bytes);
	return half * sizeof(words[0]) + (size_t)(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	                                                  ? __builtin_ctzll(words[half])
	                                                  : __builtin_clzll(words[half])) /
	                                         8;
}

/* The first byte with which most words of a log end: a blank, a control character, a quote or a comma. 16: there is none. */
static inline size_t
ks_bytes16_gap(bytes16 bytes)
{
	return ks_bytes16_first((bytes16)(bytes <= ' ') | (bytes16)(bytes == '"') |
	                        (bytes16)(bytes == ','));
}
