/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Payload is gathered, for a line's few bytes are too few for a call of the engine, then masked where it
 * was gathered, then written back:
 *
 *     queue    |..frame..|payload A1|..frame..|payload B1|..frame..|payload A2|
 *                         |        ^                                |
 *                         v        '---------- settled -------.     v
 *     buf of A            |held ...|.............. A1 ........|.... A2 ....|
 *
 * Invariants: pieces[first, end) describe buf[0, len), byte for byte. A byte of the queue is written only
 * when it settles. Where a settled byte is what it was, nothing changes: escapes stay as they were spelled.
 */
#include "channel.h"

#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "stream.h"

#define SIZE_MIN 512U

void
ks_channel_done(struct channel *c)
{
	ks_stream_free(c->stream);
	if (c->buf)
		explicit_bzero(c->buf, c->size);
	free(c->buf);
	if (c->pieces)
		explicit_bzero(c->pieces, c->piece_max * sizeof(*c->pieces));
	free(c->pieces);
	if (c->out)
		explicit_bzero(c->out, c->out_size);
	free(c->out);
	*c = (struct channel){ 0 };
}

/* ---------------------------------------------------------------------- gathering ---- */

/* A bigger place for the bytes, that leaves none of them behind. */
static int
grow(void **memory, size_t *size, size_t used, size_t wanted, size_t unit)
{
	size_t n = *size ? *size : SIZE_MIN;
	void *grown;

	if (wanted <= *size)
		return KS_OK;
	while (n < wanted)
		n *= 2;
	grown = calloc(n, unit);
	if (!grown)
		return KS_ERROR_MEMORY;
	if (used)
		memcpy(grown, *memory, used * unit);
	if (*memory)
		explicit_bzero(*memory, *size * unit);
	free(*memory);
	*memory = grown;
	*size = n;
	return KS_OK;
}

/* Room for n more bytes. */
static int
grow_bytes(uint8_t **bytes, size_t *size, size_t used, size_t n)
{
	void *memory = *bytes;
	int r = grow(&memory, size, used, used + n, 1);

	*bytes = memory;
	return r;
}

/* A ks_sink_fn. */
static int
on_settled(void *ctx, const uint8_t *data, size_t len)
{
	struct channel *c = ctx;
	int r = grow_bytes(&c->out, &c->out_size, c->out_len, len);

	if (r != KS_OK)
		return r;
	memcpy(c->out + c->out_len, data, len);
	c->out_len += len;
	return 0;
}

/* ---------------------------------------------------------------------- fills ---- */

/* A ks_fill_fn. */
static int
note_fill(void *ctx, uint8_t *data, size_t len)
{
	struct channel *c = ctx;
	struct fills *fills = &c->fills;
	uint64_t from = c->offset + (uint64_t)(data - c->buf);

	if (fills->count == FILLS_MAX)
		fills->count--;
	else
		fills->ranges[fills->count].from = from;
	fills->ranges[fills->count++].to = from + len;
	return 0;
}

/* -------------------------------------------------------------------- places ---- */

/* Where a byte of the payload is, from offset on. */
static struct place
find_place(const struct channel *c, uint64_t offset)
{
	size_t begin = 0;

	for (size_t i = c->first; i < c->end; i++) {
		const struct piece *piece = &c->pieces[i];

		if (c->offset + begin + piece->len > offset)
			return ks_piece_place(piece, c->queue,
			                      (size_t)(offset - c->offset - begin));
		begin += piece->len;
	}
	return (struct place){ 0, 0 };
}

/* A ks_finding_fn. */
static void
tell_finding(void *ctx, const struct ks_finding *finding)
{
	struct channel *c = ctx;
	struct ks_finding told = *finding;
	struct place place = finding->offset < c->offset ? c->region
	                                                 : find_place(c, finding->offset);

	told.offset = place.at;
	told.line = place.line;
	c->on_finding(c->finding_ctx, &told);
}

/* Remember where a region begins that will be told of when the piece is gone. */
static void
note_region(struct channel *c)
{
	uint64_t offset;

	if (c->on_finding && ks_stream_region(c->stream, &offset) && offset >= c->offset)
		c->region = find_place(c, offset);
}

/* ------------------------------------------------------------------- life cycle ---- */

int
ks_channel_init(struct channel *c, const struct ks_ruleset *set,
                const struct ks_stream_options *options)
{
	struct ks_stream_options own = *options;

	*c = (struct channel){ .is_line_end = true, .first = 1, .end = 1 };
	c->is_pushed = ks_stream_needs_sink(set, options);
	c->on_finding = options->on_finding;
	c->finding_ctx = options->finding_ctx;
	own.on_finding = c->on_finding ? tell_finding : NULL;
	own.finding_ctx = c;
	own.counts_lines = 0; /* those of the payload */
	own.sink = c->is_pushed ? on_settled : NULL;
	own.sink_ctx = c;
	own.on_fill = c->is_pushed ? NULL : note_fill;
	own.fill_ctx = c;
	return ks_stream_new(set, &own, &c->stream);
}

