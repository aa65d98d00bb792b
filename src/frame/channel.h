/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A channel: one stream of a source, gathered from the places where its payload lies in the frames, masked
 * in one piece, and put back to these places.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keysieve.h"
#include "piece.h"
#include "queue.h"

/* Output that waits for a channel, or not at all. */
#define CHANNEL_SETTLED UINT64_MAX

#define CHANNEL_GATHER_MAX (64U << 10) /* bytes of payload, but for what is held */

#define FILLS_MAX 64U

/* Which bytes of the payload a call has filled, in order; if these are too many ranges, what is between some of them too. */
struct fills {
	size_t count;
	struct {
		uint64_t from, to;
	} ranges[FILLS_MAX];
};

struct channel {
	struct ks_stream *stream;
	ks_finding_fn
		on_finding; /* who wants to know of findings, in terms of the source; or NULL */
	void *finding_ctx;
	const struct queue *queue; /* of the present call */
	uint64_t offset;           /* in the payload, of pieces[first] */
	struct place region;       /* where a region began that began before that */
	uint8_t *buf; /* payload that is not settled, in order; the last call's held bytes first */
	size_t len, size;
	struct piece *pieces; /* [first, end): of all of buf[0, len) */
	size_t first, end, piece_max;
	struct fills fills;
	bool is_line_end; /* the last byte was a line's end, or there was none */
	bool is_deferred; /* payload is gathered, and masked when this is over */
	/* What restart points depend on (cover.c): */
	uint64_t seen; /* where in the source the last payload was */
	uint64_t
		idle_offset; /* in the payload, of the last restart point; 0: it began behind that */
	uint64_t
		half_offset; /* up to where the payload was when it was last looked at, and then: */
	bool has_half;
	/* Where a mask waits for the end of what it masks, the stream keeps the bytes, and these are settled: */
	bool is_pushed;
	uint8_t *out;
	size_t out_len, out_size;
};

/*
 * The channel must stay where it is. options must keep the length. Errors: as for ks_stream_new().
 * ks_channel_done() is right after all of them.
 */
int ks_channel_init(struct channel *channel, const struct ks_ruleset *set,
                    const struct ks_stream_options *options);
/* Begin anew, as if it had just been made. Allocates nothing. */
void ks_channel_reset(struct channel *channel);
/* Wipes what it held. */
void ks_channel_done(struct channel *channel);

/*
 * Add payload, which piece describes. Borrows text. What was gathered is masked first if there is too much
 * of it; queue is where that goes. Errors: KS_ERROR_MEMORY, and as for ks_stream_mask().
 */
int ks_channel_add(struct channel *channel, struct ks_scratch *scratch, struct queue *queue,
                   const struct piece *piece, const uint8_t *text);

/*
 * Room for n more bytes of payload, 0 < n <= CHANNEL_GATHER_MAX, until the next call. That adds a string, the
 * first piece->len of these bytes. What was gathered is masked before if it is too much. Errors: KS_ERROR_MEMORY,
 * and as for ks_stream_mask().
 */
int ks_channel_room(struct channel *channel, struct ks_scratch *scratch, struct queue *queue,
                    size_t n, uint8_t **ret_room);
void ks_channel_add_string(struct channel *channel, const struct piece *piece);

/* What was gathered, and not masked yet, is from's; the channel, which is idle, takes it in its place. */
void ks_channel_take_over(struct channel *channel, struct channel *from);

/* Mask what was gathered, and write what is settled to its places. Errors: as for ks_stream_mask(). */
int ks_channel_flush(struct channel *channel, struct ks_scratch *scratch, struct queue *queue);
/* The same, and give up on what is undecided, as ks_stream_mask_held() does. */
int ks_channel_give_up(struct channel *channel, struct ks_scratch *scratch, struct queue *queue);
/* The same, where the stream has ended. */
int ks_channel_end(struct channel *channel, struct ks_scratch *scratch, struct queue *queue);

/* The first byte of the output that waits for the channel, or CHANNEL_SETTLED. */
uint64_t ks_channel_waiting(const struct channel *channel);

/* Is all of it settled, up to a line's end, and can no run go on? */
bool ks_channel_is_idle(const struct channel *channel);

/* After a flush: does a secret go on, or may one, whose bytes were seen? */
bool ks_channel_is_in_secret(const struct channel *channel);
/*
 * An idle channel: may its last line be the beginning of what only the next one decides? Errors: as for
 * ks_stream_mask().
 */
int ks_channel_find_half(struct channel *channel, struct ks_scratch *scratch, bool *ret_has_half);
