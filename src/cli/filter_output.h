/* SPDX-License-Identifier: Apache-2.0 */
/* Where the filter writes to: the standard output, a file or, with --check, nowhere; as gzip or as it is. */
#pragma once

#include <stdbool.h>

#include "gzip_crew.h"
#include "metrics.h"
#include "options.h"
#include "signals.h"

/* Begins as { .fd = -1 }. */
struct filter_output {
	int fd; /* -1: nothing is written */
	const char *name;
	struct gzip_crew *gzip;  /* NULL: text is written as it is */
	struct metrics *metrics; /* or NULL */
};

/*
 * Open what the options name. metrics may be NULL. All are borrowed until the output is done. Prints what is
 * wrong. Returns 0 or an exit status; ks_filter_output_done() is right after both.
 */
int ks_filter_output_open(struct filter_output *output, const struct options *options,
                          struct signals *signals, struct metrics *metrics);

/* A filter_write_fn and a filter_pause_fn, whose ctx is an output. */
int ks_filter_output_write(void *ctx, const uint8_t *data, size_t len);
int ks_filter_output_pause(void *ctx);

/* All has been written. Prints what is wrong. Returns 0 or an exit status. */
int ks_filter_output_end(struct filter_output *output);
/* A full disk can show up at the very last. The same returns. */
int ks_filter_output_close(struct filter_output *output);
void ks_filter_output_done(struct filter_output *output);

/* Would reading fd feed the output back, or destroy the input? */
bool ks_filter_output_is(const struct filter_output *output, int fd);
