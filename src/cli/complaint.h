/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Something that goes wrong beside the way of the bytes, again and again maybe: it is counted each time, told when it
 * begins, once an hour at most, and if it was told, also when it is over.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct complaint {
	uint64_t count;
	uint64_t told;  /* when, in milliseconds of the monotonic clock */
	uint64_t shown; /* so many were shown to the user */
	bool is_open;   /* it was told, and is not over */
};

/* It went wrong. Is that to be told? */
bool ks_complaint_raise(struct complaint *complaint);
/* It went well. Is that to be told? */
bool ks_complaint_settle(struct complaint *complaint);
