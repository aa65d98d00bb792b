/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that were at a path and were renamed before anybody looked: a log that is rotated faster than it
 * is read. The changes of names in the directory tell where they are now.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "watch.h"

struct unseen_file {
	char *name;      /* in the directory; NULL: between two names */
	uint32_t cookie; /* of the rename that took its name */
	int fd;          /* -1: not opened yet */
	bool is_settled; /* no change of its name has been told since it was to be opened */
};

/* Zeros are a good beginning. */
struct renames {
	struct unseen_file *files; /* in the order in which they were at the path */
	size_t count;
	size_t lost; /* were removed, or replaced by others, before they could be opened */
};

void ks_renames_done(struct renames *renames);

/*
 * Names have changed in the directory in which the path's last name is base. To be told of all changes,
 * in order. is_had: the file that has got a name is somebody else's. Errors: -ENOMEM.
 */
int ks_renames_note(struct renames *renames, const char *base, const struct watch_event *event,
                    bool is_had);
/* Does one of the files have this name? */
bool ks_renames_have(const struct renames *renames, const char *name);

/*
 * Open those that are not open yet. It may get hold of a wrong file if names have changed since: so tell it
 * of all changes, which closes those again, and repeat until there was none.
 */
void ks_renames_open(struct renames *renames, const char *directory);

/*
 * Take the first of those that were opened, if there is one: returns a descriptor, and its name, the
 * caller's to free; or -1. Those that could not be opened are forgotten; one whose name has changed since, and all behind it,
 * are left for the next time.
 */
int ks_renames_take(struct renames *renames, char **ret_name);
