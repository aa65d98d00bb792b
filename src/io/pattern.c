/* SPDX-License-Identifier: Apache-2.0 */
/* glob(3) does the work. Every directory that a wildcard stands for a name in is watched, and every one that files are in. */
#include "pattern.h"

#include <errno.h>
#include <fnmatch.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "directory.h"

#define WILDCARDS "*?["

bool
ks_pattern_is(const char *text)
{
	return strpbrk(text, WILDCARDS) && access(text, F_OK) < 0;
}

int
ks_pattern_init(struct pattern *p, const char *text)
{
	*p = (struct pattern){ .text = strdup(text), .must_look = true };
	return p->text ? 0 : -ENOMEM;
}

static void
release(struct watch *watch, struct pattern_directory *directories, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		ks_watch_release(watch, directories[i].id);
		free(directories[i].prefix);
	}
	free(directories);
}

void
ks_pattern_done(struct pattern *p, struct watch *watch)
{
	release(watch, p->directories, p->count);
	free(p->text);
	*p = (struct pattern){ 0 };
}

/* ------------------------------------------------------------------------ changes ---- */

static bool
is_match(const struct pattern *p, const struct pattern_directory *d,
         const struct watch_event *event)
{
	return event->change == WATCH_NAME_NEW && !event->is_directory && d->is_last &&
	       fnmatch(ks_directory_entry(p->text), event->name, FNM_PERIOD) == 0;
}

static int
tell(const char *prefix, const char *name, pattern_fn fn, void *ctx)
{
	char *path;
	int r;

	if (asprintf(&path, "%s%s", prefix, name) < 0)
		return -ENOMEM;
	r = fn(ctx, path);
	free(path);
	return r;
}

int
ks_pattern_note(struct pattern *p, const struct watch_event *event, pattern_fn fn, void *ctx)
{
	int r = 0;

	if (event->change == WATCH_OVERFLOW)
		p->must_look = true;
	for (size_t i = 0; r == 0 && i < p->count && event->change != WATCH_CONTENT; i++) {
		const struct pattern_directory *d = &p->directories[i];

		if (d->id != event->id)
			continue;
		p->must_look = true;
		if (is_match(p, d, event))
			r = tell(d->prefix, event->name, fn, ctx);
	}
	return r;
}

/* -------------------------------------------------------------------- directories ---- */

static void
watch_one(struct pattern *p, struct watch *watch, const char *path, bool is_last)
{
	struct pattern_directory *grown = realloc(p->directories, (p->count + 1) * sizeof(*grown));
	const char *name = *path ? path : ".";
	struct pattern_directory d = { .is_last = is_last };

	if (!grown)
		return; /* it is looked at from time to time all the same */
	p->directories = grown;
	if (asprintf(&d.prefix, "%s%s", path, *path && strcmp(path, "/") != 0 ? "/" : "") < 0)
		return;
	d.id = ks_watch_directory(watch, name);
	if (d.id >= 0)
		p->directories[p->count++] = d;
	else
		free(d.prefix);
}

/* Those whose names match the first len bytes of the pattern, which end before a slash. */
static void
watch_matches(struct pattern *p, struct watch *watch, size_t len, bool is_last)
{
	char *prefix = strndup(p->text, len);
	glob_t found = { 0 };

	if (prefix && glob(prefix, GLOB_NOSORT | GLOB_ONLYDIR, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc; i++)
			watch_one(p, watch, found.gl_pathv[i], is_last);
	}
	globfree(&found);
	free(prefix);
}

static void
watch_parent(struct pattern *p, struct watch *watch, size_t begin, bool is_last)
{
	if (begin == 0)
		watch_one(p, watch, "", is_last);
	else if (begin == 1)
		watch_one(p, watch, "/", is_last);
	else
		watch_matches(p, watch, begin - 1, is_last);
}

/*
 * The last one is watched also for a name without wildcards. The former ones are released after that, so that those that stay
 * are watched without a gap.
 */
static void
watch_directories(struct pattern *p, struct watch *watch)
{
	struct pattern_directory *former = p->directories;
	size_t count = p->count, begin = 0;

	p->directories = NULL;
	p->count = 0;
	while (p->text[begin]) {
		size_t len = strcspn(p->text + begin, "/");
		size_t wildcard = strcspn(p->text + begin, WILDCARDS);
		bool is_last = p->text[begin + len] == '\0';

		if (wildcard < len || is_last)
			watch_parent(p, watch, begin, is_last);
		begin += len + !is_last;
	}
	release(watch, former, count);
}

int
ks_pattern_look(struct pattern *p, struct watch *watch, pattern_fn fn, void *ctx)
{
	glob_t found = { 0 };
	int r = 0;

	p->must_look = false;
	watch_directories(p, watch);
	if (glob(p->text, 0, NULL, &found) == GLOB_NOSPACE)
		r = -ENOMEM;
	for (size_t i = 0; r == 0 && i < found.gl_pathc; i++)
		r = fn(ctx, found.gl_pathv[i]);
	globfree(&found);
	return r;
}

bool
ks_pattern_matches(const struct pattern *p, const char *path)
{
	return fnmatch(p->text, path, FNM_PATHNAME | FNM_PERIOD) == 0;
}
