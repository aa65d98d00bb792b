/* SPDX-License-Identifier: Apache-2.0 */
/* See known_former.h. A place of the open bytes stays one as long as each next byte is that of a pattern. */
#include "known_former.h"

#include <stdlib.h>
#include <string.h>

#include "known_window.h"

void
ks_known_former_init(struct known_former *f, const struct ks_known *known, uint8_t *gone,
                     size_t gone_len)
{
	ks_known_share(known);
	*f = (struct known_former){ known, gone, gone_len, gone_len };
}

void
ks_known_former_done(struct known_former *f)
{
	ks_known_carry_free_gone(f->gone, f->known);
	ks_known_release(f->known);
	*f = (struct known_former){ 0 };
}

struct ends {
	size_t begun;
	size_t last; /* where the last of those ends that had begun */
};

/* A known_match_fn. */
static void
note_end(void *ctx, const struct known_match *match)
{
	struct ends *ends = ctx;

	if (match->from < ends->begun && match->to > ends->last)
		ends->last = match->to;
}

/* Where the first pattern begins that gone[0, len) can still become; begun or more: none that had begun. */
static size_t
find_open(const struct known_former *f, size_t len, size_t *ret_end)
{
	struct ends ends = { f->begun, 0 };
	size_t open = len;

	for (enum known_pass pass = 0; pass < KNOWN_PASSES; pass++) {
		size_t of_this = ks_known_find(f->known, pass, f->gone, 0, len, note_end, &ends);

		open = of_this < open ? of_this : open;
	}
	*ret_end = ends.last;
	return open;
}

/* How many bytes behind the gone ones are open, of less than n: if some are, all before them are. */
static size_t
count_open(const struct known_former *f, size_t n)
{
	size_t least = 0, end;

	while (n - least > 1) {
		size_t middle = least + (n - least) / 2;

		if (find_open(f, f->gone_len + middle, &end) < f->begun)
			least = middle;
		else
			n = middle;
	}
	return least;
}

/* Only what is open matters from now on. */
static void
forget_before(struct known_former *f, size_t open)
{
	f->gone_len -= open;
	f->begun -= open;
	memmove(f->gone, f->gone + open, f->gone_len);
}

size_t
ks_known_former_follow(struct known_former *f, const uint8_t *next, size_t len, bool *ret_goes_on)
{
	size_t n = len < f->known->longest ? len : f->known->longest, open, end, open_len;

	memcpy(f->gone + f->gone_len, next, n);
	open = find_open(f, f->gone_len + n, &end);
	*ret_goes_on = open < f->begun;
	if (*ret_goes_on) {
		f->gone_len += n;
		forget_before(f, open);
		return n;
	}
	open_len = n > 0 ? count_open(f, n) : 0;
	return end > f->gone_len + open_len ? end - f->gone_len : open_len;
}
