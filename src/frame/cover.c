/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What parsers call: bytes of the input are covered, from the front on, and so become parts of the frames, which
 * pass, or payload of channels.
 *
 * Invariant: no more is covered than the limit allows, with all payload before it seen.
 */
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "redactor_state.h"

#define SHARED_MAX       1024U /* bytes that several streams gather at once: each is a piece */
#define RESTART_DISTANCE (16U << 10) /* far more than what a match looks back at */
#define RESTART_RETRY    (1U << 10)  /* until it is tried again where there was no restart point */
#define SILENCE_MAX      (64U << 20) /* of a stream whose last line may have begun something */

/* ------------------------------------------------------------------- channels ---- */

/* A trigger may have the end of the line before for its first byte. */
static void
add_line_end(struct ks_redactor *r, struct channel *channel)
{
	const struct piece piece = { .kind = PIECE_CONTEXT, .at = r->covered, .len = 1 };

	ks_redactor_fail(
		r, ks_channel_add(channel, r->scratch, &r->queue, &piece, (const uint8_t *)"\n"));
}

static struct channel *
need_channel(struct ks_redactor *r, unsigned number)
{
	struct ks_stream_options options = r->options.stream;
	struct channel *channel = r->channels[number];
	int status;

	if (channel || r->failure != KS_OK)
		return channel;
	options.keeps_length = 1; /* what frames say of lengths stays true */
	options.begins_in_run = r->begins_in_run[number];
	channel = calloc(1, sizeof(*channel));
	status = channel ? ks_channel_init(channel, r->set, &options) : KS_ERROR_MEMORY;
	if (status != KS_OK) {
		free(channel);
		ks_redactor_fail(r, status);
		return NULL;
	}
	channel->is_deferred = r->is_part;
	r->channels[number] = channel;
	if (r->options.begins_behind_line && !options.begins_in_run)
		add_line_end(r, channel);
	return channel;
}

static void
give_up(struct ks_redactor *r, unsigned number)
{
	struct channel *channel = r->channels[number];

	if (r->is_part && (!channel || channel->is_deferred))
		r->is_spoiled = true;
	if (!channel || r->failure != KS_OK)
		return;
	channel->is_deferred = false;
	ks_redactor_fail(r, ks_channel_give_up(channel, r->scratch, &r->queue));
}

static void
give_up_oldest(struct ks_redactor *r)
{
	for (unsigned i = 0; i < FRAME_STREAM_MAX; i++) {
		if (r->channels[i] && ks_channel_waiting(r->channels[i]) == r->oldest) {
			give_up(r, i);
			return;
		}
	}
}

/* ---------------------------------------------------------------------- limit ---- */

/* Would a run still wait that is within the limit, once all before 'to' is covered? */
static bool
is_within_limit(const struct ks_redactor *r, uint64_t to)
{
	return r->oldest == CHANNEL_SETTLED || to - r->oldest <= r->options.limit;
}

/*
 * How many of the next n bytes can be covered before a run must be given up? At least 1; all of them if
 * they are one piece.
 */
static size_t
bytes_within_limit(struct ks_redactor *r, size_t n, bool is_one)
{
	uint64_t to = r->covered + n;

	while (r->failure == KS_OK && !is_within_limit(r, to)) {
		ks_redactor_each_channel(r, ks_channel_flush);
		if (r->failure != KS_OK || is_within_limit(r, to))
			break;
		if (!is_one && r->oldest + r->options.limit > r->covered)
			return r->oldest + r->options.limit - r->covered;
		give_up_oldest(r);
	}
	return n;
}

static const uint8_t *
next_bytes(const struct ks_redactor *r)
{
	return ks_queue_at(&r->queue, r->covered);
}

static void
cover(struct ks_redactor *r, size_t n)
{
	if (r->options.stream.counts_lines)
		r->line_ends += ks_line_ends(next_bytes(r), n);
	r->covered += n;
}

/* 0: lines are not counted. */
static uint64_t
line_of_next(const struct ks_redactor *r)
{
	return r->options.stream.counts_lines ? r->line_ends + 1 : 0;
}

static void
add(struct ks_redactor *r, unsigned stream, const struct piece *piece, const uint8_t *text)
{
	struct channel *channel = need_channel(r, stream);

	if (r->failure != KS_OK)
		return;
	if (piece->kind != PIECE_CONTEXT && piece->at < r->oldest)
		r->oldest = piece->at;
	channel->seen = piece->at;
	ks_redactor_fail(r, ks_channel_add(channel, r->scratch, &r->queue, piece, text));
}

void
ks_redactor_pass(struct ks_redactor *r, size_t n)
{
	while (n > 0 && r->failure == KS_OK) {
		size_t part = bytes_within_limit(r, n, false);

		cover(r, part);
		n -= part;
	}
}

void
ks_redactor_payload(struct ks_redactor *r, unsigned stream, size_t n)
{
	while (n > 0 && r->failure == KS_OK) {
		size_t len = bytes_within_limit(r, n, false);
		struct piece piece = {
			.kind = PIECE_PLAIN, .at = r->covered, .line = line_of_next(r), .len = len
		};

		add(r, stream, &piece, next_bytes(r));
		cover(r, len);
		n -= len;
	}
}

