/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Read, mask, write, with one buffer:
 *
 *     memory   |......|waiting|------------ READ_SIZE ------------|
 *                  from    front = next          new bytes        end
 *
 * New bytes are always read to the same aligned place. What waits is moved right before it: bytes of raw text that
 * the stream holds, or the first bytes of all as long as they do not tell the frames. Raw text is
 * masked where it lies, and nothing else is copied; unless the mask changes its length or waits for a secret's end. Every byte is masked before it can be written.
 *
 * New bytes go on in one step, or line by line while somebody waits for a place to change the rules.
 */
#include "filter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "secret_memory.h"

#define READ_SIZE  (256U << 10)              /* measured: docs/performance.md */
#define FRONT_SIZE (16U << 10)               /* more than any rules and known values hold back */
#define OUT_SIZE   (READ_SIZE + (64U << 10)) /* a read, and what waited before it */

struct filter {
	struct filter_options options;
	enum ks_frame frame; /* KS_FRAME_AUTO: not known yet */
	const struct ks_ruleset *set;
	struct ks_stream_options stream_options;
	struct ks_scratch *scratch;
	struct ks_stream *stream;     /* raw text is masked by it, */
	struct ks_redactor *redactor; /* framed text by this; both NULL: nothing came yet */
	bool is_pushed; /* raw text goes through the stream's buffer, for the mask's sake */
	uint8_t *memory;
	uint8_t *from, *next, *end; /* [from, next) waits, [next, end) is new */
	bool is_line_start, wants_idle;
	uint64_t bytes, lines;         /* that were read */
	uint64_t way_bytes, way_lines; /* the same where the stream, or the redactor, began */
	ks_finding_fn on_finding;      /* the user's; or NULL */
	void *finding_ctx;
	struct passage passage;
	uint8_t *out; /* what is pushed leaves in many pieces: they are gathered here */
	size_t out_len;
	int write_error; /* errno, of the redactor's sink */
};

/* -------------------------------------------------------------------- life cycle ---- */

static uint8_t *
front(const struct filter *f)
{
	return f->memory + FRONT_SIZE;
}

struct filter *
ks_filter_new(const struct filter_options *options)
{
	struct filter *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->options = *options;
	f->frame = options->frame;
	f->is_line_start = true;
	f->memory = ks_secret_memory_new(FRONT_SIZE + READ_SIZE);
	if (!f->memory) {
		free(f);
		return NULL;
	}
	f->from = f->next = f->end = front(f);
	return f;
}

static void
close_way(struct filter *f)
{
	ks_stream_free(f->stream);
	ks_redactor_free(f->redactor);
	f->stream = NULL;
	f->redactor = NULL;
}

void
ks_filter_free(struct filter *f)
{
	if (!f)
		return;
	close_way(f);
	ks_scratch_free(f->scratch);
	ks_secret_memory_free(f->memory, FRONT_SIZE + READ_SIZE);
	free(f->out);
	free(f);
}

/* A ks_finding_fn. */
static void
tell_finding(void *ctx, const struct ks_finding *finding)
{
	const struct filter *f = ctx;
	struct ks_finding told = *finding;

	told.offset += f->way_bytes;
	if (told.line > 0)
		told.line += f->way_lines;
	f->on_finding(f->finding_ctx, &told);
}

int
ks_filter_use(struct filter *f, const struct ks_ruleset *set,
              const struct ks_stream_options *options)
{
	struct ks_scratch *scratch;
	int r = ks_scratch_new(set, &scratch);

	if (r != KS_OK)
		return r;
	close_way(f);
	ks_scratch_free(f->scratch);
	f->scratch = scratch;
	f->set = set;
	f->stream_options = *options;
	f->on_finding = options->on_finding;
	f->finding_ctx = options->finding_ctx;
	f->stream_options.on_finding = f->on_finding ? tell_finding : NULL;
	f->stream_options.finding_ctx = f;
	return KS_OK;
}

/* ------------------------------------------------------------------------ output ---- */

static int
fail(struct filter_error *reterr, enum filter_side side, int code)
{
	*reterr = (struct filter_error){ side, code };
	return -1;
}

/* What the engine returned. */
static int
fail_engine(const struct filter *f, struct filter_error *reterr, int status)
{
	if (status == KS_ERROR_SINK)
		return fail(reterr, FILTER_OUTPUT, f->write_error);
	return fail(reterr, FILTER_ENGINE, status);
}

static int
write_out(struct filter *f, const uint8_t *data, size_t len)
{
	if (!f->options.write || len == 0)
		return 0;
	return f->options.write(f->options.write_ctx, data, len);
}

static int
emit(struct filter *f, const uint8_t *data, size_t len, struct filter_error *reterr)
{
	int r = write_out(f, data, len);

	return r < 0 ? fail(reterr, FILTER_OUTPUT, -r) : 0;
}

