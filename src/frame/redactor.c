/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A redactor: a source's bytes in, the same bytes out, with the secrets of each of its streams masked.
 *
 *     settled              oldest                covered              filled
 *        |--- can leave ----|--- must wait -------|-- not yet parsed --|
 *                           ^ first byte of an undecided run
 *
 * Input goes into a queue. The parser of its frames covers it (cover.c): frames pass, payload is gathered in channels.
 * Bytes leave in order, up to the first that waits for a channel.
 *
 * Invariants: what comes out depends on the input's bytes alone, not on how they were cut. That holds for
 * the limit too: a run is given up when the byte that is one limit behind its first is to be covered, not
 * before, and with all payload before that byte seen. After an error nothing comes out any more.
 */
#include "redactor_state.h"
#include "stream.h"
#include "succession.h"

#include <stdlib.h>
#include <string.h>

#define SLICE_SIZE ((size_t)64 << 10)
#define LIMIT      (1U << 20)

void
ks_redactor_fail(struct ks_redactor *r, int status)
{
	if (r->failure == KS_OK)
		r->failure = status;
}

/* ------------------------------------------------------------------- life cycle ---- */

static const struct parser *
find_parser(enum ks_frame frame)
{
	static const struct parser *const parsers[] = { &ks_raw_parser, &ks_cri_parser,
		                                        &ks_docker_parser, &ks_journal_parser };

	for (size_t i = 0; i < sizeof(parsers) / sizeof(parsers[0]); i++) {
		if (parsers[i]->frame == frame)
			return parsers[i];
	}
	return NULL;
}

static int
choose_parser(struct ks_redactor *r, enum ks_frame frame)
{
	const struct parser *parser = find_parser(frame);

	if (!parser)
		return KS_ERROR_MISUSE;
	r->state = calloc(1, parser->state_size + 1);
	if (!r->state)
		return KS_ERROR_MEMORY;
	r->parser = parser;
	return KS_OK;
}

/*
 * A run that is undecided is decided by as many bytes as can be held. So with no less than these the limit is
 * never reached within one piece of payload, and need not be looked for there.
 */
static size_t
limit_for(const struct ks_ruleset *set, const struct ks_known *known, size_t wanted)
{
	struct ks_cost cost;

	ks_ruleset_cost(set, &cost);
	if (known && ks_known_held(known) > cost.held)
		cost.held = ks_known_held(known);
	if (wanted == 0)
		wanted = LIMIT;
	cost.held += KS_FINGERPRINT_SIZE; /* what waits for the end of a region */
	return wanted > cost.held ? wanted : cost.held;
}

int
ks_redactor_new(const struct ks_ruleset *set, const struct ks_redactor_options *options,
                struct ks_redactor **ret_redactor)
{
	struct ks_redactor *r;
	int status = KS_OK;

	if (!options->stream.sink)
		return KS_ERROR_MISUSE;
	r = calloc(1, sizeof(*r));
	if (!r)
		return KS_ERROR_MEMORY;
	r->set = set;
	r->options = *options;
	r->oldest = CHANNEL_SETTLED;
	r->options.limit = limit_for(set, options->stream.known, options->limit);
	for (unsigned i = 0; i < FRAME_STREAM_MAX; i++)
		r->begins_in_run[i] = options->stream.begins_in_run;
	if (options->frame != KS_FRAME_AUTO)
		status = choose_parser(r, options->frame);
	if (status != KS_OK) {
		free(r);
		return status;
	}
	*ret_redactor = r;
	return KS_OK;
}

void
ks_redactor_free_channel(struct ks_redactor *r, unsigned number)
{
	if (!r->channels[number])
		return;
	ks_channel_done(r->channels[number]);
	free(r->channels[number]);
	r->channels[number] = NULL;
}

void
ks_redactor_free(struct ks_redactor *r)
{
	if (!r)
		return;
	for (unsigned i = 0; i < FRAME_STREAM_MAX; i++)
		ks_redactor_free_channel(r, i);
	ks_queue_done(&r->queue);
	if (r->state)
		explicit_bzero(r->state, r->parser->state_size);
	free(r->state);
	free(r);
}

/* --------------------------------------------------------------------- channels ---- */

void
ks_redactor_each_channel(struct ks_redactor *r, channel_fn fn)
{
	r->oldest = CHANNEL_SETTLED;
	for (unsigned i = 0; i < FRAME_STREAM_MAX && r->failure == KS_OK; i++) {
		struct channel *channel = r->channels[i];
		uint64_t waiting;

		if (!channel)
			continue;
		ks_redactor_fail(r, fn(channel, r->scratch, &r->queue));
		waiting = ks_channel_waiting(channel);
		if (waiting < r->oldest)
			r->oldest = waiting;
	}
}

bool
ks_redactor_channels_are_idle(const struct ks_redactor *r)
{
	for (unsigned i = 0; i < FRAME_STREAM_MAX; i++) {
		if (r->channels[i] && !ks_channel_is_idle(r->channels[i]))
			return false;
	}
	return true;
}

/* ----------------------------------------------------------------------- output ---- */

/* Give out what is settled. */
static void
emit(struct ks_redactor *r)
{
	uint64_t to = r->oldest < r->covered ? r->oldest : r->covered;
	size_t n = (size_t)(to - r->queue.settled);

	if (r->failure != KS_OK || n == 0)
		return;
	if (r->options.stream.sink(r->options.stream.sink_ctx,
	                           ks_queue_at(&r->queue, r->queue.settled), n) != 0) {
		ks_redactor_fail(r, KS_ERROR_SINK);
		return;
	}
	r->queue.settled = to;
}

