/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading an input for one who can be woken, and who can ask it to stop: to give what is there now and not
 * to wait for more.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "input.h"
#include "wake.h"

struct inlet {
	struct input *input;
	const struct wake *wake;
	int fd;
	bool is_file; /* it can be read again */
	bool is_stopping;
	bool is_broken_off; /* the end that was given is not the file's */
	uint64_t left;      /* what it gives yet, at least, when it is stopping */
};

/* Begin to read fd. Borrows both until ks_inlet_done(), which is right after both. Returns 0 or -ENOMEM. */
int ks_inlet_init(struct inlet *inlet, int fd, const struct wake *wake);
void ks_inlet_done(struct inlet *inlet);

/*
 * Read what is there, waiting for the first byte, up to len >= INPUT_READ_MIN bytes. Returns the number of
 * bytes, 0 at the end, or a negative errno, as ks_input_read() does; -EINTR: wake was raised, or something else
 * interrupted it, and nothing was read.
 */
ssize_t ks_inlet_read(struct inlet *inlet, uint8_t *buf, size_t len);

/* Would it give something, or its end, without waiting for whoever writes? */
bool ks_inlet_is_ready(const struct inlet *inlet);

/*
 * The end is where whoever writes has come to now: a pipe, terminal or socket is read that far, and wake is no
 * longer looked at. A file ends here and now.
 */
void ks_inlet_stop(struct inlet *inlet);

/* Has it stopped before the end of a file? What was in a pipe is all there was. */
bool ks_inlet_is_broken_off(const struct inlet *inlet);
