/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel does in one call, step by step. It can be wrong when names change meanwhile: then the
 * change itself is a reason to walk again.
 */
#include "path_walk.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINKS_MAX 40 /* as the kernel has it */

struct walk {
	char directory[PATH_MAX]; /* as far as we have come; no links in it */
	char rest[PATH_MAX];      /* what is to be looked up in it */
	unsigned links;
	path_step_fn fn;
	void *ctx;
};

static int
set(char *to, const char *before, const char *between, const char *after)
{
	char text[PATH_MAX];
	int n = snprintf(text, sizeof(text), "%s%s%s", before, between, after);

	if (n < 0 || n >= PATH_MAX)
		return -ENAMETOOLONG;
	memcpy(to, text, (size_t)n + 1);
	return 0;
}

static int
enter(struct walk *w, const char *name)
{
	size_t len = strlen(w->directory);

	return set(w->directory, w->directory, w->directory[len - 1] == '/' ? "" : "/", name);
}

static int
follow_link(struct walk *w, const char *target)
{
	if (++w->links > LINKS_MAX)
		return -ELOOP;
	if (*target == '/')
		(void)set(w->directory, "/", "", "");
	return set(w->rest, target, *w->rest ? "/" : "", w->rest);
}

/* name is neither empty nor a dot. */
static int
step(struct walk *w, const char *name)
{
	char path[PATH_MAX], target[PATH_MAX];
	struct stat st;
	ssize_t len;
	int r = set(path, w->directory, "/", name);

	if (r < 0)
		return r;
	w->fn(w->ctx, w->directory, name);
	len = readlink(path, target, sizeof(target) - 1);
	if (len >= 0) {
		target[len] = '\0';
		return follow_link(w, target);
	}
	if (errno != EINVAL || (*w->rest && stat(path, &st) < 0))
		return -errno;
	return *w->rest ? enter(w, name) : 0;
}

int
ks_path_walk(const char *path, path_step_fn fn, void *ctx)
{
	struct walk w = { .fn = fn, .ctx = ctx };
	char name[NAME_MAX + 1];
	int r = set(w.rest, path, "", "");

	(void)set(w.directory, *path == '/' ? "/" : ".", "", "");
	while (r == 0) {
		char *p = w.rest + strspn(w.rest, "/");
		size_t len = strcspn(p, "/");

		if (len == 0)
			break;
		if (len > NAME_MAX)
			return -ENAMETOOLONG;
		memcpy(name, p, len);
		name[len] = '\0';
		p += len;
		p += strspn(p, "/");
		memmove(w.rest, p, strlen(p) + 1);
		if (strcmp(name, "..") == 0)
			r = enter(&w, name);
		else if (strcmp(name, ".") != 0)
			r = step(&w, name);
	}
	return r;
}