void
ks_channel_reset(struct channel *c)
{
	ks_stream_reset(c->stream);
	c->offset = 0;
	c->region = (struct place){ 0, 0 };
	c->len = c->out_len = 0;
	c->first = c->end = 1;
	c->fills.count = 0;
	c->is_line_end = true;
	c->is_deferred = false;
	c->seen = c->idle_offset = c->half_offset = 0;
	c->has_half = false;
}

/* The place before the first stays free: the rest of an escape may go there. */
static int
reserve_piece(struct channel *c)
{
	void *pieces = c->pieces;
	size_t used = c->end - c->first;
	int r;

	if (c->end < c->piece_max)
		return KS_OK;
	if (c->pieces && c->first > c->end / 2) {
		memmove(c->pieces + 1, c->pieces + c->first, used * sizeof(*c->pieces));
		c->first = 1;
		c->end = 1 + used;
		return KS_OK;
	}
	r = grow(&pieces, &c->piece_max, c->pieces ? c->end : 0, c->end + 1, sizeof(*c->pieces));
	c->pieces = pieces;
	return r;
}

/* The last piece, if the new one just goes on behind it. */
static struct piece *
last_before(struct channel *c, const struct piece *piece)
{
	struct piece *last = c->end > c->first ? &c->pieces[c->end - 1] : NULL;

	return last && last->kind == PIECE_PLAIN && piece->kind == PIECE_PLAIN &&
	                       last->at + last->len == piece->at
	               ? last
	               : NULL;
}

static int
append(struct channel *c, const struct piece *piece, const uint8_t *text)
{
	struct piece *last = last_before(c, piece);
	int r = grow_bytes(&c->buf, &c->size, c->len, piece->len);

	if (r == KS_OK && !last)
		r = reserve_piece(c);
	if (r != KS_OK)
		return r;
	memcpy(c->buf + c->len, text, piece->len);
	c->len += piece->len;
	if (last)
		last->len += piece->len;
	else
		c->pieces[c->end++] = *piece;
	c->is_line_end = text[piece->len - 1] == '\n';
	return KS_OK;
}

int
ks_channel_add(struct channel *c, struct ks_scratch *scratch, struct queue *queue,
               const struct piece *piece, const uint8_t *text)
{
	struct piece part = *piece;
	size_t left = piece->len;
	int r = KS_OK;

	while (r == KS_OK && left > 0) {
		if (c->len + left > CHANNEL_GATHER_MAX && c->len > 0)
			r = ks_channel_flush(c, scratch, queue);
		part.len = left < CHANNEL_GATHER_MAX ? left : CHANNEL_GATHER_MAX;
		if (r == KS_OK)
			r = append(c, &part, text);
		part.line += part.line ? ks_line_ends(text, part.len) : 0;
		part.at += part.len;
		text += part.len;
		left -= part.len;
	}
	return r;
}

int
ks_channel_room(struct channel *c, struct ks_scratch *scratch, struct queue *queue, size_t n,
                uint8_t **ret_room)
{
	int r = KS_OK;

	if (c->len + n > CHANNEL_GATHER_MAX && c->len > 0)
		r = ks_channel_flush(c, scratch, queue);
	if (r == KS_OK)
		r = reserve_piece(c);
	if (r == KS_OK)
		r = grow_bytes(&c->buf, &c->size, c->len, n);
	if (r == KS_OK)
		*ret_room = c->buf + c->len;
	return r;
}

void
ks_channel_add_string(struct channel *c, const struct piece *piece)
{
	c->pieces[c->end++] = *piece;
	c->len += piece->len;
	c->is_line_end = c->buf[c->len - 1] == '\n';
}

void
ks_channel_take_over(struct channel *c, struct channel *from)
{
	struct channel idle = *c;

	if (from->first == from->end)
		return;
	c->buf = from->buf;
	c->len = from->len;
	c->size = from->size;
	c->pieces = from->pieces;
	c->first = from->first;
	c->end = from->end;
	c->piece_max = from->piece_max;
	c->is_line_end = from->is_line_end;
	from->buf = idle.buf;
	from->len = idle.len;
	from->size = idle.size;
	from->pieces = idle.pieces;
	from->first = idle.first;
	from->end = idle.end;
	from->piece_max = idle.piece_max;
}

/* ----------------------------------------------------------------------- settling ---- */

/* Are the bytes of the payload from there on filled? Returns how many of n are alike. */
static size_t
alike(const struct fills *fills, size_t *next, uint64_t from, size_t n, bool *ret_filled)
{
	uint64_t to = from + n;

	while (*next < fills->count && fills->ranges[*next].to <= from)
		(*next)++;
	*ret_filled = *next < fills->count && fills->ranges[*next].from <= from;
	if (*next < fills->count) {
		uint64_t end = *ret_filled ? fills->ranges[*next].to : fills->ranges[*next].from;

		to = end < to ? end : to;
	}
	return (size_t)(to - from);
}

