/* SPDX-License-Identifier: Apache-2.0 */
/* How much of what is generated is tried. */
#pragma once

#include <stdlib.h>

/*
 * How many times slower than the release build this one is: 1 unless KS_TEST_SLOWNESS says so. A sanitizer, or
 * valgrind, looks at how the memory is used and needs a part of the inputs; the release build tries all of them.
 */
static inline unsigned
test_slowness(void)
{
	const char *text = getenv("KS_TEST_SLOWNESS");
	long n = text ? strtol(text, NULL, 10) : 1;

	return n >= 1 && n <= 1000 ? (unsigned)n : 1;
}

/* Of so many rounds, those that are run: one at least. */
static inline int
test_rounds(int count)
{
	int n = count / (int)test_slowness();

	return n ? n : 1;
}
