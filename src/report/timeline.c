/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts are as narrow as TIMELINE_MAX of them allow. They lie on multiples of their width, and each width is
 * a multiple of the one before: when time grows too long for them, neighbours become one part, and no sighting
 * has to be split.
 */
#include "timeline.h"

#include <string.h>

#include "instant.h"

static const int64_t widths[] = {
	SECOND,      5 * SECOND, 15 * SECOND, MINUTE,     5 * MINUTE,  15 * MINUTE,
	30 * MINUTE, HOUR,       3 * HOUR,    6 * HOUR,   12 * HOUR,   DAY,
	2 * DAY,     4 * DAY,    8 * DAY,     16 * DAY,   32 * DAY,    64 * DAY,
	128 * DAY,   256 * DAY,  1280 * DAY,  6400 * DAY, 32000 * DAY,
};

#define LAST_STEP (sizeof(widths) / sizeof(widths[0]) - 1)

int64_t
ks_timeline_width(const struct timeline *t)
{
	return widths[t->step];
}

int64_t
ks_timeline_begin(const struct timeline *t)
{
	return t->base * widths[t->step];
}

/* Go to the next width. */
static void
widen(struct timeline *t)
{
	int64_t factor = widths[t->step + 1] / widths[t->step], base = t->base / factor;
	double counts[TIMELINE_MAX] = { 0 };

	for (size_t i = 0; i < t->count; i++)
		counts[(t->base + (int64_t)i) / factor - base] += t->counts[i];
	if (t->count > 0)
		t->count = (size_t)((t->base + (int64_t)t->count - 1) / factor - base) + 1;
	memcpy(t->counts, counts, sizeof(counts));
	t->base = base;
	t->step++;
}

/* Have parts from first to last. */
static void
reach(struct timeline *t, int64_t first, int64_t last)
{
	int64_t from, to, shift;

	for (;; widen(t)) {
		from = first / widths[t->step];
		to = last / widths[t->step] + 1;
		if (t->count > 0) {
			from = ks_instant_min(from, t->base);
			to = ks_instant_max(to, t->base + (int64_t)t->count);
		}
		if (to - from <= (int64_t)TIMELINE_MAX || t->step == LAST_STEP)
			break;
	}
	shift = t->count > 0 ? t->base - from : 0;
	memmove(t->counts + shift, t->counts, t->count * sizeof(*t->counts));
	memset(t->counts, 0, (size_t)shift * sizeof(*t->counts));
	t->base = from;
	t->count = (size_t)(to - from);
}

void
ks_timeline_add(struct timeline *t, int64_t first, int64_t last, uint64_t n)
{
	int64_t width;

	reach(t, first, last);
	width = widths[t->step];
	for (int64_t at = first / width; at <= last / width; at++) {
		double share = 1;

		if (last > first)
			share = (double)(ks_instant_min(last, (at + 1) * width) -
			                 ks_instant_max(first, at * width)) /
			        (double)(last - first);
		t->counts[at - t->base] += share * (double)n;
	}
}
