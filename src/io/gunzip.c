/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread reads and inflates into a ring of slots; the reader copies out of them:
 *
 *     slots   | free | filled | filled | free |     the first filled one is the reader's,
 *                      first                        the one behind the last the thread's
 *
 * A slot is passed on when it is full, and also when nothing more can be read at once: what was inflated
 * never waits for what was not written yet. The thread waits for a free slot: memory is bounded, and a
 * slow reader slows down whoever writes. ready_fd is readable as long as a slot is filled or the
 * thread is over. The archive is the thread's until it is over.
 */
#include "gunzip.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "archive.h"
#include "descriptor.h"
#include "secret_memory.h"
#include "thread.h"

#define SLOT_COUNT  4U
#define SLOT_SIZE   (256U << 10)
#define MEMORY_SIZE (SLOT_COUNT * SLOT_SIZE + GUNZIP_READ_SIZE)

struct gunzip {
	int fd, ready_fd, stop_fd;
	pthread_t thread;
	bool is_running;
	uint8_t *memory; /* the slots, then the place for what is read */
	struct archive archive;
	size_t filling; /* bytes in the thread's slot */

	pthread_mutex_t lock; /* for what follows */
	pthread_cond_t changed;
	size_t filled[SLOT_COUNT]; /* bytes in each slot */
	unsigned first, count;     /* of filled slots */
	size_t given;              /* bytes of the first slot */
	uint64_t position;
	bool is_waiting; /* the thread, for whoever writes, and everything it had is in slots */
	bool is_over, is_stopped;
	int result; /* of the thread: 0 or a negative errno */
};

/* ------------------------------------------------------------------ the thread ---- */

static uint8_t *
slot(const struct gunzip *g, unsigned number)
{
	return g->memory + (size_t)(number % SLOT_COUNT) * SLOT_SIZE;
}

static void
signal_ready(const struct gunzip *g)
{
	uint64_t one = 1;

	(void)!write(g->ready_fd, &one, sizeof(one));
}

/* The slot to fill, once it is free. Returns NULL if nobody wants it any more. */
static uint8_t *
free_slot(struct gunzip *g)
{
	uint8_t *place;

	pthread_mutex_lock(&g->lock);
	while (g->count == SLOT_COUNT && !g->is_stopped)
		pthread_cond_wait(&g->changed, &g->lock);
	place = g->is_stopped ? NULL : slot(g, g->first + g->count);
	pthread_mutex_unlock(&g->lock);
	return place;
}

/* Pass the thread's slot on, if there is something in it. */
static void
pass_on(struct gunzip *g)
{
	if (g->filling == 0)
		return;
	pthread_mutex_lock(&g->lock);
	g->filled[(g->first + g->count) % SLOT_COUNT] = g->filling;
	g->filling = 0;
	if (g->count++ == 0)
		signal_ready(g);
	pthread_cond_broadcast(&g->changed);
	pthread_mutex_unlock(&g->lock);
}

static void
set_waiting(struct gunzip *g, bool is_waiting)
{
	pthread_mutex_lock(&g->lock);
	g->is_waiting = is_waiting;
	pthread_cond_broadcast(&g->changed);
	pthread_mutex_unlock(&g->lock);
}

/* Wait for something to read. Returns 0 or a negative errno: -ECANCELED if nobody wants it. */
static int
wait_for_input(struct gunzip *g)
{
	struct pollfd fds[] = { { .fd = g->fd, .events = POLLIN },
		                { .fd = g->stop_fd, .events = POLLIN } };

	if (poll(fds, 2, 0) == 0) {
		pass_on(g);
		set_waiting(g, true);
		while (poll(fds, 2, -1) < 0) {
			if (errno != EINTR)
				return -errno;
		}
		set_waiting(g, false);
	}
	return fds[1].revents ? -ECANCELED : 0;
}

/* Returns the number of bytes, 0 at the end, or a negative errno. */
static ssize_t
read_more(struct gunzip *g)
{
	uint8_t *place = g->memory + (size_t)SLOT_COUNT * SLOT_SIZE;
	int r = wait_for_input(g);
	ssize_t n = r < 0 ? r : ks_descriptor_read(g->fd, place, GUNZIP_READ_SIZE);

	if (n <= 0)
		return n;
	ks_archive_feed(&g->archive, place, (size_t)n);
	pthread_mutex_lock(&g->lock);
	g->position += (uint64_t)n;
	pthread_mutex_unlock(&g->lock);
	return n;
}

/* Inflate all that there is. Returns 0 or a negative errno. */
static int
inflate_all(struct gunzip *g)
{
	ssize_t n;

	for (;;) {
		uint8_t *place = free_slot(g);

		if (!place)
			return -ECANCELED;
		n = ks_archive_inflate(&g->archive, place + g->filling, SLOT_SIZE - g->filling);
		if (n < 0)
			return (int)n;
		g->filling += (size_t)n;
		if (g->filling == SLOT_SIZE) {
			pass_on(g);
			continue;
		}
		n = read_more(g);
		if (n <= 0)
			return n < 0 ? (int)n : ks_archive_end(&g->archive);
	}
}

