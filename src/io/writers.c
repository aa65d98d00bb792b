/* SPDX-License-Identifier: Apache-2.0 */
/* See writers.h. What does not fit is waited for too, all of it together. */
#include "writers.h"

static size_t
find(const struct writers *w, uint64_t file)
{
	size_t i = 0;

	while (i < w->count && w->items[i].file != file)
		i++;
	return i;
}

void
ks_writers_note(struct writers *w, uint64_t file, int64_t now)
{
	size_t i = find(w, file);

	if (i == WRITERS_MAX) {
		ks_writers_note_any(w, now);
		return;
	}
	w->items[i].file = file;
	w->items[i].at = now;
	w->count += i == w->count;
}

void
ks_writers_note_any(struct writers *w, int64_t now)
{
	w->others = now;
}

void
ks_writers_forget(struct writers *w, uint64_t file)
{
	size_t i = find(w, file);

	if (i < w->count)
		w->items[i] = w->items[--w->count];
}

bool
ks_writers_are_busy(struct writers *w, int64_t now, int64_t patience)
{
	for (size_t i = w->count; i > 0; i--) {
		if (now - w->items[i - 1].at >= patience)
			w->items[i - 1] = w->items[--w->count];
	}
	if (w->others && now - w->others >= patience)
		w->others = 0;
	return w->count > 0 || w->others;
}
