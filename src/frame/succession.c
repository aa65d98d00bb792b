/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where nothing is open, a redactor is what its channels are: parsers begin there anew. And a channel that is idle
 * is what its last KS_LOOK_BACK bytes are (ks_stream_is_idle()). So a channel that has seen as many bytes in the
 * context makes of the part what former's would have made. Of all others the payload is gathered only, and the bytes
 * from the first of it on wait; former's channels take it over:
 *
 *     successor   |...stdout...|stderr|...stdout...|stderr|..     stdout is masked as it comes
 *                              ^ waits until succession           stderr is deferred, to former's channel
 *
 * That cannot be done for what must be given up within the part: then it is spoiled.
 */
#include "succession.h"

#include <string.h>

#include "redactor_state.h"

void
ks_redactor_reset(struct ks_redactor *r)
{
	for (unsigned i = 0; i < FRAME_STREAM_MAX; i++) {
		if (r->channels[i])
			ks_channel_reset(r->channels[i]);
	}
	explicit_bzero(r->state, r->parser->state_size);
	r->queue.base = r->queue.settled = r->queue.filled = 0;
	r->oldest = CHANNEL_SETTLED;
	r->covered = r->line_ends = r->boundary = r->idle = r->restart = r->restart_retry = 0;
	r->failure = KS_OK;
	r->has_ended = r->is_part = r->is_spoiled = false;
}

bool
ks_redactor_begin_part(struct ks_redactor *r)
{
	r->is_part = ks_redactor_is_idle(r);
	if (!r->is_part)
		return false;
	for (unsigned i = 0; i < FRAME_STREAM_MAX; i++) {
		if (r->channels[i])
			r->channels[i]->is_deferred = r->channels[i]->offset < KS_LOOK_BACK;
	}
	return true;
}

static void
put(struct ks_redactor *r, unsigned stream, struct channel *channel)
{
	r->channels[stream] = channel;
	if (channel)
		channel->finding_ctx = r->options.stream.finding_ctx;
}

/* A stream goes on in former's channel, with what was gathered of it since. */
static void
take_over(struct ks_redactor *successor, struct ks_redactor *former, unsigned stream)
{
	struct channel *own = successor->channels[stream], *channel = former->channels[stream];

	if (own)
		ks_channel_take_over(channel, own);
	put(successor, stream, channel);
	put(former, stream, own);
}

bool
ks_redactor_succeed(struct ks_redactor *successor, struct ks_redactor *former)
{
	if (successor->failure != KS_OK || successor->is_spoiled || !ks_redactor_is_idle(former))
		return false;
	for (unsigned i = 0; i < FRAME_STREAM_MAX; i++) {
		const struct channel *own = successor->channels[i];

		if (former->channels[i] && (!own || own->is_deferred))
			take_over(successor, former, i);
		if (successor->channels[i])
			successor->channels[i]->is_deferred = false;
	}
	successor->is_part = false;
	return true;
}
