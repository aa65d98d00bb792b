/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A crew: threads that do jobs beside each other. Whoever gives the jobs takes them back in the order in which
 * they were given.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct crew;

/* Do a job. hand tells who does it: 0 to the number of threads - 1, or that number for who helps. */
typedef void (*crew_fn)(void *ctx, size_t hand, void *job);

/*
 * Start threads, or as many of them as can be: there may be none. At most max jobs are with the crew at a
 * time. Returns NULL when memory is out.
 */
struct crew *ks_crew_new(size_t threads, size_t max, crew_fn work, void *ctx);
/* Jobs that nobody has begun are never done. NULL is fine. */
void ks_crew_free(struct crew *crew);

/* How many threads there are. */
size_t ks_crew_size(const struct crew *crew);

/* Give a job. The crew must have room for it. */
void ks_crew_give(struct crew *crew, void *job);
/*
 * Take the oldest job back, once it is done; there must be one. The caller does jobs too while it waits, if it helps or
 * if there are no threads.
 */
void *ks_crew_take(struct crew *crew, bool helps);
/* Is the oldest job done? Not if there is none. */
bool ks_crew_is_done(struct crew *crew);
/* Jobs that were given and not taken back. */
size_t ks_crew_count(const struct crew *crew);