uint8_t *
ks_redactor_room(struct ks_redactor *r, unsigned stream, size_t ahead, size_t n)
{
	struct channel *channel;
	uint8_t *room = NULL;

	if (n > CHANNEL_GATHER_MAX || !is_within_limit(r, r->covered + ahead))
		return NULL;
	channel = need_channel(r, stream);
	if (r->failure == KS_OK)
		ks_redactor_fail(r, ks_channel_room(channel, r->scratch, &r->queue, n, &room));
	return r->failure == KS_OK ? room : NULL;
}

void
ks_redactor_string(struct ks_redactor *r, unsigned stream, size_t n, size_t len)
{
	struct piece piece = { .kind = PIECE_STRING,
		               .width = n,
		               .len = len,
		               .at = r->covered,
		               .line = line_of_next(r) };

	if (r->failure != KS_OK)
		return;
	if (r->covered < r->oldest)
		r->oldest = r->covered;
	r->channels[stream]->seen = piece.at;
	ks_channel_add_string(r->channels[stream], &piece);
	cover(r, n);
}

void
ks_redactor_escape_of_any(struct ks_redactor *r, uint64_t streams, size_t n, const uint8_t *text,
                          size_t len)
{
	struct piece piece = { .kind = PIECE_ESCAPE, .width = n, .len = len };

	(void)bytes_within_limit(r, n, true);
	piece.at = r->covered;
	piece.line = line_of_next(r);
	memcpy(piece.text, text, len);
	for (; streams; streams &= streams - 1)
		add(r, (unsigned)__builtin_ctzll(streams), &piece, piece.text);
	cover(r, n);
}

void
ks_redactor_escape(struct ks_redactor *r, unsigned stream, size_t n, const uint8_t *text,
                   size_t len)
{
	ks_redactor_escape_of_any(r, UINT64_C(1) << stream, n, text, len);
}

/* As escapes of one byte, for these are only written where they are masked: so a mask of any stream stays. */
void
ks_redactor_payload_of_any(struct ks_redactor *r, uint64_t streams, size_t n)
{
	for (; n > 0 && r->failure == KS_OK; n--) {
		ks_redactor_escape_of_any(r, streams, 1, next_bytes(r), 1);
		if (n % SHARED_MAX == 0)
			ks_redactor_each_channel(r, ks_channel_flush);
	}
}

void
ks_redactor_give_up(struct ks_redactor *r, uint64_t streams)
{
	for (; streams; streams &= streams - 1)
		give_up(r, (unsigned)__builtin_ctzll(streams));
}

void
ks_redactor_context(struct ks_redactor *r, unsigned stream, const uint8_t *text, size_t len)
{
	struct piece piece = { .kind = PIECE_CONTEXT, .at = r->covered, .len = len };

	if (len > 0)
		add(r, stream, &piece, text);
}

/* -------------------------------------------------------------- restart points ---- */

/*
 * Can what comes in this channel depend on what it had before the last idle point? Of its payload since then enough was seen,
 * or all. Else nothing may have begun: no secret; and nothing that may become one, but for a stream that
 * has been silent for so long that all of the source would have to be read again because of it.
 */
static bool
depends_on_past(struct ks_redactor *r, struct channel *c)
{
	bool is_silent = r->covered - c->seen >= SILENCE_MAX, has_half = true;

	if (!ks_channel_is_idle(c))
		return !is_silent || ks_channel_is_in_secret(c);
	if (c->idle_offset == 0 || c->offset - c->idle_offset >= KS_LOOK_BACK || is_silent)
		return false;
	ks_redactor_fail(r, ks_channel_find_half(c, r->scratch, &has_half));
	return has_half;
}

static bool
is_restart_point(struct ks_redactor *r)
{
	ks_redactor_each_channel(r, ks_channel_flush);
	for (unsigned i = 0; i < FRAME_STREAM_MAX && r->failure == KS_OK; i++) {
		if (r->channels[i] && depends_on_past(r, r->channels[i]))
			return false;
	}
	return r->failure == KS_OK;
}

/*
 * Of two idle points that are far enough from each other the first is one to begin again at: nothing
 * before it can have a part in what comes behind the second.
 */
void
ks_redactor_boundary(struct ks_redactor *r)
{
	r->boundary = r->covered;
	if (!r->options.wants_restart || r->covered - r->idle < RESTART_DISTANCE ||
	    r->covered < r->restart_retry)
		return;
	if (!is_restart_point(r)) {
		r->restart_retry = r->covered + RESTART_RETRY;
		return;
	}
	r->restart = r->idle;
	r->idle = r->covered;
	for (unsigned i = 0; i < FRAME_STREAM_MAX; i++) {
		if (r->channels[i])
			r->channels[i]->idle_offset = r->channels[i]->offset;
	}
}

void
ks_redactor_renew(struct ks_redactor *r, unsigned stream)
{
	give_up(r, stream);
	ks_redactor_free_channel(r, stream);
	r->begins_in_run[stream] = r->options.stream.begins_in_run;
}

size_t
ks_redactor_limit(const struct ks_redactor *r)
{
	return r->options.limit;
}
