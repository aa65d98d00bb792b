/* SPDX-License-Identifier: Apache-2.0 */
/* The byte path: from descriptors through a stream to a descriptor, in one buffer. */
#pragma once

#include <stdint.h>

#include "keysieve.h"

struct filter;

enum filter_side { FILTER_INPUT, FILTER_OUTPUT, FILTER_ENGINE };

/* What went wrong, where. */
struct filter_error {
	enum filter_side side;
	int code; /* errno for an input or the output, enum ks_status for the engine */
};

/*
 * Borrows stream and scratch until the filter is freed. output_fd -1: nothing is written.
 * Returns NULL when memory is out.
 */
struct filter *ks_filter_new(struct ks_stream *stream, struct ks_scratch *scratch, int output_fd);
/* Wipes the buffer. NULL is fine. */
void ks_filter_free(struct filter *filter);

/*
 * Put through all that input_fd gives. What is settled is written before the next read.
 * Returns 0, or -1 and fills *reterr. After an error of an input other inputs may follow; after one
 * of the output or the engine nothing may.
 */
int ks_filter_copy(struct filter *filter, int input_fd, struct filter_error *reterr);

/* The last input has ended: write what was held. Returns as ks_filter_copy(). */
int ks_filter_end(struct filter *filter, struct filter_error *reterr);

/* Bytes read so far. */
uint64_t ks_filter_bytes(const struct filter *filter);
