/* SPDX-License-Identifier: Apache-2.0 */
/* gzip data: members one after another, inflated piece by piece, with the place of any damage. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <zlib.h>

#define GZIP_MAGIC_SIZE 3U
extern const uint8_t ks_gzip_magic[GZIP_MAGIC_SIZE];

enum archive_state {
	ARCHIVE_MEMBER,    /* in a member, or before the first */
	ARCHIVE_BETWEEN,   /* after one: zeros, another, or the end */
	ARCHIVE_DAMAGED,   /* the rest of the states is for good */
	ARCHIVE_TRUNCATED, /* the data ends within a member */
	ARCHIVE_GARBAGE,   /* what follows a member is no member */
	ARCHIVE_NO_MEMORY
};

struct archive {
	z_stream zlib;
	enum archive_state state;
	uint64_t taken;   /* bytes of archive in all before zlib.next_in */
	uint64_t text;    /* bytes of text given */
	uint64_t problem; /* where in the archive it is, if there is one */
};

/* Returns 0 or -ENOMEM. */
int ks_archive_init(struct archive *archive);
void ks_archive_done(struct archive *archive);

/* The next bytes of the archive; those before are used up. Borrowed until they are. */
void ks_archive_feed(struct archive *archive, const uint8_t *data, size_t len);

/*
 * Inflate up to len bytes. Returns how many there were; fewer than len when more of the archive is needed or,
 * the next time, a negative errno: -EBADMSG or -ENOMEM.
 */
ssize_t ks_archive_inflate(struct archive *archive, uint8_t *out, size_t len);

/* The archive has ended. Returns 0, or -EBADMSG if it should not. */
int ks_archive_end(struct archive *archive);

/* What -EBADMSG was about: at most size bytes with the final NUL. */
void ks_archive_reason(const struct archive *archive, char *text, size_t size);
