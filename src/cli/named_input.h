/* SPDX-License-Identifier: Apache-2.0 */
/* Inputs that the user names: a file, or "-" for the standard input. */
#pragma once

struct named_input {
	int fd;
	const char *name; /* for messages. Borrowed */
};

/* Returns 0, or after a message EXIT_IO. path is borrowed as long as the input is. */
int ks_named_input_open(const char *path, struct named_input *ret_input);

/* The standard input stays open. */
void ks_named_input_close(const struct named_input *input);
