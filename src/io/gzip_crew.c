/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text is cut into parts, which are deflated beside each other and written in order:
 *
 *     text      |-- dictionary --|------------ part ------------|
 *                 the last 32 KiB                    \-- dictionary --|----- next part ...
 *
 * Each is deflated with the text before it as its dictionary, and ends at a byte (Z_SYNC_FLUSH), so that the next one can
 * follow: together they are one member as any. A part ends when it is full, or when the input pauses; then
 * it is deflated at once, by who writes, with a state that goes on from pause to pause: many small ones cost no more
 * than one stream. zlib knows members from one hand only, so their first and last bytes are made here.
 */
#include "gzip_crew.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "crew.h"
#include "descriptor.h"
#include "secret_memory.h"

#define LEVEL          6
#define WINDOW_BITS    (-15) /* the largest window, nothing around the data */
#define MEMORY         8     /* zlib's default */
#define DICTIONARY_MAX ((size_t)32 << 10)
#define PART_SIZE      ((size_t)128 << 10)
#define PACKED_MAX     (PART_SIZE + (PART_SIZE >> 8) + 1024) /* more than deflate needs at worst */
#define MEMORY_SIZE    (DICTIONARY_MAX + PART_SIZE + PACKED_MAX)
#define AHEAD          2U

struct part {
	uint8_t *text; /* DICTIONARY_MAX bytes before it are the part's too */
	uint8_t *packed;
	size_t dictionary_len, len, packed_len;
	uLong checksum;
	int error; /* a negative errno, or 0 */
};

struct gzip_crew {
	int fd;
	size_t threads, part_count;
	struct crew *crew;
	z_stream *zlib;     /* one a hand of the crew; the last one in use is that of who writes */
	struct part *parts; /* a ring */
	struct part *filling;
	size_t next;     /* number of the part being filled */
	bool is_live;    /* who writes has a state that knows all the text before the part */
	bool has_begun;  /* the first bytes are out */
	uLong checksum;  /* of all that is written, */
	uint64_t length; /* and how much it is */
};

/* -------------------------------------------------------------------- deflating ---- */

/* A state that knows the text before the part. */
static int
begin(z_stream *z, const struct part *part)
{
	if (deflateReset(z) != Z_OK)
		return -EIO;
	if (part->dictionary_len == 0)
		return 0;
	return deflateSetDictionary(z, part->text - part->dictionary_len,
	                            (uInt)part->dictionary_len) == Z_OK
	               ? 0
	               : -EIO;
}

static int
pack(z_stream *z, struct part *part)
{
	z->next_in = part->text;
	z->avail_in = (uInt)part->len;
	z->next_out = part->packed;
	z->avail_out = PACKED_MAX;
	if (deflate(z, Z_SYNC_FLUSH) != Z_OK || z->avail_in > 0 || z->avail_out == 0)
		return -EIO;
	part->packed_len = PACKED_MAX - z->avail_out;
	return 0;
}

/* A crew_fn. */
static void
pack_part(void *ctx, size_t hand, void *job)
{
	struct gzip_crew *g = ctx;
	struct part *part = job;

	part->error = begin(&g->zlib[hand], part);
	if (part->error == 0)
		part->error = pack(&g->zlib[hand], part);
	part->checksum = crc32(0, part->text, (uInt)part->len);
}

/* -------------------------------------------------------------------- life cycle ---- */

static int
make_hand(z_stream *z)
{
	z->zalloc = ks_secret_memory_zalloc;
	z->zfree = ks_secret_memory_zfree;
	return deflateInit2(z, LEVEL, Z_DEFLATED, WINDOW_BITS, MEMORY, Z_DEFAULT_STRATEGY) == Z_OK
	               ? 0
	               : -ENOMEM;
}

static int
make_part(struct part *part)
{
	uint8_t *memory = ks_secret_memory_new(MEMORY_SIZE);

	if (!memory)
		return -ENOMEM;
	part->text = memory + DICTIONARY_MAX;
	part->packed = part->text + PART_SIZE;
	return 0;
}

struct gzip_crew *
ks_gzip_crew_new(int fd, size_t threads)
{
	struct gzip_crew *g = calloc(1, sizeof(*g));
	int r = 0;

	if (!g)
		return NULL;
	g->fd = fd;
	g->threads = threads;
	g->part_count = threads + AHEAD;
	g->zlib = calloc(threads + 1, sizeof(*g->zlib));
	g->parts = calloc(g->part_count, sizeof(*g->parts));
	if (!g->zlib || !g->parts) {
		ks_gzip_crew_free(g);
		return NULL;
	}
	for (size_t i = 0; r == 0 && i <= threads; i++)
		r = make_hand(&g->zlib[i]);
	for (size_t i = 0; r == 0 && i < g->part_count; i++)
		r = make_part(&g->parts[i]);
	g->filling = g->parts;
	if (r == 0)
		return g;
	ks_gzip_crew_free(g);
	return NULL;
}

