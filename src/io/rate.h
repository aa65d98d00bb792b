/* SPDX-License-Identifier: Apache-2.0 */
/* How often something may happen: so many times at once, then so many times a minute. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define RATE_ONE 60000U /* what one time costs; so much comes back a minute for each time */

struct rate {
	uint64_t a_minute, burst; /* times */
	uint64_t level;           /* in parts of a time */
	uint64_t at;              /* when that was so, in milliseconds */
	bool is_begun;
};

/* May it happen now? Then it counts. now: milliseconds of the monotonic clock. */
static inline bool
ks_rate_take(struct rate *rate, uint64_t now)
{
	uint64_t full = rate->burst * RATE_ONE, passed = now - rate->at;

	if (!rate->is_begun || passed > full || rate->level + passed * rate->a_minute > full)
		rate->level = full;
	else
		rate->level += passed * rate->a_minute;
	rate->is_begun = true;
	rate->at = now;
	if (rate->level < RATE_ONE)
		return false;
	rate->level -= RATE_ONE;
	return true;
}
