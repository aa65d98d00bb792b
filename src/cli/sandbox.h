/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sandbox of --sandbox: when a command has set itself up, and before it reads what others have written, it gives up all
 * that its work does not need. docs/sandbox.md says what that is.
 */
#pragma once

#include "options.h"

/*
 * Enter the sandbox that the options ask for. What will be opened by path later follows from the options: sandbox_paths.c. Threads must be
 * started after this, sockets opened before. Prints what is wrong, returns 0 or an exit status.
 */
int ks_sandbox_enter(const struct options *options);

/* What there is, for people: such as "seccomp, Landlock 7"; or "none". */
void ks_sandbox_describe(char *ret_text, size_t size);

/* Print to the standard output, as comments of a configuration, what may be done with which files that are there. */
void ks_sandbox_print(const struct options *options);

/* Why a file cannot be opened for reading: strerror(error), or that the sandbox is why. */
const char *ks_sandbox_reason(const char *path, int error);