/* These bytes are what the next pieces are masked as. */
static void
settle(struct channel *c, struct queue *queue, const uint8_t *bytes, size_t settled)
{
	size_t next = 0;

	note_region(c);
	for (size_t n, done = 0; done < settled; done += n) {
		struct piece *piece = &c->pieces[c->first], rest;
		bool is_filled = true;

		n = piece->len < settled - done ? piece->len : settled - done;
		if (!c->is_pushed)
			n = alike(&c->fills, &next, c->offset + done, n, &is_filled);
		ks_piece_settle(piece, queue, is_filled ? bytes + done : NULL, n, &rest);
		c->first += piece->len == 0;
		if (rest.len > 0)
			c->pieces[--c->first] = rest;
	}
	c->offset += settled;
	if (c->first == c->end)
		c->first = c->end = 1;
	c->fills.count = 0;
}

/* buf[0, settled) goes to its places, and out of the channel. */
static void
settle_in_place(struct channel *c, struct queue *queue, size_t settled)
{
	size_t behind;

	settle(c, queue, c->buf, settled);
	c->len -= settled;
	behind = c->len > settled ? c->len : settled;
	memmove(c->buf, c->buf + settled, c->len);
	explicit_bzero(c->buf + behind, settled + c->len - behind); /* where they were */
}

static void
settle_pushed(struct channel *c, struct queue *queue)
{
	settle(c, queue, c->out, c->out_len);
	c->out_len = 0;
}

static int
flush_pushed(struct channel *c, struct ks_scratch *scratch, struct queue *queue)
{
	int r = c->len > 0 ? ks_stream_feed(c->stream, scratch, c->buf, c->len) : KS_OK;

	explicit_bzero(c->buf, c->len);
	c->len = 0;
	if (r == KS_OK)
		settle_pushed(c, queue);
	return r;
}

int
ks_channel_flush(struct channel *c, struct ks_scratch *scratch, struct queue *queue)
{
	size_t settled;
	int r;

	c->queue = queue;
	if (c->is_deferred)
		return KS_OK;
	if (c->is_pushed)
		return flush_pushed(c, scratch, queue);
	if (c->len == ks_stream_held(c->stream))
		return KS_OK; /* nothing new */
	r = ks_stream_mask(c->stream, scratch, c->buf, c->len, &settled);
	if (r == KS_OK)
		settle_in_place(c, queue, settled);
	return r;
}

/* All is fed; what is held settles. */
static int
settle_rest(struct channel *c, struct ks_scratch *scratch, struct queue *queue, bool is_end)
{
	int r;

	if (c->is_pushed) {
		r = is_end ? ks_stream_feed_end(c->stream, scratch)
		           : ks_stream_feed_stop(c->stream, scratch);
		if (r == KS_OK)
			settle_pushed(c, queue);
		return r;
	}
	r = is_end ? ks_stream_mask_end(c->stream, scratch, c->buf, c->len)
	           : ks_stream_mask_held(c->stream, scratch, c->buf, c->len);
	if (r == KS_OK)
		settle_in_place(c, queue, c->len);
	return r;
}

int
ks_channel_give_up(struct channel *c, struct ks_scratch *scratch, struct queue *queue)
{
	int r = ks_channel_flush(c, scratch, queue);

	return r == KS_OK ? settle_rest(c, scratch, queue, false) : r;
}

int
ks_channel_end(struct channel *c, struct ks_scratch *scratch, struct queue *queue)
{
	int r = ks_channel_flush(c, scratch, queue);

	return r == KS_OK ? settle_rest(c, scratch, queue, true) : r;
}

uint64_t
ks_channel_waiting(const struct channel *c)
{
	for (size_t i = c->first; i < c->end; i++) {
		if (c->pieces[i].kind != PIECE_CONTEXT)
			return c->pieces[i].at;
	}
	return CHANNEL_SETTLED;
}

bool
ks_channel_is_idle(const struct channel *c)
{
	return c->is_line_end && c->len == 0 && c->first == c->end && ks_stream_is_idle(c->stream);
}

bool
ks_channel_is_in_secret(const struct channel *c)
{
	return c->len > 0 || c->first != c->end || ks_stream_is_in_secret(c->stream);
}

/* Most channels have nothing new when they are asked again. */
int
ks_channel_find_half(struct channel *c, struct ks_scratch *scratch, bool *ret_has_half)
{
	int r = KS_OK;

	if (c->half_offset != c->offset)
		r = ks_stream_find_half(c->stream, scratch, &c->has_half);
	c->half_offset = c->offset;
	*ret_has_half = c->has_half;
	return r;
}
