/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine's other modules need to know of streams. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "keysieve.h"

/*
 * Does a secret go on that the stream has seen the beginning of, or may one? Its bytes are held, or masked.
 */
bool ks_stream_is_in_secret(const struct ks_stream *stream);
/* The classes of the runs that are masked to its end, and may go on with its next bytes. */
uint64_t ks_stream_runs(const struct ks_stream *stream);
/*
 * At a line's end, of an idle stream: can its last bytes be the beginning of a trigger that goes over the line's end?
 * Errors: KS_ERROR_INTERNAL.
 */
int ks_stream_find_half(const struct ks_stream *stream, struct ks_scratch *scratch,
                        bool *ret_found);

/* The most memory that a stream of the set can come to use. */
size_t ks_stream_size_max(const struct ks_ruleset *set);

#define STREAM_BEFORE_MAX 512U

/* The last bytes that have settled, as they were: as many as a match to come can look back at, or all. Returns how many. */
size_t ks_stream_copy_before(const struct ks_stream *stream, uint8_t before[STREAM_BEFORE_MAX]);
/*
 * The stream, which is new, takes the place of one that has given up and ended: behind its first len bytes it masks what goes on with known
 * values that were begun there, and with runs: those of ks_stream_runs() of former, before it ended.
 */
void ks_stream_follow(struct ks_stream *stream, struct ks_stream *former, size_t len,
                      uint64_t runs);