/* ---------------------------------------------------------------------- raw text ---- */

/* What waits and was not settled before goes through the stream, where it lies. */
static int
mask_raw(struct filter *f, struct filter_error *reterr)
{
	uint8_t *from = f->from;
	size_t settled;
	int r = ks_stream_mask(f->stream, f->scratch, from, (size_t)(f->next - from), &settled);

	if (r != KS_OK)
		return fail_engine(f, reterr, r);
	f->from += settled;
	return emit(f, from, settled, reterr);
}

static int
finish_raw(struct filter *f, bool is_end, struct filter_error *reterr)
{
	uint8_t *from = f->from;
	size_t held = (size_t)(f->next - from);
	int r = is_end ? ks_stream_mask_end(f->stream, f->scratch, from, held)
	               : ks_stream_mask_held(f->stream, f->scratch, from, held);

	if (r != KS_OK)
		return fail_engine(f, reterr, r);
	f->from = f->next;
	return emit(f, from, held, reterr);
}

/* ------------------------------------------------------------------- pushed text ---- */

static int
flush(struct filter *f)
{
	int r = write_out(f, f->out, f->out_len);

	f->out_len = 0;
	return r;
}

/* A ks_sink_fn. */
static int
gather(void *ctx, const uint8_t *data, size_t len)
{
	struct filter *f = ctx;
	int r = 0;

	if (f->out_len + len > OUT_SIZE)
		r = flush(f);
	if (r == 0 && len >= OUT_SIZE) {
		r = write_out(f, data, len);
	} else if (r == 0) {
		memcpy(f->out + f->out_len, data, len);
		f->out_len += len;
	}
	f->write_error = -r;
	return r;
}

static int
end_push(struct filter *f, int status, struct filter_error *reterr)
{
	int r;

	if (status != KS_OK)
		return fail_engine(f, reterr, status);
	r = flush(f);
	return r < 0 ? fail(reterr, FILTER_OUTPUT, -r) : 0;
}

static int
push(struct filter *f, struct filter_error *reterr)
{
	const uint8_t *from = f->from;
	size_t n = (size_t)(f->next - from);

	f->from = f->next;
	return end_push(f,
	                f->stream ? ks_stream_feed(f->stream, f->scratch, from, n)
	                          : ks_redactor_feed(f->redactor, f->scratch, from, n),
	                reterr);
}

static int
finish_push(struct filter *f, bool is_end, struct filter_error *reterr)
{
	int status;

	if (f->stream)
		status = is_end ? ks_stream_feed_end(f->stream, f->scratch)
		                : ks_stream_feed_stop(f->stream, f->scratch);
	else
		status = is_end ? ks_redactor_end(f->redactor, f->scratch)
		                : ks_redactor_stop(f->redactor, f->scratch);
	return end_push(f, status, reterr);
}

/* --------------------------------------------------------------------- both ways ---- */

/* The frames are known. Returns KS_OK or an error. */
static int
open_way(struct filter *f)
{
	struct ks_redactor_options options = { .frame = f->frame, .stream = f->stream_options };
	bool is_raw = f->frame == KS_FRAME_RAW;
	size_t waiting = (size_t)(f->next - f->from);

	f->way_bytes = f->bytes - waiting;
	f->way_lines = f->lines;
	if (f->stream_options.counts_lines)
		f->way_lines -= ks_line_ends(f->from, waiting);
	f->is_pushed = !is_raw || ks_stream_needs_sink(f->set, &f->stream_options);
	if (!f->is_pushed)
		return ks_stream_new(f->set, &f->stream_options, &f->stream);
	options.stream.sink = gather;
	options.stream.sink_ctx = f;
	if (!f->out)
		f->out = malloc(OUT_SIZE);
	if (!f->out)
		return KS_ERROR_MEMORY;
	return is_raw ? ks_stream_new(f->set, &options.stream, &f->stream)
	              : ks_redactor_new(f->set, &options, &f->redactor);
}

/* Which way do the bytes go that wait? It stays open if they are too few to tell. */
static int
choose_way(struct filter *f, bool is_last)
{
	if (f->stream || f->redactor)
		return KS_OK;
	if (f->frame == KS_FRAME_AUTO)
		f->frame = ks_frame_detect(f->from, (size_t)(f->next - f->from), is_last);
	return f->frame == KS_FRAME_AUTO ? KS_OK : open_way(f);
}

/* Put through what waits, as far as it can go. */
static int
put_through(struct filter *f, bool is_last, struct filter_error *reterr)
{
	int r = choose_way(f, is_last);

	if (r != KS_OK)
		return fail_engine(f, reterr, r);
	if (!f->stream && !f->redactor)
		return 0;
	return f->is_pushed ? push(f, reterr) : mask_raw(f, reterr);
}

