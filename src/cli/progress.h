/* SPDX-License-Identifier: Apache-2.0 */
/* A line on the terminal that tells how far long work has come. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress {
	bool is_wanted; /* the standard error is a terminal */
	bool is_shown;
	double started, shown; /* seconds of the monotonic clock */
	uint64_t total;        /* bytes to do */
	size_t files;          /* to do */
};

/* Begin: that much is to be done. */
void ks_progress_init(struct progress *progress, uint64_t total, size_t files);
/* That much is done, and file (from 1) is worked on. Shows it if it is time to. */
void ks_progress_update(struct progress *progress, uint64_t done, size_t file);
/* Take the line away: before a message, and at the end. */
void ks_progress_clear(struct progress *progress);
