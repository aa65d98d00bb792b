/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel tells is only a reason to look: whether there is a change is seen by the state of the files, so that
 * watches that come late, or events that are lost, cost time and nothing else. All watches are made anew at each look,
 * as names may lead elsewhere by then; the new ones are there before the state is taken.
 *
 *     event, or every few seconds -> look -> another state? -> the same a moment later, nobody writing? -> tell
 */
#include "path_watch.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "monotonic.h"
#include "path_walk.h"

#define LOOK_MS    3000 /* between two looks that nothing asks for */
#define GATHER_MS  20   /* events come in bursts */
#define SETTLE_MS  100  /* a state that lasts so long is no intermediate one */
#define WRITING_MS 5000 /* that a writer is waited for; some never close a file */

#define SELF_MASK (IN_MOVE_SELF | IN_DELETE_SELF | IN_MASK_ADD)
#define NAME_MASK (IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR | SELF_MASK)
#define TEXT_MASK (IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB | SELF_MASK)

struct path_watch {
	const char *const *paths;
	size_t count;
	path_watch_fn fn;
	void *ctx;
	pthread_t thread;
	int stop;    /* an event descriptor */
	int inotify; /* or -1 */
	uint64_t told, seen;
	bool is_running;       /* the thread */
	bool is_pending;       /* seen is not what was told of */
	int64_t writing_since; /* milliseconds; 0: nobody writes */
};

/* ------------------------------------------------------------------------- state ---- */

static uint64_t
mix(uint64_t hash, uint64_t number)
{
	hash = (hash ^ number) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ (hash >> 29);
}

/* Whatever is done to a file changes one of these. */
static uint64_t
state_of(const struct stat *st)
{
	uint64_t hash = mix(1, st->st_dev);

	hash = mix(hash, st->st_ino);
	hash = mix(hash, (uint64_t)st->st_size);
	hash = mix(hash, (uint64_t)st->st_mtim.tv_sec);
	hash = mix(hash, (uint64_t)st->st_mtim.tv_nsec);
	hash = mix(hash, (uint64_t)st->st_ctim.tv_sec);
	return mix(hash, (uint64_t)st->st_ctim.tv_nsec);
}

static uint64_t
state_at(int directory, const char *name)
{
	struct stat st;

	return fstatat(directory, name, &st, 0) < 0 ? (uint64_t)errno : state_of(&st);
}

/* A sum: the order of names does not matter. */
static uint64_t
state_of_entries(const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	uint64_t sum = 0;

	if (!directory)
		return (uint64_t)errno;
	while ((entry = readdir(directory))) {
		if (entry->d_name[0] != '.')
			sum += state_at(dirfd(directory), entry->d_name);
	}
	(void)closedir(directory);
	return sum;
}

static uint64_t
state_of_path(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return (uint64_t)errno;
	return S_ISDIR(st.st_mode) ? mix(state_of(&st), state_of_entries(path)) : state_of(&st);
}

/* ----------------------------------------------------------------------- watches ---- */

/* A path_step_fn. Of a directory on the way only what happens to itself matters, unless a link or the end is in it. */
static void
watch_step(void *ctx, const char *directory, const char *name)
{
	const int *inotify = ctx;
	struct stat st;
	int fd = inotify_add_watch(*inotify, directory, SELF_MASK | IN_ONLYDIR);
	char *path;
	bool is_way;

	if (fd < 0 || asprintf(&path, "%s/%s", directory, name) < 0)
		return;
	is_way = lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
	if (!is_way)
		(void)inotify_add_watch(*inotify, directory, NAME_MASK);
	free(path);
}

/* The last one is the file, or the directory whose files are meant. */
static void
watch_path(int inotify, const char *path)
{
	(void)ks_path_walk(path, watch_step, &inotify);
	(void)inotify_add_watch(inotify, path, TEXT_MASK);
	(void)inotify_add_watch(inotify, path, NAME_MASK | TEXT_MASK);
}

