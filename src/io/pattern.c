/* SPDX-License-Identifier: Apache-2.0 */
/* glob(3) does the work. Every directory that a wildcard stands for a name in is watched. */
#include "pattern.h"

#include <errno.h>
#include <fnmatch.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
release(struct watch *watch, const int *ids, size_t count)
{
	for (size_t i = 0; i < count; i++)
		ks_watch_release(watch, ids[i]);
}

void
ks_pattern_done(struct pattern *p, struct watch *watch)
{
	release(watch, p->ids, p->count);
	free(p->ids);
	free(p->text);
	*p = (struct pattern){ 0 };
}

void
ks_pattern_note(struct pattern *p, const struct watch_event *event)
{
	if (event->change == WATCH_OVERFLOW)
		p->must_look = true;
	for (size_t i = 0; i < p->count && event->change != WATCH_CONTENT; i++)
		p->must_look |= p->ids[i] == event->id;
}

/* -------------------------------------------------------------------- directories ---- */

static void
watch_one(struct pattern *p, struct watch *watch, const char *path)
{
	int *grown = realloc(p->ids, (p->count + 1) * sizeof(*grown));
	int id;

	if (!grown)
		return; /* it is looked at from time to time all the same */
	p->ids = grown;
	id = ks_watch_directory(watch, path);
	if (id >= 0)
		p->ids[p->count++] = id;
}

/* Those whose names match the first len bytes of the pattern, which end before a slash. */
static void
watch_matches(struct pattern *p, struct watch *watch, size_t len)
{
	char *prefix = len > 0 ? strndup(p->text, len) : strdup(*p->text == '/' ? "/" : ".");
	glob_t found = { 0 };

	if (prefix && glob(prefix, GLOB_NOSORT | GLOB_ONLYDIR, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc; i++)
			watch_one(p, watch, found.gl_pathv[i]);
	}
	globfree(&found);
	free(prefix);
}

/* The former ones are released after that, so that those that stay are watched without a gap. */
static void
watch_directories(struct pattern *p, struct watch *watch)
{
	int *former = p->ids;
	size_t count = p->count, begin = 0;

	p->ids = NULL;
	p->count = 0;
	while (p->text[begin]) {
		size_t len = strcspn(p->text + begin, "/");
		size_t wildcard = strcspn(p->text + begin, WILDCARDS);

		if (wildcard < len)
			watch_matches(p, watch, begin > 0 ? begin - 1 : 0);
		begin += len + (p->text[begin + len] == '/');
	}
	release(watch, former, count);
	free(former);
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