/* Do that with each channel, and give out what is settled then. */
static void
settle(struct ks_redactor *r, channel_fn fn)
{
	ks_redactor_each_channel(r, fn);
	emit(r);
}

/* ----------------------------------------------------------------------- public ---- */

static void
parse(struct ks_redactor *r, bool is_last)
{
	size_t len = (size_t)(r->queue.filled - r->covered);
	const uint8_t *data;

	if (r->failure != KS_OK || len == 0)
		return;
	data = ks_queue_at(&r->queue, r->covered);
	if (!r->parser) {
		enum ks_frame frame = ks_frame_detect(data, len, is_last);

		if (frame == KS_FRAME_AUTO)
			return;
		ks_redactor_fail(r, choose_parser(r, frame));
	}
	if (r->failure == KS_OK)
		r->parser->parse(r->state, r, data, len, is_last);
}

static int
check_usable(const struct ks_redactor *r)
{
	if (r->failure != KS_OK)
		return r->failure;
	return r->has_ended ? KS_ERROR_MISUSE : KS_OK;
}

int
ks_redactor_feed(struct ks_redactor *r, struct ks_scratch *scratch, const uint8_t *data, size_t len)
{
	int status = check_usable(r);

	r->scratch = scratch;
	while (status == KS_OK && len > 0) {
		size_t n = len < SLICE_SIZE ? len : SLICE_SIZE;

		ks_redactor_fail(r, ks_queue_fill(&r->queue, data, n));
		parse(r, false);
		settle(r, ks_channel_flush);
		status = r->failure;
		data += n;
		len -= n;
	}
	return status;
}

int
ks_redactor_settle(struct ks_redactor *r, struct ks_scratch *scratch)
{
	int status = check_usable(r);

	if (status != KS_OK)
		return status;
	r->scratch = scratch;
	settle(r, ks_channel_flush);
	return r->failure;
}

/* Nothing follows that belongs to what came. */
static int
conclude(struct ks_redactor *r, struct ks_scratch *scratch, channel_fn fn)
{
	int status = check_usable(r);

	if (status != KS_OK)
		return status;
	r->scratch = scratch;
	parse(r, true);
	settle(r, fn);
	return r->failure;
}

int
ks_redactor_break(struct ks_redactor *r, struct ks_scratch *scratch)
{
	int status = conclude(r, scratch, ks_channel_flush);

	if (status == KS_OK && r->parser && r->parser->restart)
		r->parser->restart(r->state, r);
	return status;
}

int
ks_redactor_end(struct ks_redactor *r, struct ks_scratch *scratch)
{
	int status = conclude(r, scratch, ks_channel_end);

	r->has_ended = true;
	return status;
}

int
ks_redactor_stop(struct ks_redactor *r, struct ks_scratch *scratch)
{
	int status = conclude(r, scratch, ks_channel_give_up);

	if (status == KS_OK) /* a finding whose run could have gone on is not reported yet */
		status = conclude(r, scratch, ks_channel_end);
	r->has_ended = true;
	return status;
}

/*
 * A channel takes the place of the one that is there and has ended: first it sees the last bytes of that, as a match may begin in them, and
 * goes on with a run that goes on, and with former values.
 */
static void
replace_channel(struct ks_redactor *r, unsigned number, uint64_t runs)
{
	struct channel *former = r->channels[number];
	uint8_t before[STREAM_BEFORE_MAX];
	size_t len = ks_stream_copy_before(former->stream, before);

	r->channels[number] = NULL;
	r->begins_in_run[number] = false;
	ks_redactor_context(r, number, before, len);
	if (r->channels[number])
		ks_stream_follow(r->channels[number]->stream, former->stream, len, runs);
	explicit_bzero(before, sizeof(before));
	ks_channel_done(former);
	free(former);
}

int
ks_redactor_change(struct ks_redactor *r, struct ks_scratch *scratch, const struct ks_ruleset *set,
                   const struct ks_stream_options *stream)
{
	const struct ks_stream_options former = r->options.stream;
	uint64_t runs[FRAME_STREAM_MAX] = { 0 };
	int status = check_usable(r);

	if (status != KS_OK)
		return status;
	r->scratch = scratch;
	ks_redactor_each_channel(r, ks_channel_give_up);
	for (unsigned i = 0; i < FRAME_STREAM_MAX; i++) {
		if (r->channels[i])
			runs[i] = ks_stream_runs(r->channels[i]->stream);
	}
	settle(r, ks_channel_end);
	r->set = set;
	r->options.stream = *stream;
	r->options.stream.sink = former.sink;
	r->options.stream.sink_ctx = former.sink_ctx;
	r->options.stream.begins_in_run = former.begins_in_run;
	r->options.begins_behind_line = 0; /* each is told what came before */
	r->options.limit = limit_for(set, stream->known, r->options.limit);
	for (unsigned i = 0; i < FRAME_STREAM_MAX && r->failure == KS_OK; i++) {
		if (r->channels[i])
			replace_channel(r, i, runs[i]);
	}
	r->options.begins_behind_line = 1;
	return r->failure;
}

enum ks_frame
ks_redactor_frame(const struct ks_redactor *r)
{
	return r->parser ? r->parser->frame : KS_FRAME_AUTO;
}

int
ks_redactor_is_idle(const struct ks_redactor *r)
{
	return r->queue.settled == r->queue.filled && r->boundary == r->queue.filled &&
	       ks_redactor_channels_are_idle(r);
}

void
ks_redactor_position(const struct ks_redactor *r, struct ks_redactor_position *ret_position)
{
	*ret_position = (struct ks_redactor_position){ r->queue.settled, r->restart };
}
