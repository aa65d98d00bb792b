/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A redactor: a source's bytes in, the same bytes out, with the secrets of each of its streams masked.
 *
 *     settled              oldest                covered              filled
 *        |--- can leave ----|--- must wait -------|-- not yet parsed --|
 *                           ^ first byte of an undecided run
 *
 * Input goes into a queue. The parser of its frames covers it: frames pass, payload is gathered in channels.
 * Bytes leave in order, up to the first that waits for a channel.
 *
 * Invariants: what comes out depends on the input's bytes alone, not on how they were cut. That holds for
 * the limit too: a run is given up when the byte that is one limit behind its first is to be covered, not
 * before, and with all payload before that byte seen. After an error nothing comes out any more.
 */
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "channel.h"
#include "keysieve.h"
#include "parser.h"

#define SLICE_SIZE       ((size_t)64 << 10)
#define LIMIT            (1U << 20)
#define SHARED_MAX       1024U /* bytes that several streams gather at once: each is a piece */
#define RESTART_DISTANCE (16U << 10) /* far more than what a match looks back at */

struct ks_redactor {
	const struct ks_ruleset *set;
	struct ks_redactor_options options;
	const struct parser *parser; /* NULL: not known yet */
	void *state;                 /* the parser's */
	struct channel *channels[FRAME_STREAM_MAX];
	struct queue queue;
	uint64_t oldest, covered;   /* in the input */
	uint64_t line_ends;         /* in what is covered, if lines are counted */
	uint64_t boundary;          /* the last one */
	uint64_t idle, restart;     /* restart points: the last one, and the one to use */
	struct ks_scratch *scratch; /* of the present call */
	int failure;                /* the first error; sticks */
	bool has_ended;
};

static void
fail(struct ks_redactor *r, int status)
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
	if (options->frame != KS_FRAME_AUTO)
		status = choose_parser(r, options->frame);
	if (status != KS_OK) {
		free(r);
		return status;
	}
	*ret_redactor = r;
	return KS_OK;
}

static void
free_channel(struct ks_redactor *r, unsigned number)
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
		free_channel(r, i);
	ks_queue_done(&r->queue);
	if (r->state)
		explicit_bzero(r->state, r->parser->state_size);
	free(r->state);
	free(r);
}

/* --------------------------------------------------------------------- channels ---- */

typedef int (*channel_fn)(struct channel *channel, struct ks_scratch *scratch, struct queue *queue);

static struct channel *
need_channel(struct ks_redactor *r, unsigned number)
{
	struct ks_stream_options options = r->options.stream;
	struct channel *channel = r->channels[number];
	int status;

	if (channel || r->failure != KS_OK)
		return channel;
	options.keeps_length = 1; /* what frames say of lengths stays true */
	channel = calloc(1, sizeof(*channel));
	status = channel ? ks_channel_init(channel, r->set, &options) : KS_ERROR_MEMORY;
	if (status != KS_OK) {
		free(channel);
		fail(r, status);
		return NULL;
	}
	return r->channels[number] = channel;
}

/* Do that with each channel, then look again what is the oldest byte that waits. */
static void
for_each_channel(struct ks_redactor *r, channel_fn fn)
{
	r->oldest = CHANNEL_SETTLED;
	for (unsigned i = 0; i < FRAME_STREAM_MAX && r->failure == KS_OK; i++) {
		struct channel *channel = r->channels[i];
		uint64_t waiting;

		if (!channel)
			continue;
		fail(r, fn(channel, r->scratch, &r->queue));
		waiting = ks_channel_waiting(channel);
		if (waiting < r->oldest)
			r->oldest = waiting;
	}
}

static void
give_up_oldest(struct ks_redactor *r)
{
	for (unsigned i = 0; i < FRAME_STREAM_MAX; i++) {
		struct channel *channel = r->channels[i];

		if (channel && ks_channel_waiting(channel) == r->oldest) {
			fail(r, ks_channel_give_up(channel, r->scratch, &r->queue));
			return;
		}
	}
}

