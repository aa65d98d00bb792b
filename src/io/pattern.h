/* SPDX-License-Identifier: Apache-2.0 */
/* A pattern of paths, as the shell has it, and the directories in which new matches appear. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "watch.h"

struct pattern_directory {
	int id;       /* its watch */
	char *prefix; /* what stands before a name in it: nothing, or what ends in a slash */
	bool is_last; /* its names are those of files, and not of directories on the way */
};

struct pattern {
	char *text;
	struct pattern_directory *directories; /* that are watched */
	size_t count;
	bool must_look; /* a name has come to be in one of them */
};

/* Borrows path until return. */
typedef int (*pattern_fn)(void *ctx, const char *path);

/* Is it a pattern, and not the name of a file? */
bool ks_pattern_is(const char *text);

/* Returns 0 or -ENOMEM. */
int ks_pattern_init(struct pattern *pattern, const char *text);
void ks_pattern_done(struct pattern *pattern, struct watch *watch);

/*
 * Something has changed. A name that came to be may be gone by now: fn is called for its path if that matches. Returns what
 * fn returned, or -ENOMEM.
 */
int ks_pattern_note(struct pattern *pattern, const struct watch_event *event, pattern_fn fn,
                    void *ctx);

/* Call fn for every path that matches now, until it returns what is not 0; that, or -ENOMEM, is returned. */
int ks_pattern_look(struct pattern *pattern, struct watch *watch, pattern_fn fn, void *ctx);

/* Would such a path match? */
bool ks_pattern_matches(const struct pattern *pattern, const char *path);
