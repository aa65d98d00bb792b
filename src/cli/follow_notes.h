/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happens to followed files, as the user is told of it. Whoever may make and rename files there could fill a disk with
 * messages: so only so many are written, and of others it is told how many. All are counted.
 */
#pragma once

#include "follower.h"
#include "rate.h"

struct telemetry;

/* Zeros but for telemetry, which is borrowed. */
struct follow_notes {
	const struct telemetry *telemetry;
	struct rate rate;
	uint64_t untold;
};

/* A follower_note_fn, whose ctx is the notes. */
void ks_follow_notes_tell(void *ctx, enum follower_note note, const char *path, int error);

/* Tell how many were not told of, if there are any. */
void ks_follow_notes_end(struct follow_notes *notes);
