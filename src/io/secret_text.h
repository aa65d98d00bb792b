/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of secrets that grow at the end: in locked memory, in no core file, wiped wherever they have been. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zeros: empty. */
struct secret_text {
	uint8_t *bytes;
	size_t len, size;
	bool is_unlocked; /* the limit of locked memory is too low: it could be swapped out */
};

/* Wipes and frees. The text is an empty one then. */
void ks_secret_text_done(struct secret_text *text);

/* Borrows bytes, which are not the text's own. Returns 0 or -ENOMEM. */
int ks_secret_text_add(struct secret_text *text, const void *bytes, size_t len);

/*
 * Add what fd gives up to its end. Returns 0 or a negative errno; -EFBIG: it gives more than limit bytes. Then some of it
 * may have been added.
 */
int ks_secret_text_read(struct secret_text *text, int fd, size_t limit);
