/* SPDX-License-Identifier: Apache-2.0 */
/* Where bytes come from: a descriptor, as they are or, if they begin as gzip does, inflated. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct input;

#define INPUT_READ_MIN 4096U /* bytes: no smaller buffer will do */

/* Begin to read fd, which is borrowed until the input is closed. Returns NULL when memory is out. */
struct input *ks_input_open(int fd);
/* Stops what goes on in other threads, wipes what was not read. NULL is fine. */
void ks_input_close(struct input *input);

/*
 * What to poll() for POLLIN, together with others, before the next ks_input_read(); epoll does not take
 * regular files. It may be another descriptor after each read.
 */
int ks_input_descriptor(const struct input *input);

/*
 * Read what is there, up to len >= INPUT_READ_MIN bytes. It does not wait if ks_input_descriptor() polls as
 * readable, hung up or in error. Returns the number of bytes, 0 at the end, or a negative errno:
 * -EAGAIN    nothing is there yet: poll again
 * -EINTR     a signal came while it waited; never of a file
 * -EBADMSG   gzip data is damaged, breaks off, or something else follows it. All text before that was given.
 */
ssize_t ks_input_read(struct input *input, uint8_t *buf, size_t len);

/* Wait until there is something to read. Returns 0 or a negative errno. */
int ks_input_wait(struct input *input);

/* Is there something to read that was written already? It does not wait for whoever writes. */
bool ks_input_is_ready(struct input *input);

/* Was gzip recognised? */
bool ks_input_is_gzip(const struct input *input);

/* Bytes taken from the descriptor so far. */
uint64_t ks_input_position(struct input *input);

/*
 * What a negative result of ks_input_read(), as a positive number, means, with the place of the damage. Writes at
 * most size bytes with the final NUL; INPUT_REASON_SIZE is enough.
 */
#define INPUT_REASON_SIZE 160U
void ks_input_reason(const struct input *input, int code, char *text, size_t size);
