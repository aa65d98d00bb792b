/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The checkpoint of a command that goes on for long. One that cannot be written does not stop the masking: the one before
 * it stays, so that after a crash more is done again, and nothing is left out. But the first must be written, and
 * the last.
 */
#pragma once

#include "checkpoint_file.h"
#include "complaint.h"
#include "metrics.h"

/* Zeros: none is kept. */
struct state {
	struct checkpoint_file *file;
	struct complaint failed;
	bool has_begun;
};

/*
 * Take the file at path, and read what it holds. Functions that return int: 0, or an exit status, and what is wrong is
 * printed. ks_state_done() is right after both.
 */
int ks_state_open(struct state *state, const char *path, struct checkpoint *ret_saved);
void ks_state_done(struct state *state);

/*
 * Write a checkpoint. *ret_is_written: or else try again soon. metrics may be NULL.
 */
int ks_state_write(struct state *state, const struct checkpoint *checkpoint,
                   struct metrics *metrics, bool *ret_is_written);