/* ------------------------------------------------------------ what parsers call ---- */

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
		for_each_channel(r, ks_channel_flush);
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
	fail(r, ks_channel_add(channel, r->scratch, &r->queue, piece, text));
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

void
ks_redactor_escape_of_any(struct ks_redactor *r, uint64_t streams, size_t n, const uint8_t *text,
                          size_t len)
{
	struct piece piece = { .kind = PIECE_ESCAPE, .width = (uint8_t)n, .len = len };

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
			for_each_channel(r, ks_channel_flush);
	}
}

void
ks_redactor_give_up(struct ks_redactor *r, uint64_t streams)
{
	for (; streams; streams &= streams - 1) {
		struct channel *channel = r->channels[__builtin_ctzll(streams)];

		if (channel && r->failure == KS_OK)
			fail(r, ks_channel_give_up(channel, r->scratch, &r->queue));
	}
}

void
ks_redactor_context(struct ks_redactor *r, unsigned stream, const uint8_t *text, size_t len)
{
	struct piece piece = { .kind = PIECE_CONTEXT, .at = r->covered, .len = len };

	if (len > 0)
		add(r, stream, &piece, text);
}

static bool
channels_are_idle(const struct ks_redactor *r)
{
	for (unsigned i = 0; i < FRAME_STREAM_MAX; i++) {
		if (r->channels[i] && !ks_channel_is_idle(r->channels[i]))
			return false;
	}
	return true;
}

/*
 * Of two idle points that are far enough from each other the first is one to begin again at: nothing
 * before it can have a part in what comes behind the second.
 */
void
ks_redactor_boundary(struct ks_redactor *r)
{
	r->boundary = r->covered;
	if (!r->options.wants_restart || r->covered - r->idle < RESTART_DISTANCE)
		return;
	for_each_channel(r, ks_channel_flush);
	if (r->failure != KS_OK || !channels_are_idle(r))
		return;
	r->restart = r->idle;
	r->idle = r->covered;
}

void
ks_redactor_renew(struct ks_redactor *r, unsigned stream)
{
	if (!r->channels[stream] || r->failure != KS_OK)
		return;
	fail(r, ks_channel_give_up(r->channels[stream], r->scratch, &r->queue));
	free_channel(r, stream);
}

size_t
ks_redactor_limit(const struct ks_redactor *r)
{
	return r->options.limit;
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
		fail(r, KS_ERROR_SINK);
		return;
	}
	r->queue.settled = to;
}

/* ----------------------------------------------------------------------- public ---- */

static void
parse(struct ks_redactor *r, bool is_last)
{
	size_t len = (size_t)(r->queue.filled - r->covered);
	const uint8_t *data;

	if (r->failure != KS_OK || len == 0)
		return;
	data = next_bytes(r);
	if (!r->parser) {
		enum ks_frame frame = ks_frame_detect(data, len, is_last);

		if (frame == KS_FRAME_AUTO)
			return;
		fail(r, choose_parser(r, frame));
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

		fail(r, ks_queue_fill(&r->queue, data, n));
		parse(r, false);
		for_each_channel(r, ks_channel_flush);
		emit(r);
		status = r->failure;
		data += n;
		len -= n;
	}
	return status;
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
	for_each_channel(r, fn);
	emit(r);
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

enum ks_frame
ks_redactor_frame(const struct ks_redactor *r)
{
	return r->parser ? r->parser->frame : KS_FRAME_AUTO;
}

int
ks_redactor_is_idle(const struct ks_redactor *r)
{
	return r->queue.settled == r->queue.filled && r->boundary == r->queue.filled &&
	       channels_are_idle(r);
}

void
ks_redactor_position(const struct ks_redactor *r, struct ks_redactor_position *ret_position)
{
	*ret_position = (struct ks_redactor_position){ r->queue.settled, r->restart };
}
