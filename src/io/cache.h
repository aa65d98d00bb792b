/* SPDX-License-Identifier: Apache-2.0 */
/* A directory of files that may be lost: each is found by a key, and belongs to whoever runs the program. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define CACHE_KEY 32 /* bytes of a key */

/* Of the functions below: others may write in the directory, so that nothing in it can be believed. */
enum { CACHE_UNTRUSTED = 1 };

/* Make the directory if it is missing, and its parent; a failure does not matter. A sandbox has no call for it. */
void ks_cache_make(const char *directory);

/*
 * Read what was saved under key in directory; *ret_bytes is the caller's to free(). Returns 0, CACHE_UNTRUSTED, or a
 * negative errno: -ENOENT if there is nothing, -EBADMSG if the file is damaged or others may write it.
 */
int ks_cache_load(const char *directory, const uint8_t *key, uint8_t **ret_bytes, size_t *ret_len);

/*
 * Save bytes under key, in place of what was there. A reader sees all or nothing. Files that were not used for long make room. Returns 0, CACHE_UNTRUSTED, or a negative errno:
 * then nothing is saved.
 */
int ks_cache_save(const char *directory, const uint8_t *key, const uint8_t *bytes, size_t len);
