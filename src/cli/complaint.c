/* SPDX-License-Identifier: Apache-2.0 */
/* What comes and goes every second is told as little as what stays. */
#include "complaint.h"

#include "monotonic.h"

#define AGAIN (UINT64_C(3600) * 1000)

bool
ks_complaint_raise(struct complaint *c)
{
	uint64_t now = ks_monotonic_milliseconds();

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
