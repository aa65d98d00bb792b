/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel tells is only a reason to look: whether there is a change is seen by the state of the files, so that
 * watches that come late, or events that are lost, cost time and nothing else. All watches are made anew at each look,
 * as names may lead elsewhere by then; the new ones are there before the state is taken.
 *
 *     event, or every few seconds -> look -> another state? -> the same a moment later, nobody writing? -> tell
 *                                                            `-> not for seconds? -> tell, and tell again when it is
 *
 * Who writes is told by events alone. They are asked of directories, for a file that was just made is written before it
 * could be watched itself.
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
#include "writers.h"

#define LOOK_MS     3000  /* between two looks that nothing asks for */
#define GATHER_MS   20    /* events come in bursts */
#define SETTLE_MS   100   /* a state that lasts so long is no intermediate one */
#define WRITING_MS  5000  /* that a silent writer is waited for; some never close a file */
#define RESTLESS_MS 3000  /* that a change waits, if others follow without a pause */
#define LONGEST_MS  15000 /* that it waits for one who goes on to write */

#define SELF_MASK (IN_MOVE_SELF | IN_DELETE_SELF | IN_MASK_ADD)
#define TEXT_MASK (IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB | SELF_MASK)
#define GONE_MASK (IN_MOVED_FROM | IN_DELETE)
#define NAME_MASK (IN_CREATE | IN_MOVED_TO | GONE_MASK | IN_ONLYDIR | TEXT_MASK)

/* What is meant by events of a watch. */
struct watched {
	int wd;
	char *path; /* what is watched */
	char *name; /* a name in it; "": itself; NULL: any name */
};

/* An inotify instance, and what it watches. */
struct watches {
	int inotify; /* or -1 */
	struct watched *items;
	size_t count;
};

struct path_watch {
	const char *const *paths;
	size_t count;
	path_watch_fn fn;
	void *ctx;
	pthread_t thread;
	int stop; /* an event descriptor */
	struct watches watches;
	struct writers writers;
	_Atomic uint64_t told; /* others ask for it; no state that there is, if it was not over */
	uint64_t seen;
	bool is_running;                  /* the thread */
	bool is_pending;                  /* seen is not what was told of, or was not over then */
	int64_t pending_since, looked_at; /* milliseconds */
};

static int64_t
now(void)
{
	return (int64_t)ks_monotonic_milliseconds();
}

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

static uint64_t
state_of_all(const struct path_watch *w)
{
	uint64_t state = 0;

	for (size_t i = 0; i < w->count; i++)
		state = mix(state, state_of_path(w->paths[i]));
	return state;
}

/* ----------------------------------------------------------------------- watches ---- */

static void
watches_done(struct watches *watches)
{
	for (size_t i = 0; i < watches->count; i++) {
		free(watches->items[i].path);
		free(watches->items[i].name);
	}
	free(watches->items);
	if (watches->inotify >= 0)
		(void)close(watches->inotify);
	*watches = (struct watches){ .inotify = -1 };
}

/* What cannot be watched, for want of memory too, is looked at every few seconds all the same. */
static void
watch(struct watches *watches, const char *path, const char *name, uint32_t mask)
{
	int wd = inotify_add_watch(watches->inotify, path, mask);
	struct watched item = { .wd = wd }, *grown;

	if (wd < 0)
		return;
	grown = realloc(watches->items, (watches->count + 1) * sizeof(*grown));
	if (!grown)
		return;
	watches->items = grown;
	item.path = strdup(path);
	item.name = name ? strdup(name) : NULL;
	if (item.path && (item.name || !name)) {
		watches->items[watches->count++] = item;
		return;
	}
	free(item.path);
	free(item.name);
}

static bool
has_type(const char *directory, const char *name, mode_t type)
{
	struct stat st;
	char *path;
	bool has;

	if (asprintf(&path, "%s/%s", directory, name) < 0)
		return false;
	has = lstat(path, &st) == 0 && (st.st_mode & S_IFMT) == type;
	free(path);
	return has;
}

/* A path_step_fn. Of a directory on the way only what happens to itself matters, unless a link or the end is in it. */
static void
watch_step(void *ctx, const char *directory, const char *name)
{
	struct watches *watches = ctx;

	(void)inotify_add_watch(watches->inotify, directory, SELF_MASK | IN_ONLYDIR);
	if (!has_type(directory, name, S_IFDIR))
		watch(watches, directory, name, NAME_MASK);
}

/* Files of a directory that lie elsewhere. */
static void
watch_links(struct watches *watches, const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	char *link;

	if (!directory)
		return;
	while ((entry = readdir(directory))) {
		if (entry->d_name[0] == '.' || !has_type(path, entry->d_name, S_IFLNK) ||
		    asprintf(&link, "%s/%s", path, entry->d_name) < 0)
			continue;
		(void)ks_path_walk(link, watch_step, watches);
		free(link);
	}
	(void)closedir(directory);
}

/* The last one is the file, or the directory whose files are meant. */
static void
watch_path(struct watches *watches, const char *path)
{
	struct stat st;

	(void)ks_path_walk(path, watch_step, watches);
	if (stat(path, &st) < 0)
		return;
	if (!S_ISDIR(st.st_mode)) {
		watch(watches, path, "", TEXT_MASK);
		return;
	}
	watch(watches, path, NULL, NAME_MASK);
	watch_links(watches, path);
}

/* ------------------------------------------------------------------------ events ---- */

static uint64_t
hash_text(uint64_t hash, const char *text)
{
	for (; *text; text++)
		hash = mix(hash, (uint8_t)*text);
	return mix(hash, '/');
}

/* Does the event tell of what is meant? */
static bool
is_meant(const struct watched *watched, const struct inotify_event *event, const char *name)
{
	return watched->wd == event->wd && (!watched->name || strcmp(watched->name, name) == 0);
}

/* Hidden files of a directory have no values. */
static void
note_writer(struct path_watch *w, const struct watched *watched, uint32_t mask, const char *name)
{
	uint64_t file;
	bool is_new;

	if (!watched->name && name[0] == '.')
		return;
	file = hash_text(hash_text(1, watched->path), name);
	is_new = mask & IN_CREATE && has_type(watched->path, name, S_IFREG);
	if (mask & IN_MODIFY || is_new)
		ks_writers_note(&w->writers, file, now());
	else if (mask & (IN_CLOSE_WRITE | IN_MOVED_TO | GONE_MASK))
		ks_writers_forget(&w->writers, file);
}

/* Returns whether it is a reason to look. */
static bool
take_event(struct path_watch *w, const struct inotify_event *event)
{
	const char *name = event->len > 0 ? event->name : "";
	bool is_any = event->mask & (IN_MOVE_SELF | IN_DELETE_SELF | IN_IGNORED | IN_Q_OVERFLOW);

	if (event->mask & IN_Q_OVERFLOW)
		ks_writers_note_any(&w->writers, now());
	for (size_t i = 0; i < w->watches.count; i++) {
		if (is_meant(&w->watches.items[i], event, name)) {
			note_writer(w, &w->watches.items[i], event->mask, name);
			is_any = true;
		}
	}
	return is_any;
}

/* Note who writes. Returns whether there is a reason to look. */
static bool
take_events(struct path_watch *w)
{
	_Alignas(struct inotify_event) char buffer[4096];
	const struct inotify_event *event;
	bool is_any = false;
	ssize_t len;

	while (w->watches.inotify >= 0 &&
	       (len = read(w->watches.inotify, buffer, sizeof(buffer))) > 0) {
		for (ssize_t at = 0; at < len; at += (ssize_t)(sizeof(*event) + event->len)) {
			event = (const void *)(buffer + at);
			is_any |= take_event(w, event);
		}
	}
	return is_any;
}

static void
renew_watches(struct path_watch *w)
{
	struct watches fresh = { .inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC) };

	for (size_t i = 0; fresh.inotify >= 0 && i < w->count; i++)
		watch_path(&fresh, w->paths[i]);
	(void)take_events(w);
	watches_done(&w->watches);
	w->watches = fresh;
}

static uint64_t
look(struct path_watch *w)
{
	w->looked_at = now();
	renew_watches(w);
	return state_of_all(w);
}

/* ------------------------------------------------------------------------ thread ---- */

/* Some never stop. */
static bool
has_waited(const struct path_watch *w, bool is_written)
{
	return now() - w->pending_since >= (is_written ? LONGEST_MS : RESTLESS_MS);
}

static void
judge(struct path_watch *w, uint64_t state)
{
	bool is_written = ks_writers_are_busy(&w->writers, now(), WRITING_MS);
	bool is_over = w->is_pending && state == w->seen && !is_written;
	bool is_told = is_over || (w->is_pending && has_waited(w, is_written));

	if (!w->is_pending || is_told)
		w->pending_since = now();
	w->is_pending = state != w->told;
	w->seen = state;
	if (!w->is_pending || !is_told)
		return;
	w->told = is_over ? state : ~state;
	w->is_pending = !is_over;
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

	while (wait_for(w, w->is_pending ? -1 : w->watches.inotify,
	                w->is_pending ? SETTLE_MS : LOOK_MS)) {
		bool is_reason = take_events(w);

		if (!wait_for(w, -1, GATHER_MS))
			break;
		if (is_reason || w->is_pending || now() - w->looked_at >= LOOK_MS)
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
	watches_done(&w->watches);
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
	*w = (struct path_watch){ paths, count, fn, ctx, .stop = -1, .watches.inotify = -1 };
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

bool
ks_path_watch_is_current(const struct path_watch *w)
{
	return state_of_all(w) == w->told;
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
