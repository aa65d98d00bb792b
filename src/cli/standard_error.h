/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The standard error: whoever reads it may be gone, or have stopped to read. Neither ends the process, and while it
 * masks neither makes it wait: what cannot be written is dropped, and counted.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* How long a text waits for whoever reads it. */
enum patience {
	PATIENCE_ENDLESS, /* as with every program: the default, for commands that mask no logs */
	PATIENCE_BOUNDED, /* five seconds, all texts of the process together */
	PATIENCE_NONE     /* while logs are masked */
};

void ks_standard_error_set_patience(enum patience patience);

/*
 * Make sure that no write to a pipe or terminal can block, whoever else writes to it. Opens a descriptor: to be called
 * when those that the user has given by number are taken, and before the sandbox closes. Without it a write can still
 * block if another process fills the pipe at the same moment.
 */
void ks_standard_error_prepare(void);

/* Write a text, in pieces that end with a line where that is possible: all of it, or what was written before it had to be dropped. */
void ks_standard_error_write(const char *text, size_t len);

/* How many texts were not written, or not to their end. */
uint64_t ks_standard_error_dropped(void);
