/* SPDX-License-Identifier: Apache-2.0 */
/* The environment does not change. */
#include "known_watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "known_source.h"
#include "message.h"
#include "path_watch.h"

/* A path_watch_fn, in a thread of its own. */
static void
note_change(void *ctx)
{
	ks_signals_raise(ctx, SIGNALS_KNOWN);
}

static size_t
gather(const struct options *o, const char **paths)
{
	size_t count = 0;

	for (size_t i = 0; i < o->known.count; i++) {
		if (!ks_known_source_is_pipe(o->known.items[i]))
			paths[count++] = o->known.items[i];
	}
	for (size_t i = 0; i < o->known_dir.count; i++)
		paths[count++] = o->known_dir.items[i];
	return count;
}

static void
complain(int r)
{
	ks_message("known values are not watched, only reloaded on SIGHUP: %s", strerror(-r));
}

void
ks_known_watch_begin(struct known_watch *watch, const struct options *o, struct signals *signals)
{
	size_t count = o->known.count + o->known_dir.count;
	int r = -ENOMEM;

	*watch = (struct known_watch){ 0 };
	if (count == 0)
		return;
	watch->paths = calloc(count, sizeof(*watch->paths));
	if (watch->paths) {
		count = gather(o, watch->paths);
		r = count == 0 ? 0
		               : ks_path_watch_new(watch->paths, count, note_change, signals,
		                                   &watch->watch);
	}
	if (r < 0)
		complain(r);
}

void
ks_known_watch_start(struct known_watch *watch)
{
	int r = watch->watch ? ks_path_watch_start(watch->watch) : 0;

	if (r < 0)
		complain(r);
}

bool
ks_known_watch_is_current(const struct known_watch *watch)
{
	return !watch || !watch->watch || ks_path_watch_is_current(watch->watch);
}

void
ks_known_watch_done(struct known_watch *watch)
{
	ks_path_watch_free(watch->watch);
	free(watch->paths);
	*watch = (struct known_watch){ 0 };
}
