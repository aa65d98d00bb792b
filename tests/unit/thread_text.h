/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of a world that are long enough for several threads, as they are and in frames. */
#pragma once

#include <keysieve.h>
#include <stddef.h>
#include <stdint.h>

#include "worlds.h"

#define TEXT_MAX ((size_t)700 << 10) /* the first read is one thread's */

/* Fill text[0, len) with pieces of the world. */
void thread_text(const struct world *world, uint64_t *random, uint8_t *text, size_t len);

/*
 * Fill text[0, TEXT_MAX) with such text in frames; the last of these may be cut. n < THREAD_FRAMES_COUNT says which
 * frames, and how often which stream is written to. Returns the frames.
 */
enum ks_frame thread_frames(const struct world *world, size_t n, uint64_t *random, uint8_t *text);
#define THREAD_FRAMES_COUNT 8U

/*
 * The same of these lines, which go to the standard error one after the other, again and again, with more or less on the
 * standard output between them.
 */
enum ks_frame thread_frames_apart(const char *const *lines, size_t count, uint64_t *random,
                                  uint8_t *text);