void
ks_gzip_crew_free(struct gzip_crew *g)
{
	if (!g)
		return;
	ks_crew_free(g->crew);
	for (size_t i = 0; g->zlib && i <= g->threads; i++)
		(void)deflateEnd(&g->zlib[i]);
	for (size_t i = 0; g->parts && i < g->part_count; i++) {
		if (g->parts[i].text)
			ks_secret_memory_free(g->parts[i].text - DICTIONARY_MAX, MEMORY_SIZE);
	}
	free(g->zlib);
	free(g->parts);
	free(g);
}

/* ----------------------------------------------------------------------- writing ---- */

static int
write_begin(struct gzip_crew *g)
{
	/* deflate, no name, no time, Unix */
	static const uint8_t header[] = { 0x1f, 0x8b, Z_DEFLATED, 0, 0, 0, 0, 0, 0, 3 };

	if (g->has_begun)
		return 0;
	g->has_begun = true;
	return ks_descriptor_write(g->fd, header, sizeof(header));
}

static void
put_little_endian(uint8_t *to, uint64_t value)
{
	for (int i = 0; i < 4; i++)
		to[i] = (uint8_t)(value >> 8 * i);
}

/* An empty last piece of data, checksum and length. */
static int
write_end(struct gzip_crew *g)
{
	uint8_t end[10] = { 3, 0 };

	put_little_endian(end + 2, g->checksum);
	put_little_endian(end + 6, g->length);
	return ks_descriptor_write(g->fd, end, sizeof(end));
}

static int
write_part(struct gzip_crew *g, const struct part *part)
{
	int r = part->error;

	if (r == 0)
		r = write_begin(g);
	if (r == 0)
		r = ks_descriptor_write(g->fd, part->packed, part->packed_len);
	g->checksum = crc32_combine(g->checksum, part->checksum, (z_off_t)part->len);
	g->length += part->len;
	return r;
}

/* Write the parts that are done; wait until at most so many are not. */
static int
write_parts(struct gzip_crew *g, size_t left)
{
	int r = 0;

	while (r == 0 && g->crew && (ks_crew_count(g->crew) > left || ks_crew_is_done(g->crew)))
		r = write_part(g, ks_crew_take(g->crew, false));
	return r;
}

/* ----------------------------------------------------------------------- filling ---- */

/* Go on with another part, behind this one. */
static void
turn_over(struct gzip_crew *g)
{
	struct part *former = g->filling;
	size_t known = former->dictionary_len + former->len;

	g->next = (g->next + 1) % g->part_count;
	g->filling = &g->parts[g->next];
	g->filling->len = 0;
	g->filling->dictionary_len = known < DICTIONARY_MAX ? known : DICTIONARY_MAX;
	memcpy(g->filling->text - g->filling->dictionary_len,
	       former->text + former->len - g->filling->dictionary_len, g->filling->dictionary_len);
}

/* The part is full. */
static int
give_part(struct gzip_crew *g)
{
	int r;

	if (!g->crew)
		g->crew = ks_crew_new(g->threads, g->part_count, pack_part, g);
	if (!g->crew)
		return -ENOMEM;
	ks_crew_give(g->crew, g->filling);
	g->is_live = false;
	r = write_parts(g, g->part_count - 1);
	turn_over(g);
	return r;
}

int
ks_gzip_crew_write(struct gzip_crew *g, const uint8_t *data, size_t len)
{
	int r = 0;

	while (r == 0 && len > 0) {
		struct part *part = g->filling;
		size_t room = PART_SIZE - part->len, n = len < room ? len : room;

		memcpy(part->text + part->len, data, n);
		part->len += n;
		data += n;
		len -= n;
		if (part->len == PART_SIZE)
			r = give_part(g);
	}
	return r;
}

int
ks_gzip_crew_flush(struct gzip_crew *g)
{
	z_stream *z = &g->zlib[g->crew ? ks_crew_size(g->crew) : g->threads];
	struct part *part = g->filling;
	int r = write_parts(g, 0);

	if (r < 0 || part->len == 0)
		return r;
	part->error = g->is_live ? 0 : begin(z, part);
	if (part->error == 0)
		part->error = pack(z, part);
	part->checksum = crc32(0, part->text, (uInt)part->len);
	g->is_live = true;
	r = write_part(g, part);
	turn_over(g);
	return r;
}

int
ks_gzip_crew_end(struct gzip_crew *g)
{
	int r = ks_gzip_crew_flush(g);

	if (r == 0)
		r = write_begin(g);
	return r == 0 ? write_end(g) : r;
}
