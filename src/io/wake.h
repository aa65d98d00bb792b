/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How somebody who waits for input is told that there is something else to do: descriptor and flag say so, and
 * system calls that wait end with EINTR, at the latest a moment later.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>

struct wake {
	int fd;                    /* can be read when there is: for poll() */
	const atomic_uint *raised; /* not 0 when there is: for those who do not wait */
};

static inline bool
ks_wake_is_raised(const struct wake *wake)
{
	return atomic_load_explicit(wake->raised, memory_order_relaxed) != 0;
}
