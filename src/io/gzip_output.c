/* SPDX-License-Identifier: Apache-2.0 */
/* See gzip_output.h. zlib keeps the text inside; the buffer only ever holds what is on its way out. */
#include "gzip_output.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "descriptor.h"
#include "secret_memory.h"

#define LEVEL       6
#define WINDOW_BITS (15 + 16) /* the largest window, a gzip header */
#define MEMORY      8         /* zlib's default */
#define BUFFER_SIZE (64U << 10)

struct gzip_output {
	int fd;
	z_stream zlib;
	uint8_t buffer[BUFFER_SIZE];
};

struct gzip_output *
ks_gzip_output_new(int fd, const struct gzip_output_options *options)
{
	struct gzip_output *out = ks_secret_memory_new(sizeof(*out));
	int level = options && options->level > 0 ? options->level : LEVEL;

	if (!out)
		return NULL;
	out->fd = fd;
	out->zlib.zalloc = ks_secret_memory_zalloc;
	out->zlib.zfree = ks_secret_memory_zfree;
	if (deflateInit2(&out->zlib, level, Z_DEFLATED, WINDOW_BITS, MEMORY, Z_DEFAULT_STRATEGY) !=
	    Z_OK) {
		ks_gzip_output_free(out);
		return NULL;
	}
	if (options && options->header)
		(void)deflateSetHeader(&out->zlib, options->header);
	return out;
}

void
ks_gzip_output_free(struct gzip_output *out)
{
	if (!out)
		return;
	(void)deflateEnd(&out->zlib);
	ks_secret_memory_free(out, sizeof(*out));
}

/* Compress what zlib has been given and write all that comes out. */
static int
deflate_all(struct gzip_output *out, int flush)
{
	z_stream *z = &out->zlib;

	do {
		int r;

		z->next_out = out->buffer;
		z->avail_out = BUFFER_SIZE;
		if (deflate(z, flush) == Z_STREAM_ERROR)
			return -EIO;
		r = ks_descriptor_write(out->fd, out->buffer, BUFFER_SIZE - z->avail_out);
		if (r < 0)
			return r;
	} while (z->avail_out == 0);
	return 0;
}

int
ks_gzip_output_write(struct gzip_output *out, const uint8_t *data, size_t len)
{
	int r = 0;

	while (r == 0 && len > 0) {
		uInt n = len < UINT_MAX ? (uInt)len : UINT_MAX;

		out->zlib.next_in = (Bytef *)data;
		out->zlib.avail_in = n;
		r = deflate_all(out, Z_NO_FLUSH);
		data += n;
		len -= n;
	}
	return r;
}

int
ks_gzip_output_end(struct gzip_output *out)
{
	return deflate_all(out, Z_FINISH);
}
