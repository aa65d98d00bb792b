/* SPDX-License-Identifier: Apache-2.0 */
/* A replay of what happened to the names, for those files only that have had the path's. */
#include "renames.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "path_open.h"

static void
remove_at(struct renames *r, size_t i)
{
	if (r->files[i].fd >= 0)
		(void)close(r->files[i].fd);
	free(r->files[i].name);
	r->count--;
	memmove(&r->files[i], &r->files[i + 1], (r->count - i) * sizeof(*r->files));
}

void
ks_renames_done(struct renames *r)
{
	while (r->count > 0)
		remove_at(r, r->count - 1);
	free(r->files);
	*r = (struct renames){ 0 };
}

static struct unseen_file *
find_name(const struct renames *r, const char *name)
{
	for (size_t i = 0; i < r->count; i++) {
		if (r->files[i].name && strcmp(r->files[i].name, name) == 0)
			return &r->files[i];
	}
	return NULL;
}

bool
ks_renames_have(const struct renames *r, const char *name)
{
	return find_name(r, name) != NULL;
}

static struct unseen_file *
find_moved(const struct renames *r, uint32_t cookie)
{
	for (size_t i = 0; cookie != 0 && i < r->count; i++) {
		if (!r->files[i].name && r->files[i].cookie == cookie)
			return &r->files[i];
	}
	return NULL;
}

static int
add(struct renames *r, const char *name)
{
	struct unseen_file *grown = realloc(r->files, (r->count + 1) * sizeof(*grown));
	char *copy = strdup(name);

	if (grown)
		r->files = grown;
	if (!grown || !copy) {
		free(copy);
		return -ENOMEM;
	}
	r->files[r->count++] = (struct unseen_file){ .name = copy, .fd = -1 };
	return 0;
}

/* What was opened by a name that has changed since may be another file. */
static void
forget_descriptor(struct unseen_file *file)
{
	if (file->fd >= 0)
		(void)close(file->fd);
	file->fd = -1;
}

static void
note_gone(struct renames *r, const struct watch_event *event)
{
	struct unseen_file *file = find_name(r, event->name);

	if (!file)
		return;
	if (event->cookie == 0) {
		r->lost++;
		remove_at(r, (size_t)(file - r->files));
		return;
	}
	forget_descriptor(file);
	free(file->name);
	file->name = NULL;
	file->cookie = event->cookie;
	file->is_settled = false;
}

static int
note_new(struct renames *r, const char *base, const struct watch_event *event, bool is_had)
{
	struct unseen_file *replaced = find_name(r, event->name), *moved;

	if (replaced) {
		r->lost++;
		remove_at(r, (size_t)(replaced - r->files));
	}
	moved = find_moved(r, event->cookie);
	if (moved) {
		moved->name = strdup(event->name);
		moved->is_settled = false;
		return moved->name ? 0 : -ENOMEM;
	}
	return !is_had && strcmp(event->name, base) == 0 ? add(r, event->name) : 0;
}

int
ks_renames_note(struct renames *r, const char *base, const struct watch_event *event, bool is_had)
{
	if (event->change == WATCH_NAME_NEW)
		return note_new(r, base, event, is_had);
	if (event->change == WATCH_NAME_GONE)
		note_gone(r, event);
	return 0;
}

void
ks_renames_open(struct renames *r, const char *directory)
{
	char path[PATH_MAX];
	struct stat st;

	for (size_t i = 0; i < r->count; i++) {
		struct unseen_file *file = &r->files[i];

		file->is_settled = true;
		if (file->fd >= 0 || !file->name ||
		    snprintf(path, sizeof(path), "%s/%s", directory, file->name) >= PATH_MAX)
			continue;
		if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
			file->fd = ks_path_open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	}
}

int
ks_renames_take(struct renames *r, char **ret_name)
{
	int fd = -1;

	while (r->count > 0 && fd < 0 && r->files[0].is_settled) {
		fd = r->files[0].fd;
		*ret_name = NULL;
		if (fd >= 0) {
			*ret_name = r->files[0].name;
			r->files[0].name = NULL;
			r->files[0].fd = -1;
		} else if (!r->files[0].name) {
			r->lost++; /* into a directory that is not watched */
		}
		remove_at(r, 0);
	}
	return fd;
}
