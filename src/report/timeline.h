/* SPDX-License-Identifier: Apache-2.0 */
/* How often something was seen, over time: at most TIMELINE_MAX equal parts of the time, whatever its length. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define TIMELINE_MAX 128U

/* Begins as { 0 }. Which parts there are depends on what was added only, not on the order. */
struct timeline {
	size_t step;  /* into the table of widths */
	int64_t base; /* part 0 begins at base widths after 1970 */
	size_t count; /* parts in use; 0: nothing was added */
	double counts[TIMELINE_MAX];
};

/* Add n sightings, spread evenly over the time from first to last, which is not before it. */
void ks_timeline_add(struct timeline *timeline, int64_t first, int64_t last, uint64_t n);

/* The milliseconds of a part. */
int64_t ks_timeline_width(const struct timeline *timeline);
/* When the first part begins. */
int64_t ks_timeline_begin(const struct timeline *timeline);
