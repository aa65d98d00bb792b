/* SPDX-License-Identifier: Apache-2.0 */
/* What is to be masked in a file: gathered, then written at once. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHANGE_PAGE 4096U /* a page, or a part of one */

/* Bytes of a file. */
struct change {
	uint64_t offset, length;
	uint32_t checksum; /* of what they are now */
};

/* In order, not adjacent. All zeros but for fill is an empty list. */
struct changes {
	struct change *items;
	size_t count, size;
	uint64_t bytes; /* the sum of lengths */
	uint8_t fill;   /* what is to be written over them, and what none of them is yet */
};

void ks_changes_done(struct changes *changes);
void ks_changes_clear(struct changes *changes);

/*
 * Add those bytes of masked[0, len), which stand at that offset in the file, that differ from original.
 * Offsets only grow from call to call. Returns 0 or -ENOMEM.
 */
int ks_changes_add(struct changes *changes, uint64_t offset, const uint8_t *masked,
                   const uint8_t *original, size_t len);

/*
 * Write over them, the last first, each by pages and its last page first. Then the list is empty. Nothing
 * is written unless all of them are still what they were. are_apart: each is a whole secret, so that it does
 * not matter if only some were written; otherwise a note is left, for ks_note_redeem(), as long as it takes.
 * Returns 0, a negative errno or
 * -ESTALE   they are not what they were
 * -ENODATA  the file is shorter than that
 */
int ks_changes_write(struct changes *changes, int fd, bool are_apart);

/*
 * The pieces of a change in the order in which they are written: the last of those before end, which is the
 * change's end first and then what *ret_from was. Returns whether there is one.
 */
bool ks_change_last_piece(const struct change *change, uint64_t end, uint64_t *ret_from);
