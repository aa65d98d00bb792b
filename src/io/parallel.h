/* SPDX-License-Identifier: Apache-2.0 */
/* Raw text masked by several threads: block after block is guessed beside each other, and written in order. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "filter.h"
#include "inlet.h"

struct parallel;

/* Threads are started when they are needed. Returns NULL when memory is out. */
struct parallel *ks_parallel_new(struct filter *filter, size_t threads);
/* NULL is fine. */
void ks_parallel_free(struct parallel *parallel);
/* The rules of the filter change: forget all that was made for the old ones. */
void ks_parallel_clear(struct parallel *parallel);

/*
 * Put through what the inlet gives, as long as it gives it without waiting. Then all is written that is settled, and the
 * filter is as if it had done so alone. *ret_last is what the last read returned if that was no bytes: 0 or a
 * negative errno; or 1: nothing more is there now. Returns 0; or -1 and fills *reterr: nothing more may be
 * written.
 */
int ks_parallel_copy(struct parallel *parallel, struct inlet *inlet, ssize_t *ret_last,
                     struct filter_error *reterr);

/* The filter's own ks_allow_fn, asked by one thread at a time. */
int ks_parallel_is_allowed(void *parallel, size_t rule, const uint8_t *run, size_t len);
