/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A text that is put together with fprintf(3) and the like. It is there as a whole or not at all: open_memstream(3) leaves
 * out what it has no memory for, and says nothing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* text: the caller's to free, with a NUL behind it that is not counted in len. */
struct memory_text {
	char *text;
	size_t len, room;
};

/* Returns NULL when memory is out. Borrows text until ks_memory_text_close(). */
FILE *ks_memory_text_open(struct memory_text *text);
/* How long it is up to here. */
size_t ks_memory_text_length(const struct memory_text *text, FILE *out);
/* Returns KS_OK, or KS_ERROR_MEMORY, which is negative, and text->text is NULL. */
int ks_memory_text_close(struct memory_text *text, FILE *out);
