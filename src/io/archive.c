/* SPDX-License-Identifier: Apache-2.0 */
/*
 * As gzip(1) does it: zeros that follow a member are padding, and another member may follow. Anything else
 * is no part of the archive. Text is given even if the checksum at its end turns out to be wrong: it
 * is masked like all text, and a stream cannot wait for its end.
 */
#include "archive.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "secret_memory.h"

#define WINDOW_BITS (15 + 16) /* the largest window; gzip only, no zlib header */
#define MAGIC_READ  2U        /* bytes that inflate() takes before it knows that it is no gzip */

const uint8_t ks_gzip_magic[GZIP_MAGIC_SIZE] = { 0x1f, 0x8b, 8 };

int
ks_archive_init(struct archive *a)
{
	*a = (struct archive){ .zlib = { .zalloc = ks_secret_memory_zalloc,
		                         .zfree = ks_secret_memory_zfree } };
	return inflateInit2(&a->zlib, WINDOW_BITS) == Z_OK ? 0 : -ENOMEM;
}

void
ks_archive_done(struct archive *a)
{
	(void)inflateEnd(&a->zlib);
}

void
ks_archive_feed(struct archive *a, const uint8_t *data, size_t len)
{
	a->zlib.next_in = (Bytef *)data;
	a->zlib.avail_in = (uInt)len;
}

static void
fail(struct archive *a, enum archive_state state, uint64_t at)
{
	a->state = state;
	a->problem = at;
}

/* Skip zeros. Is there something behind them? */
static bool
begin_member(struct archive *a)
{
	z_stream *z = &a->zlib;

	while (z->avail_in > 0 && *z->next_in == 0) {
		z->next_in++;
		z->avail_in--;
		a->taken++;
	}
	if (z->avail_in == 0)
		return false;
	(void)inflateReset(z);
	a->state = ARCHIVE_MEMBER;
	return true;
}

static void
note_damage(struct archive *a)
{
	bool is_first = a->taken == a->zlib.total_in;

	if (a->zlib.total_in <= MAGIC_READ && !is_first)
		fail(a, ARCHIVE_GARBAGE, a->taken - a->zlib.total_in);
	else
		fail(a, ARCHIVE_DAMAGED, a->taken);
}

/* One call of inflate(). Returns whether it may be called again. */
static bool
step(struct archive *a)
{
	z_stream *z = &a->zlib;
	uInt in = z->avail_in, out = z->avail_out;
	int r = inflate(z, Z_SYNC_FLUSH);

	a->taken += in - z->avail_in;
	a->text += out - z->avail_out;
	switch (r) {
	case Z_OK:
		return true;
	case Z_BUF_ERROR: /* it needs more input, or more room */
		return false;
	case Z_STREAM_END:
		a->state = ARCHIVE_BETWEEN;
		return true;
	case Z_MEM_ERROR:
		fail(a, ARCHIVE_NO_MEMORY, a->taken);
		return false;
	default:
		note_damage(a);
		return false;
	}
}

static int
error_of(const struct archive *a)
{
	if (a->state == ARCHIVE_NO_MEMORY)
		return -ENOMEM;
	return a->state >= ARCHIVE_DAMAGED ? -EBADMSG : 0;
}

ssize_t
ks_archive_inflate(struct archive *a, uint8_t *out, size_t len)
{
	size_t n;

	a->zlib.next_out = out;
	a->zlib.avail_out = (uInt)len;
	while (a->state < ARCHIVE_DAMAGED && a->zlib.avail_out > 0) {
		if (a->state == ARCHIVE_BETWEEN && !begin_member(a))
			break;
		if (!step(a))
			break;
	}
	n = len - a->zlib.avail_out;
	return n > 0 ? (ssize_t)n : error_of(a);
}

int
ks_archive_end(struct archive *a)
{
	if (a->state == ARCHIVE_MEMBER)
		fail(a, ARCHIVE_TRUNCATED, a->taken);
	return error_of(a);
}

void
ks_archive_reason(const struct archive *a, char *text, size_t size)
{
	const char *problem = "damaged gzip data at";

	if (a->state == ARCHIVE_TRUNCATED)
		problem = "truncated gzip data: it ends at";
	else if (a->state == ARCHIVE_GARBAGE)
		problem = "the gzip data ends, and something else follows, at";
	(void)snprintf(text, size, "%s byte %" PRIu64 " (%" PRIu64 " bytes of text before it)",
	               problem, a->problem, a->text);
}
