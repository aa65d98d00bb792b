/* SPDX-License-Identifier: Apache-2.0 */
/* Where many small reads wait for one verdict, the last of them count as one, which came with the first of these. */
#include "passage.h"

#include <time.h>

uint64_t
ks_passage_clock(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static struct passage_mark *
mark_at(struct passage *p, size_t n)
{
	return &p->marks[(p->first + n) % PASSAGE_MAX];
}

void
ks_passage_begin(struct passage *p, uint64_t end)
{
	if (p->count < PASSAGE_MAX)
		*mark_at(p, p->count++) = (struct passage_mark){ end, ks_passage_clock() };
	else
		mark_at(p, PASSAGE_MAX - 1)->end = end;
}

void
ks_passage_end(struct passage *p, uint64_t place, const struct meter *meter)
{
	uint64_t now = 0;

	while (p->count > 0 && mark_at(p, 0)->end <= place) {
		if (now == 0)
			now = ks_passage_clock();
		meter->on_delay(meter->ctx, now - mark_at(p, 0)->time);
		p->first = (p->first + 1) % PASSAGE_MAX;
		p->count--;
	}
}