/* Put the first n new bytes through. */
static int
step(struct filter *f, size_t n, struct filter_error *reterr)
{
	if (f->stream_options.counts_lines)
		f->lines += ks_line_ends(f->next, n);
	f->next += n;
	f->bytes += n;
	f->is_line_start = f->next[-1] == '\n';
	return put_through(f, false, reterr);
}

static size_t
line_length(const struct filter *f)
{
	size_t len = (size_t)(f->end - f->next);
	const uint8_t *end = memchr(f->next, '\n', len);

	return end ? (size_t)(end - f->next) + 1 : len;
}

/* All new bytes are used up: make room for others. */
static void
rewind_buffer(struct filter *f)
{
	size_t waiting = (size_t)(f->next - f->from);
	uint8_t *to = front(f) - waiting;

	memmove(to, f->from, waiting);
	f->from = to;
	f->next = f->end = front(f);
}

/* Returns 0 when all new bytes are used up, FILTER_IDLE, or -1. */
static int
take(struct filter *f, struct filter_error *reterr)
{
	while (f->next < f->end) {
		size_t n = f->wants_idle ? line_length(f) : (size_t)(f->end - f->next);

		if (step(f, n, reterr) < 0)
			return -1;
		if (f->wants_idle && ks_filter_is_idle(f)) {
			f->wants_idle = false;
			return FILTER_IDLE;
		}
	}
	rewind_buffer(f);
	return 0;
}

/* ------------------------------------------------------------------------ public ---- */

bool
ks_filter_is_idle(const struct filter *f)
{
	if (f->redactor)
		return ks_redactor_is_idle(f->redactor);
	return !f->stream || (f->is_line_start && ks_stream_is_idle(f->stream));
}

void
ks_filter_want_idle(struct filter *f)
{
	f->wants_idle = true;
}

/* Called before every read. Returns 0 or -1. */
static int
pause_output(struct filter *f, const struct inlet *inlet, struct filter_error *reterr)
{
	int r = 0;

	if (f->options.pause && !ks_input_is_ready(inlet->input))
		r = f->options.pause(f->options.write_ctx);
	return r < 0 ? fail(reterr, FILTER_OUTPUT, -r) : 0;
}

static void
note_read(struct filter *f, size_t n)
{
	const struct meter *meter = f->options.meter;

	if (!meter)
		return;
	meter->on_read(meter->ctx, f->end - n, n);
	ks_passage_begin(&f->passage, f->bytes + n);
}

static void
note_written(struct filter *f)
{
	if (f->options.meter)
		ks_passage_end(&f->passage, f->bytes - ks_filter_held(f), f->options.meter);
}

int
ks_filter_copy(struct filter *f, struct inlet *inlet, struct filter_error *reterr)
{
	ssize_t n;

	for (;;) {
		int r = take(f, reterr);

		if (r != 0)
			return r;
		note_written(f);
		if (pause_output(f, inlet, reterr) < 0)
			return -1;
		n = ks_inlet_read(inlet, f->end, READ_SIZE);
		if (n <= 0)
			break;
		f->end += n;
		note_read(f, (size_t)n);
	}
	if (n == -EINTR)
		return FILTER_WOKEN;
	return n < 0 ? fail(reterr, FILTER_INPUT, (int)-n) : 0;
}

/* Write all that waits. */
static int
finish(struct filter *f, bool is_end, struct filter_error *reterr)
{
	if (f->next > f->from && put_through(f, true, reterr) < 0)
		return -1;
	if (!f->stream && !f->redactor)
		return 0;
	return f->is_pushed ? finish_push(f, is_end, reterr) : finish_raw(f, is_end, reterr);
}

int
ks_filter_break_off(struct filter *f, struct filter_error *reterr)
{
	int r = finish(f, false, reterr);

	if (f->redactor) {
		ks_redactor_free(f->redactor);
		f->redactor = NULL;
	}
	return r;
}

int
ks_filter_end(struct filter *f, struct filter_error *reterr)
{
	int r = finish(f, true, reterr);

	if (r == 0)
		note_written(f);
	return r;
}

size_t
ks_filter_held(const struct filter *f)
{
	size_t waiting = (size_t)(f->next - f->from);
	struct ks_redactor_position position;

	if (f->stream && f->is_pushed)
		return waiting + ks_stream_held(f->stream);
	if (!f->redactor)
		return waiting;
	ks_redactor_position(f->redactor, &position);
	return waiting + (size_t)(f->bytes - waiting - f->way_bytes - position.settled);
}

uint64_t
ks_filter_bytes(const struct filter *f)
{
	return f->bytes;
}

uint64_t
ks_filter_lines(const struct filter *f)
{
	return f->lines;
}

enum ks_frame
ks_filter_frame(const struct filter *f)
{
	return f->frame;
}
