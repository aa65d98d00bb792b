/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A note that a file carries, as an extended attribute, while its changes are written: what they are, so that
 * whoever comes after a kill can write the rest. The rest cannot be found again by looking for secrets:
 * half of one is none. It holds places, nothing of the secrets.
 */
#pragma once

#include "changes.h"

#define NOTE_NAME "user.keysieve.changes"

/*
 * Leave a note of changes, in place of a former one. That a file system has no room for it, or does
 * not know such attributes, is no error: there is none then.
 */
void ks_note_leave(const struct changes *changes, int fd);
/* Take it away, if there is one. */
void ks_note_remove(int fd);

/*
 * If there is a note and some of its changes were written, write the rest; then take it away.
 * *ret_bytes: how many bytes were masked. Returns 0 or a negative errno.
 */
int ks_note_redeem(int fd, uint64_t *ret_bytes);
/* The same by a note that is at hand: any bytes, of which nothing is believed. */
int ks_note_follow(const uint8_t *note, size_t len, int fd, uint64_t *ret_bytes);
