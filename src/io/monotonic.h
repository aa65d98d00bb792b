/* SPDX-License-Identifier: Apache-2.0 */
/* The clock that nobody sets: for how often and how long, not for when. */
#pragma once

#include <stdint.h>
#include <time.h>

static inline uint64_t
ks_monotonic_milliseconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}
