/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What changes of names tell: files that came to be and may have other names by now, or be gone.
 *
 *     events -> renames of each path -> names stand still -> opened -> parts of the sources, oldest first
 *
 * A file is that path's at which it was first. Who gets its name later is told that it is had, so that the files of a path stay
 * in order if a pattern matches the names that rotation gives them too. A file that was had wrongly, or by nobody, is
 * found when its path is looked at.
 */
#include <errno.h>
#include <string.h>

#include "follower.h"

#define TRIES 16 /* of finding names that do not change meanwhile */

struct taking {
	struct follower *follower;
	const struct watch_event *event;
	bool is_had; /* the file is somebody's: who has its name now has nothing more to read */
	int error;
};

/* ----------------------------------------------------------------- what changes ---- */

/* A pattern_fn. */
static int
expect_match(void *ctx, const char *path)
{
	struct taking *t = ctx;
	struct follower *f = t->follower;
	struct source *s = ks_follower_find(f, path);
	int r = 0;

	if (s && s->files.step_count > 0)
		return 0; /* it has noted it */
	if (!s) {
		r = ks_follower_add_match(f, path, &s);
		if (r < 0 || !s)
			return r;
		s->is_expected = true;
	}
	r = ks_followed_expect(&s->files, f->watch, t->event->id);
	return r < 0 ? r : ks_followed_note(&s->files, t->event, t->is_had);
}

/* Between the two events of a rename there is none of the same directory. */
static void
note_owner(struct follower *f, const struct watch_event *event)
{
	if (event->change != WATCH_NAME_GONE)
		return;
	f->had = 0;
	for (size_t i = 0; f->had == 0 && i < f->count; i++) {
		if (ks_followed_owns(&f->sources[i]->files, event))
			f->had = event->cookie;
	}
}

/* Names that come and go while keysieve waits for its reader must not use up the room for others. */
static void
drop_gone(struct follower *f, const struct watch_event *event)
{
	if (event->change != WATCH_NAME_GONE || event->cookie != 0)
		return;
	for (size_t i = 0; i < f->count; i++) {
		struct source *s = f->sources[i];

		if (!s->is_expected || s->files.renames.count > 0 || s->files.renames.lost == 0)
			continue;
		f->options.note(f->options.note_ctx, FOLLOWER_LOST, s->files.path, 0);
		ks_source_free(s, f->watch);
		f->count--;
		for (; i < f->count; i++)
			f->sources[i] = f->sources[i + 1];
		return;
	}
}

static void
take_event(void *ctx, const struct watch_event *event)
{
	struct taking *t = ctx;
	struct follower *f = t->follower;
	int r = 0;

	t->event = event;
	t->is_had = event->cookie != 0 && event->cookie == f->had;
	note_owner(f, event);
	for (size_t i = 0; r == 0 && i < f->count; i++)
		r = ks_followed_note(&f->sources[i]->files, event, t->is_had);
	for (size_t i = 0; r == 0 && i < f->pattern_count; i++)
		r = ks_pattern_note(&f->patterns[i], event, expect_match, t);
	drop_gone(f, event);
	if (r < 0)
		t->error = r;
}

int
ks_follower_take(struct follower *f)
{
	struct taking taking = { .follower = f };
	size_t n = ks_watch_take(f->watch, take_event, &taking);

	return taking.error < 0 ? taking.error : (int)n;
}

/* ------------------------------------------------------------- what is found by it ---- */

static int
open_unseen(struct follower *f)
{
	int tries = 0, r;

	do {
		for (size_t i = 0; i < f->count; i++) {
			struct followed *files = &f->sources[i]->files;

			if (files->directory)
				ks_renames_open(&files->renames, files->directory);
		}
		r = ks_follower_take(f);
	} while (r > 0 && ++tries < TRIES);
	return r < 0 ? r : 0;
}

/* Nothing that could be read was at the path, and nothing is. */
static bool
is_void(const struct source *s)
{
	return s->is_expected && s->files.count == 0 && s->files.renames.count == 0 &&
	       !ks_follower_is_file(s->files.path);
}

static void
settle_expected(struct follower *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->count; i++) {
		struct source *s = f->sources[i];

		if (is_void(s)) {
			ks_source_free(s, f->watch);
			continue;
		}
		s->is_expected = s->is_expected && s->files.renames.count > 0;
		f->sources[n++] = s;
	}
	f->count = n;
}

int
ks_follower_take_unseen(struct follower *f)
{
	int r = open_unseen(f);

	for (size_t i = 0; r == 0 && i < f->count; i++) {
		const struct renames *renames = &f->sources[i]->files.renames;

		if (renames->count > 0 || renames->lost > 0)
			r = ks_follower_add_unseen(f, f->sources[i]);
	}
	if (r == 0)
		settle_expected(f);
	return r;
}
