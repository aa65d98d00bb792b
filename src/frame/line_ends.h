/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* How many lines end in these bytes? */
static inline uint64_t
ks_line_ends(const uint8_t *bytes, size_t len)
{
	const uint8_t *p = bytes, *end = bytes + len;
	uint64_t count = 0;

	for (; (p = memchr(p, '\n', (size_t)(end - p))); p++)
		count++;
	return count;
}
