/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inotify, with a count of users for each watch: the kernel has one watch for an inode, however many
 * paths lead to it.
 */
#include "watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

#define DIRECTORY_MASK                                                                         \
	(IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | \
	 IN_ONLYDIR)
#define FILE_MASK   IN_MODIFY
#define BUFFER_SIZE (16U << 10)

struct user_count {
	int id;
	unsigned users;
};

struct watch {
	int fd;
	struct user_count *counts;
	size_t count;
};

struct watch *
ks_watch_new(void)
{
	struct watch *w = calloc(1, sizeof(*w));

	if (w)
		w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	return w;
}

void
ks_watch_free(struct watch *w)
{
	if (!w)
		return;
	if (w->fd >= 0)
		(void)close(w->fd);
	free(w->counts);
	free(w);
}

int
ks_watch_fd(const struct watch *w)
{
	return w->fd;
}

/* ---------------------------------------------------------------------- users ---- */

static struct user_count *
find(const struct watch *w, int id)
{
	for (size_t i = 0; i < w->count; i++) {
		if (w->counts[i].id == id)
			return &w->counts[i];
	}
	return NULL;
}

static void
forget(struct watch *w, int id)
{
	struct user_count *c = find(w, id);

	if (c)
		*c = w->counts[--w->count];
}

static int
add_user(struct watch *w, int id)
{
	struct user_count *c = find(w, id), *grown;

	if (c) {
		c->users++;
		return id;
	}
	grown = realloc(w->counts, (w->count + 1) * sizeof(*grown));
	if (!grown) {
		(void)inotify_rm_watch(w->fd, id);
		return -ENOMEM;
	}
	w->counts = grown;
	w->counts[w->count++] = (struct user_count){ id, 1 };
	return id;
}

int
ks_watch_directory(struct watch *w, const char *path)
{
	int id = inotify_add_watch(w->fd, path, DIRECTORY_MASK);

	return id < 0 ? -errno : add_user(w, id);
}

/* By the descriptor and not by a name, under which there may be another file by now. */
int
ks_watch_file(struct watch *w, int fd)
{
	char path[32];
	int id;

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	id = inotify_add_watch(w->fd, path, FILE_MASK);
	return id < 0 ? -errno : add_user(w, id);
}

int
ks_watch_share(struct watch *w, int id)
{
	struct user_count *c = find(w, id);

	if (!c)
		return -ENOENT;
	c->users++;
	return id;
}

void
ks_watch_release(struct watch *w, int id)
{
	struct user_count *c = id < 0 ? NULL : find(w, id);

	if (!c || --c->users > 0)
		return;
	forget(w, id);
	(void)inotify_rm_watch(w->fd, id);
}

/* --------------------------------------------------------------------- changes ---- */

static enum watch_change
change_of(uint32_t mask)
{
	if (mask & IN_Q_OVERFLOW)
		return WATCH_OVERFLOW;
	if (mask & (IN_CREATE | IN_MOVED_TO))
		return WATCH_NAME_NEW;
	if (mask & (IN_DELETE | IN_MOVED_FROM))
		return WATCH_NAME_GONE;
	return mask & IN_MODIFY ? WATCH_CONTENT : WATCH_OVER;
}

static size_t
tell(struct watch *w, const char *buffer, size_t len, watch_fn fn, void *ctx)
{
	const struct inotify_event *event;
	size_t n = 0;

	for (size_t at = 0; at < len; at += sizeof(*event) + event->len, n++) {
		event = (const void *)(buffer + at);
		fn(ctx, &(struct watch_event){ .change = change_of(event->mask),
		                               .id = event->wd,
		                               .cookie = event->cookie,
		                               .name = event->len ? event->name : "",
		                               .is_directory = event->mask & IN_ISDIR });
		if (event->mask & IN_IGNORED)
			forget(w, event->wd);
	}
	return n;
}

size_t
ks_watch_take(struct watch *w, watch_fn fn, void *ctx)
{
	_Alignas(struct inotify_event) char buffer[BUFFER_SIZE];
	size_t n = 0;
	ssize_t len;

	while (w->fd >= 0 && (len = read(w->fd, buffer, sizeof(buffer))) > 0)
		n += tell(w, buffer, (size_t)len, fn, ctx);
	return n;
}
