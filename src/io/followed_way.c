/* SPDX-License-Identifier: Apache-2.0 */
/* See followed.h: the names that lead to the path, and what changes on the way. Nothing here opens a file. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "directory.h"
#include "followed.h"
#include "path_walk.h"

void
ks_followed_leave(struct followed *f, struct watch *watch)
{
	for (size_t i = 0; i < f->step_count; i++) {
		ks_watch_release(watch, f->steps[i].id);
		free(f->steps[i].name);
	}
	free(f->steps);
	free(f->directory);
	f->steps = NULL;
	f->step_count = 0;
	f->directory = NULL;
}

/* ----------------------------------------------------------------- what changes ---- */

static bool
is_last_step(const struct followed *f, size_t i)
{
	return i + 1 == f->step_count;
}

static int
note_name(struct followed *f, const struct watch_event *event, bool is_had)
{
	for (size_t i = 0; i < f->step_count; i++) {
		const struct followed_step *step = &f->steps[i];

		if (step->id != event->id)
			continue;
		if (strcmp(step->name, event->name) == 0) {
			f->must_look = true;
			f->must_walk |= !is_last_step(f, i);
		}
		if (is_last_step(f, i))
			return ks_renames_note(&f->renames, step->name, event, is_had);
	}
	return 0;
}

static void
note_over(struct followed *f, int id)
{
	for (size_t i = 0; i < f->step_count; i++) {
		if (f->steps[i].id == id)
			f->must_walk = f->must_look = true;
	}
}

static void
note_content(struct followed *f, int id)
{
	for (size_t i = f->reading; i < f->count; i++)
		f->must_read |= f->parts[i].watch_id == id;
}

int
ks_followed_note(struct followed *f, const struct watch_event *event, bool is_had)
{
	switch (event->change) {
	case WATCH_NAME_NEW:
	case WATCH_NAME_GONE:
		return note_name(f, event, is_had);
	case WATCH_CONTENT:
		note_content(f, event->id);
		break;
	case WATCH_OVER:
		note_over(f, event->id);
		break;
	case WATCH_OVERFLOW:
		f->must_look = f->must_walk = f->must_read = true;
		break;
	}
	return 0;
}

bool
ks_followed_owns(const struct followed *f, const struct watch_event *event)
{
	const struct followed_step *step = f->step_count > 0 ? &f->steps[f->step_count - 1] : NULL;

	return step && step->id == event->id &&
	       (strcmp(step->name, event->name) == 0 || ks_renames_have(&f->renames, event->name));
}

/* ------------------------------------------------------------------ the way ---- */

struct walk {
	struct followed *followed;
	struct watch *watch;
};

/* Without memory the way is watched less far, and looked at from time to time all the same. */
static void
add_step(void *ctx, const char *directory, const char *name)
{
	struct walk *w = ctx;
	struct followed *f = w->followed;
	struct followed_step *grown = realloc(f->steps, (f->step_count + 1) * sizeof(*grown));
	char *name_copy = strdup(name), *directory_copy = strdup(directory);

	if (grown)
		f->steps = grown;
	if (!grown || !name_copy || !directory_copy) {
		free(name_copy);
		free(directory_copy);
		return;
	}
	free(f->directory);
	f->directory = directory_copy;
	f->steps[f->step_count++] = (struct followed_step){
		.id = ks_watch_directory(w->watch, directory),
		.name = name_copy,
	};
}

/* The former way is left only then: what both have in common stays watched without a gap. */
void
ks_followed_walk(struct followed *f, struct watch *watch)
{
	struct followed former = { .steps = f->steps,
		                   .step_count = f->step_count,
		                   .directory = f->directory };
	struct walk walk = { f, watch };

	if (!f->must_walk || f->is_late)
		return;
	f->must_walk = false;
	f->steps = NULL;
	f->step_count = 0;
	f->directory = NULL;
	(void)ks_path_walk(f->path, add_step, &walk);
	ks_followed_leave(&former, watch);
}

int
ks_followed_expect(struct followed *f, struct watch *watch, int id)
{
	const char *name = ks_directory_entry(f->path);
	size_t len = (size_t)(name - f->path);

	f->directory = len > 0 ? strndup(f->path, len > 1 ? len - 1 : len) : strdup(".");
	f->steps = calloc(1, sizeof(*f->steps));
	if (!f->directory || !f->steps || !(f->steps[0].name = strdup(name)))
		return -ENOMEM;
	f->steps[f->step_count++].id = ks_watch_share(watch, id);
	return 0;
}
