/* SPDX-License-Identifier: Apache-2.0 */
/* See size.h. Nothing is rounded, and what does not fit is no size. */
#include "size.h"

#include <string.h>

static const char units[] = "KMGT";

bool
ks_size_read(const char *text, uint64_t *ret_size)
{
	const char *p = text, *unit;
	uint64_t size = 0;

	if (strcmp(text, "none") == 0) {
		*ret_size = SIZE_UNLIMITED;
		return true;
	}
	for (; *p >= '0' && *p <= '9'; p++) {
		if (__builtin_mul_overflow(size, 10U, &size) ||
		    __builtin_add_overflow(size, (uint64_t)(*p - '0'), &size))
			return false;
	}
	unit = *p ? strchr(units, *p) : NULL;
	if (unit) {
		unsigned shift = 10 * (unsigned)(unit - units + 1);

		if (size > UINT64_MAX >> shift)
			return false;
		size <<= shift;
		p++;
	}
	if (*p || size == 0)
		return false;
	*ret_size = size;
	return true;
}
