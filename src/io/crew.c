/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Jobs lie in a ring:
 *
 *     jobs    |      | done | begun | done | begun | given | given |      |
 *                     first                         next            first + count
 *
 * A job belongs to whoever began it until it is done, and to nobody else: so no lock is held meanwhile, and what is
 * in it needs none.
 */
#include "crew.h"

#include <pthread.h>
#include <stdlib.h>

#include "thread.h"

struct job {
	void *what;
	bool is_done;
};

/* What a thread is told. */
struct hand {
	struct crew *crew;
	size_t number;
	pthread_t thread;
};

struct crew {
	crew_fn work;
	void *ctx;
	struct hand *hands;
	size_t size; /* threads */
	size_t max;

	pthread_mutex_t lock; /* for what follows */
	pthread_cond_t given, done;
	struct job *ring;
	size_t first, next, count; /* next: the first that nobody began, counted from first */
	bool is_over;
};

/* -------------------------------------------------------------------- the work ---- */

static struct job *
job_at(const struct crew *c, size_t n)
{
	return &c->ring[(c->first + n) % c->max];
}

/* Do the next job that nobody began. With the lock, which it leaves meanwhile. */
static void
do_next(struct crew *c, size_t hand)
{
	struct job *job = job_at(c, c->next++);

	pthread_mutex_unlock(&c->lock);
	c->work(c->ctx, hand, job->what);
	pthread_mutex_lock(&c->lock);
	job->is_done = true;
	if (job == job_at(c, 0))
		pthread_cond_signal(&c->done);
}

static void *
work(void *ctx)
{
	struct hand *hand = ctx;
	struct crew *c = hand->crew;

	pthread_mutex_lock(&c->lock);
	for (;;) {
		while (c->next == c->count && !c->is_over)
			pthread_cond_wait(&c->given, &c->lock);
		if (c->is_over)
			break;
		do_next(c, hand->number);
	}
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

/* -------------------------------------------------------------------- its life ---- */

struct crew *
ks_crew_new(size_t threads, size_t max, crew_fn work_fn, void *ctx)
{
	struct crew *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	(void)pthread_mutex_init(&c->lock, NULL);
	(void)pthread_cond_init(&c->given, NULL);
	(void)pthread_cond_init(&c->done, NULL);
	c->work = work_fn;
	c->ctx = ctx;
	c->max = max;
	c->ring = calloc(max, sizeof(*c->ring));
	c->hands = calloc(threads + 1, sizeof(*c->hands));
	if (!c->ring || !c->hands) {
		ks_crew_free(c);
		return NULL;
	}
	for (; c->size < threads; c->size++) {
		struct hand *hand = &c->hands[c->size];

		*hand = (struct hand){ .crew = c, .number = c->size };
		if (ks_thread_start(&hand->thread, work, hand) != 0)
			break;
	}
	return c;
}

void
ks_crew_free(struct crew *c)
{
	if (!c)
		return;
	pthread_mutex_lock(&c->lock);
	c->is_over = true;
	pthread_cond_broadcast(&c->given);
	pthread_mutex_unlock(&c->lock);
	for (size_t i = 0; i < c->size; i++)
		(void)pthread_join(c->hands[i].thread, NULL);
	(void)pthread_cond_destroy(&c->given);
	(void)pthread_cond_destroy(&c->done);
	(void)pthread_mutex_destroy(&c->lock);
	free(c->ring);
	free(c->hands);
	free(c);
}

/* --------------------------------------------------------------- who gives jobs ---- */

size_t
ks_crew_size(const struct crew *c)
{
	return c->size;
}

void
ks_crew_give(struct crew *c, void *what)
{
	pthread_mutex_lock(&c->lock);
	*job_at(c, c->count++) = (struct job){ .what = what };
	pthread_cond_signal(&c->given);
	pthread_mutex_unlock(&c->lock);
}

void *
ks_crew_take(struct crew *c, bool helps)
{
	void *what;

	pthread_mutex_lock(&c->lock);
	while (!job_at(c, 0)->is_done) {
		if ((helps || c->size == 0) && c->next < c->count)
			do_next(c, c->size);
		else
			pthread_cond_wait(&c->done, &c->lock);
	}
	what = job_at(c, 0)->what;
	c->first = (c->first + 1) % c->max;
	c->count--;
	c->next--;
	pthread_mutex_unlock(&c->lock);
	return what;
}

bool
ks_crew_is_done(struct crew *c)
{
	bool is_done;

	pthread_mutex_lock(&c->lock);
	is_done = c->count > 0 && job_at(c, 0)->is_done;
	pthread_mutex_unlock(&c->lock);
	return is_done;
}

/* The ring is changed by whoever asks, and nobody else. */
size_t
ks_crew_count(const struct crew *c)
{
	return c->count;
}
