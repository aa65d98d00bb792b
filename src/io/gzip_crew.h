/* SPDX-License-Identifier: Apache-2.0 */
/* Writing gzip to a descriptor with threads that deflate beside each other and beside who writes: one member. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct gzip_crew;

/* Borrows fd until freed. threads: 1 at least. Writes nothing yet. Returns NULL when memory is out. */
struct gzip_crew *ks_gzip_crew_new(int fd, size_t threads);
/* Wipes what was not written. It does not end the data. NULL is fine. */
void ks_gzip_crew_free(struct gzip_crew *crew);

/* Each returns 0 or a negative errno, which may be of text that an earlier call gave. */

/* Compress. Some of it may stay inside. */
int ks_gzip_crew_write(struct gzip_crew *crew, const uint8_t *data, size_t len);
/*
 * Let out what is inside, so that whoever reads can inflate everything that was written. For an input that
 * pauses: it costs a few bytes each time, none if nothing is inside.
 */
int ks_gzip_crew_flush(struct gzip_crew *crew);
/* Let out what is inside, then the end of the member. Nothing may follow. */
int ks_gzip_crew_end(struct gzip_crew *crew);
