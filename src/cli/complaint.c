/* SPDX-License-Identifier: Apache-2.0 */
/* What comes and goes every second is told as little as what stays. */
#include "complaint.h"

#include <time.h>

#define AGAIN (UINT64_C(3600) * 1000)

static uint64_t
milliseconds_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

bool
ks_complaint_raise(struct complaint *c)
{
	uint64_t now = milliseconds_now();

	if (c->count++ > 0 && now - c->told < AGAIN)
		return false;
	c->told = now;
	c->is_open = true;
	return true;
}

bool
ks_complaint_settle(struct complaint *c)
{
	bool was_open = c->is_open;

	c->is_open = false;
	return was_open;
}
