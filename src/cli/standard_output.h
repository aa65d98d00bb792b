/* SPDX-License-Identifier: Apache-2.0 */
/* The standard output of commands that print text. */
#pragma once

#include <stddef.h>

/*
 * Write what stdio still holds. Prints what is wrong. Returns status, or EXIT_IO if status is 0 and
 * something of the output is lost.
 */
int ks_standard_output_end(int status);

/*
 * Print the first characters of text, at most max, without control bytes: those that a rule file brings
 * must not reach a terminal.
 */
void ks_standard_output_plain(const char *text, size_t max);
