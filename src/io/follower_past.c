/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that have been read to their ends and may be found again, at another path or none: how far they were read. There is
 * one entry a file, and none is forgotten while the file is at a path.
 */
#include <stdlib.h>

#include "follower.h"

#define PAST_FIRST     64U
#define FORGET_SECONDS 60.0 /* after which what is at no path is forgotten */

const struct past_file *
ks_follower_find_past(struct follower *f, const struct file_identity *file)
{
	for (size_t i = f->past_count; i-- > 0;) {
		struct past_file *past = &f->past[i];

		if (!ks_file_identity_is_inode(&past->identity, file))
			continue;
		past->seen = ks_followed_clock();
		return past;
	}
	return NULL;
}

/* What is at no path is not asked for any more: all paths are looked at once a second. */
static void
forget_past(struct follower *f)
{
	double now = ks_followed_clock();
	size_t n = 0;

	for (size_t i = 0; i < f->past_count; i++) {
		if (now - f->past[i].seen < FORGET_SECONDS)
			f->past[n++] = f->past[i];
	}
	f->past_count = n;
}

static void
make_room(struct follower *f)
{
	struct past_file *grown;
	size_t size = f->past_size ? 2 * f->past_size : PAST_FIRST;

	forget_past(f);
	if (f->past_size > 0 && f->past_count <= f->past_size / 2)
		return;
	grown = reallocarray(f->past, size, sizeof(*grown));
	if (!grown)
		return;
	f->past = grown;
	f->past_size = size;
}

/* Without memory it is forgotten: lines that come twice are better than no lines. */
void
ks_follower_remember(struct follower *f, const struct part *part)
{
	const struct past_file *known = ks_follower_find_past(f, &part->identity);
	struct past_file past = { part->identity, part->position, ks_followed_clock() };

	if (known) {
		f->past[known - f->past] = past;
		return;
	}
	if (f->past_count == f->past_size)
		make_room(f);
	if (f->past_count < f->past_size)
		f->past[f->past_count++] = past;
}
