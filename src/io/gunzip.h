/* SPDX-License-Identifier: Apache-2.0 */
/* Inflating what a descriptor gives, on a thread of its own. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct gunzip;

#define GUNZIP_READ_SIZE (64U << 10) /* bytes that are read at once, at most */

/*
 * Begin: front[0, len), len <= GUNZIP_READ_SIZE, was read from fd already. Borrows fd until freed, and front until
 * it returns. Returns NULL when memory or threads are out.
 */
struct gunzip *ks_gunzip_new(int fd, const uint8_t *front, size_t len);
/* Stops the thread, wipes what was not read. NULL is fine. */
void ks_gunzip_free(struct gunzip *gunzip);

/* As the functions of the same names of an input do. */
int ks_gunzip_descriptor(const struct gunzip *gunzip);
ssize_t ks_gunzip_read(struct gunzip *gunzip, uint8_t *buf, size_t len);
bool ks_gunzip_is_ready(struct gunzip *gunzip);
uint64_t ks_gunzip_position(struct gunzip *gunzip);
/* What -EBADMSG was about. Only after it was returned. */
void ks_gunzip_reason(const struct gunzip *gunzip, char *text, size_t size);
