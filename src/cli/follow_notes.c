/* SPDX-License-Identifier: Apache-2.0 */
/* See follow_notes.h. */
#include "follow_notes.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "message.h"
#include "monotonic.h"
#include "path_open.h"
#include "sandbox.h"
#include "telemetry.h"

#define A_MINUTE 60U
#define BURST    200U

static const char *
failure_text(const char *path, int error)
{
	if (error == EINVAL)
		return "not a regular file";
	return error == EREMCHG ? ks_path_error_text(error) : ks_sandbox_reason(path, error);
}

static const char *
text_of(enum follower_note note, const char *path, int error)
{
	switch (note) {
	case FOLLOWER_WAITS:
		return "waiting for it";
	case FOLLOWER_FAILED:
		return failure_text(path, error);
	case FOLLOWER_READS:
		return "it is there now";
	case FOLLOWER_LOST:
		return "a file that was here was gone before it could be read";
	case FOLLOWER_GONE:
		return "what was not read yet is gone; going on with what is here";
	case FOLLOWER_FULL:
		return "so many files are followed that this one is not";
	}
	return "";
}

static void
count(const struct follow_notes *n, enum follower_note note)
{
	struct metrics *metrics = n->telemetry->metrics;

	if (note == FOLLOWER_FAILED || note == FOLLOWER_FULL)
		ks_metrics_add(metrics, METRIC_INPUT_ERRORS, 1);
	else if (note == FOLLOWER_LOST || note == FOLLOWER_GONE)
		ks_metrics_add(metrics, METRIC_LOST_FILES, 1);
}

void
ks_follow_notes_end(struct follow_notes *n)
{
	if (n->untold > 0)
		ks_message("%" PRIu64 " more messages about files were left out", n->untold);
	n->untold = 0;
}

void
ks_follow_notes_tell(void *ctx, enum follower_note note, const char *path, int error)
{
	struct follow_notes *n = ctx;

	count(n, note);
	n->rate.a_minute = A_MINUTE;
	n->rate.burst = BURST;
	if (!ks_rate_take(&n->rate, ks_monotonic_milliseconds())) {
		n->untold++;
		return;
	}
	ks_follow_notes_end(n);
	ks_message_file(path, text_of(note, path, error));
}
