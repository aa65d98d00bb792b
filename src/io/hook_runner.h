/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process that runs the user's command for hook.c. It is forked before the sandbox closes and stays outside of
 * it, for the command is the user's and may need anything. From this process it takes two things only: a text,
 * for which it runs the one command that it was given when it began, and the wish to end that. So whoever takes over
 * the process that reads logs can run that command with another text, one at a time, and nothing else.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#define HOOK_TEXT_MAX 65536U /* bytes of a text */

/* How a run has ended: a wait status, or the errno for which there was none. */
struct hook_end {
	int status, error;
};

/*
 * Begin the process. Borrows both for its life, which ends with the descriptor. Returns a descriptor for the functions below,
 * close(2)d by the caller, or a negative errno.
 */
int ks_hook_runner_new(const char *command, char *const *environment);

/* Run the command with text on its standard input. One runs at a time. Returns 0 or a negative errno; does not wait. */
int ks_hook_runner_begin(int runner, const char *text, size_t len);

/* End what runs, and all that it has begun. Its end is told as any other. */
void ks_hook_runner_kill(int runner);

/* Returns 1 if the run has ended, 0 if not, or a negative errno if there is no runner any more. */
int ks_hook_runner_poll(int runner, struct hook_end *ret_end);
