/* SPDX-License-Identifier: Apache-2.0 */
/* Who is writing: files of which it was heard that they are written, and not yet that they were closed. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WRITERS_MAX 64U

/* Zeros: nobody writes. */
struct writers {
	size_t count;
	struct {
		uint64_t file;
		int64_t at;
	} items[WRITERS_MAX]; /* when something was written last, in milliseconds */
	int64_t others;       /* the same of files that are not told apart; 0: there are none */
};

/* file: a number that stands for it. now is in milliseconds, > 0, and never goes back. */
void ks_writers_note(struct writers *writers, uint64_t file, int64_t now);
/* Something was written, nobody knows where. */
void ks_writers_note_any(struct writers *writers, int64_t now);
/* It is whole, or gone. */
void ks_writers_forget(struct writers *writers, uint64_t file);

/* Is one of them in the middle of it? Who was silent for so many milliseconds is not waited for: some never close a file. */
bool ks_writers_are_busy(struct writers *writers, int64_t now, int64_t patience);