static void *
work(void *ctx)
{
	struct gunzip *g = ctx;
	int r = inflate_all(g);

	pass_on(g);
	pthread_mutex_lock(&g->lock);
	g->result = r;
	g->is_over = true;
	signal_ready(g);
	pthread_cond_broadcast(&g->changed);
	pthread_mutex_unlock(&g->lock);
	return NULL;
}

/* -------------------------------------------------------------------- its life ---- */

struct gunzip *
ks_gunzip_new(int fd, const uint8_t *front, size_t len)
{
	struct gunzip *g = calloc(1, sizeof(*g));
	uint8_t *place;

	if (!g)
		return NULL;
	(void)pthread_mutex_init(&g->lock, NULL);
	(void)pthread_cond_init(&g->changed, NULL);
	g->fd = fd;
	g->position = len;
	g->ready_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	g->stop_fd = eventfd(0, EFD_CLOEXEC);
	g->memory = ks_secret_memory_new(MEMORY_SIZE);
	if (ks_archive_init(&g->archive) < 0 || !g->memory || g->ready_fd < 0 || g->stop_fd < 0)
		goto failed;
	place = g->memory + (size_t)SLOT_COUNT * SLOT_SIZE;
	memcpy(place, front, len);
	ks_archive_feed(&g->archive, place, len);
	g->is_running = ks_thread_start(&g->thread, work, g) == 0;
	if (g->is_running)
		return g;
failed:
	ks_gunzip_free(g);
	return NULL;
}

static void
stop_thread(struct gunzip *g)
{
	uint64_t one = 1;

	(void)!write(g->stop_fd, &one, sizeof(one));
	pthread_mutex_lock(&g->lock);
	g->is_stopped = true;
	pthread_cond_broadcast(&g->changed);
	pthread_mutex_unlock(&g->lock);
	(void)pthread_join(g->thread, NULL);
}

void
ks_gunzip_free(struct gunzip *g)
{
	if (!g)
		return;
	if (g->is_running)
		stop_thread(g);
	ks_archive_done(&g->archive);
	ks_secret_memory_free(g->memory, MEMORY_SIZE);
	if (g->ready_fd >= 0)
		(void)close(g->ready_fd);
	if (g->stop_fd >= 0)
		(void)close(g->stop_fd);
	(void)pthread_cond_destroy(&g->changed);
	(void)pthread_mutex_destroy(&g->lock);
	free(g);
}

/* ------------------------------------------------------------------ the reader ---- */

int
ks_gunzip_descriptor(const struct gunzip *g)
{
	return g->ready_fd;
}

/* The first slot is used up. With the lock. */
static void
release_slot(struct gunzip *g)
{
	uint64_t ignored;

	g->first = (g->first + 1) % SLOT_COUNT;
	g->given = 0;
	if (--g->count == 0 && !g->is_over)
		(void)!read(g->ready_fd, &ignored, sizeof(ignored));
	pthread_cond_broadcast(&g->changed);
}

ssize_t
ks_gunzip_read(struct gunzip *g, uint8_t *buf, size_t len)
{
	size_t left;
	ssize_t r;

	pthread_mutex_lock(&g->lock);
	left = g->count > 0 ? g->filled[g->first] - g->given : 0;
	r = g->is_over ? g->result : -EAGAIN;
	pthread_mutex_unlock(&g->lock);
	if (left == 0)
		return r;
	/* The slot is the reader's: the thread need not wait for the copy. */
	left = left < len ? left : len;
	memcpy(buf, slot(g, g->first) + g->given, left);
	explicit_bzero(slot(g, g->first) + g->given, left);
	pthread_mutex_lock(&g->lock);
	g->given += left;
	if (g->given == g->filled[g->first])
		release_slot(g);
	pthread_mutex_unlock(&g->lock);
	return (ssize_t)left;
}

bool
ks_gunzip_is_ready(struct gunzip *g)
{
	bool is_ready;

	pthread_mutex_lock(&g->lock);
	while (g->count == 0 && !g->is_over && !g->is_waiting)
		pthread_cond_wait(&g->changed, &g->lock);
	is_ready = g->count > 0 || g->is_over;
	pthread_mutex_unlock(&g->lock);
	return is_ready;
}

uint64_t
ks_gunzip_position(struct gunzip *g)
{
	uint64_t position;

	pthread_mutex_lock(&g->lock);
	position = g->position;
	pthread_mutex_unlock(&g->lock);
	return position;
}

void
ks_gunzip_reason(const struct gunzip *g, char *text, size_t size)
{
	ks_archive_reason(&g->archive, text, size);
}