/* Note who writes. Returns whether there was anything. */
static bool
take_events(struct path_watch *w)
{
	_Alignas(struct inotify_event) char buffer[4096];
	bool is_any = false;
	ssize_t len;

	while (w->inotify >= 0 && (len = read(w->inotify, buffer, sizeof(buffer))) > 0) {
		const struct inotify_event *event;

		for (ssize_t at = 0; at < len; at += (ssize_t)(sizeof(*event) + event->len)) {
			event = (const void *)(buffer + at);
			is_any = true;
			if (event->mask & IN_CLOSE_WRITE)
				w->writing_since = 0;
			else if (event->mask & IN_MODIFY && w->writing_since == 0)
				w->writing_since = (int64_t)ks_monotonic_milliseconds();
		}
	}
	return is_any;
}

static void
renew_watches(struct path_watch *w)
{
	int fresh = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	for (size_t i = 0; fresh >= 0 && i < w->count; i++)
		watch_path(fresh, w->paths[i]);
	(void)take_events(w);
	if (w->inotify >= 0)
		(void)close(w->inotify);
	w->inotify = fresh;
}

static uint64_t
look(struct path_watch *w)
{
	uint64_t state = 0;

	renew_watches(w);
	for (size_t i = 0; i < w->count; i++)
		state = mix(state, state_of_path(w->paths[i]));
	return state;
}

/* ------------------------------------------------------------------------ thread ---- */

static bool
is_writing(const struct path_watch *w)
{
	return w->writing_since != 0 &&
	       (int64_t)ks_monotonic_milliseconds() - w->writing_since < WRITING_MS;
}

static void
judge(struct path_watch *w, uint64_t state)
{
	bool has_settled = w->is_pending && state == w->seen && !is_writing(w);

	w->is_pending = state != w->told;
	w->seen = state;
	if (!w->is_pending || !has_settled)
		return;
	w->told = state;
	w->is_pending = false;
	w->writing_since = 0;
	w->fn(w->ctx);
}

/* Returns false if it is to stop, which is told once. */
static bool
wait_for(struct path_watch *w, int inotify, int timeout)
{
	struct pollfd fds[] = { { .fd = w->stop, .events = POLLIN },
		                { .fd = inotify, .events = POLLIN } };
	uint64_t count;

	if (poll(fds, 2, timeout) < 0)
		(void)nanosleep(&(struct timespec){ .tv_nsec = SETTLE_MS * 1000000L }, NULL);
	return read(w->stop, &count, sizeof(count)) < 0;
}

static void *
run(void *ctx)
{
	struct path_watch *w = ctx;

	while (wait_for(w, w->is_pending ? -1 : w->inotify, w->is_pending ? SETTLE_MS : LOOK_MS)) {
		if (take_events(w) && !wait_for(w, -1, GATHER_MS))
			break;
		judge(w, look(w));
	}
	return NULL;
}

/* ------------------------------------------------------------------------ public ---- */

/* The signals of the process are the main thread's. */
int
ks_path_watch_start(struct path_watch *w)
{
	sigset_t all, before;
	int r;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&w->thread, NULL, run, w);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	w->is_running = r == 0;
	return -r;
}

static void
release(struct path_watch *w)
{
	if (w->inotify >= 0)
		(void)close(w->inotify);
	if (w->stop >= 0)
		(void)close(w->stop);
	free(w);
}

int
ks_path_watch_new(const char *const *paths, size_t count, path_watch_fn fn, void *ctx,
                  struct path_watch **ret_watch)
{
	struct path_watch *w = calloc(1, sizeof(*w));
	int r;

	if (!w)
		return -ENOMEM;
	*w = (struct path_watch){ paths, count, fn, ctx, .inotify = -1 };
	w->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r = w->stop < 0 ? -errno : 0;
	if (r < 0) {
		release(w);
		return r;
	}
	w->told = look(w);
	*ret_watch = w;
	return 0;
}

void
ks_path_watch_free(struct path_watch *w)
{
	const uint64_t one = 1;

	if (!w)
		return;
	(void)!write(w->stop, &one, sizeof(one));
	if (w->is_running)
		(void)pthread_join(w->thread, NULL);
	release(w);
}
