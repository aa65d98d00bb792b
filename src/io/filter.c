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
 * What is behind the new bytes, of reads before, is wiped.
 *
 * New bytes go on in one step, or line by line while somebody waits for a place to change the rules.
 */
#include "filter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "filter_state.h"
#include "parallel.h"
#include "patience.h"
#include "secret_memory.h"

#define FAST       (64 << 10) /* bytes a read: there may be more than one thread can take */
#define OUT_SIZE   (READ_SIZE + (64U << 10)) /* a read, and what waited before it */
#define DIRECT_MIN (32U << 10)               /* from here on a copy costs more than a write */

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
	if (f->options.block_size == 0)
		f->options.block_size = READ_SIZE;
	f->frame = options->frame;
	f->is_line_start = true;
	f->memory = ks_secret_memory_new(FRONT_SIZE + READ_SIZE);
	if (options->threads > 1)
		f->parallel = ks_parallel_new(f, options->threads);
	if (!f->memory || (options->threads > 1 && !f->parallel)) {
		ks_filter_free(f);
		return NULL;
	}
	f->from = f->next = f->end = f->read_end = front(f);
	return f;
}

static void
close_way(struct filter *f)
{
	ks_stretch_free(f->stretch);
	f->stretch = NULL;
}

void
ks_filter_free(struct filter *f)
{
	if (!f)
		return;
	ks_parallel_free(f->parallel);
	close_way(f);
	ks_scratch_free(f->scratch);
	ks_secret_memory_free(f->memory, FRONT_SIZE + READ_SIZE);
	free(f->out);
	free(f);
}

int
ks_filter_use(struct filter *f, const struct ks_ruleset *set,
              const struct ks_stream_options *options)
{
	struct ks_scratch *scratch;
	int r = ks_scratch_new(set, &scratch);

	if (r != KS_OK)
		return r;
	f->set = set;
	f->stream_options = *options;
	if (f->stretch && f->stretch->redactor && !ks_stretch_is_idle(f->stretch))
		r = ks_stretch_change(f->stretch, f->scratch);
	else
		close_way(f);
	if (f->parallel)
		ks_parallel_clear(f->parallel);
	ks_scratch_free(f->scratch);
	f->scratch = scratch;
	return r;
}

/* ------------------------------------------------------------------------ output ---- */

int
ks_filter_fail(struct filter_error *reterr, enum filter_side side, int code)
{
	*reterr = (struct filter_error){ side, code };
	return -1;
}

/* What the engine returned. */
int
ks_filter_fail_engine(const struct filter *f, struct filter_error *reterr, int status)
{
	if (status == KS_ERROR_SINK)
		return ks_filter_fail(reterr, FILTER_OUTPUT, f->write_error);
	return ks_filter_fail(reterr, FILTER_ENGINE, status);
}

static int
write_out(struct filter *f, const uint8_t *data, size_t len)
{
	if (!f->options.write || len == 0)
		return 0;
	return f->options.write(f->options.write_ctx, data, len);
}

int
ks_filter_emit(struct filter *f, const uint8_t *data, size_t len, struct filter_error *reterr)
{
	int r = write_out(f, data, len);

	return r < 0 ? ks_filter_fail(reterr, FILTER_OUTPUT, -r) : 0;
}

/* ---------------------------------------------------------------------- raw text ---- */

/* What waits and was not settled before goes through the stream, where it lies. */
static int
mask_raw(struct filter *f, struct filter_error *reterr)
{
	uint8_t *from = f->from;
	size_t settled;
	int r = ks_stream_mask(f->stretch->stream, f->scratch, from, (size_t)(f->next - from),
	                       &settled);

	if (r != KS_OK)
		return ks_filter_fail_engine(f, reterr, r);
	f->from += settled;
	return ks_filter_emit(f, from, settled, reterr);
}

static int
finish_raw(struct filter *f, bool is_end, struct filter_error *reterr)
{
	uint8_t *from = f->from;
	size_t held = (size_t)(f->next - from);
	int r = is_end ? ks_stream_mask_end(f->stretch->stream, f->scratch, from, held)
	               : ks_stream_mask_held(f->stretch->stream, f->scratch, from, held);

	if (r != KS_OK)
		return ks_filter_fail_engine(f, reterr, r);
	f->from = f->next;
	return ks_filter_emit(f, from, held, reterr);
}

/* ------------------------------------------------------------------- pushed text ---- */

static int
flush(struct filter *f)
{
	int r = write_out(f, f->out, f->out_len);

	f->out_len = 0;
	return r;
}

int
ks_filter_gather(struct filter *f, const uint8_t *data, size_t len)
{
	int r = 0;

	if (f->out_len + len > OUT_SIZE)
		r = flush(f);
	if (r == 0 && len >= DIRECT_MIN && f->out_len == 0) {
		r = write_out(f, data, len);
	} else if (r == 0) {
		memcpy(f->out + f->out_len, data, len);
		f->out_len += len;
	}
	f->write_error = -r;
	return r;
}

int
ks_filter_end_push(struct filter *f, int status, struct filter_error *reterr)
{
	int r;

	if (status != KS_OK)
		return ks_filter_fail_engine(f, reterr, status);
	r = flush(f);
	return r < 0 ? ks_filter_fail(reterr, FILTER_OUTPUT, -r) : 0;
}

static int
push(struct filter *f, struct filter_error *reterr)
{
	const uint8_t *from = f->from;
	size_t n = (size_t)(f->next - from);

	f->from = f->next;
	return ks_filter_end_push(f, ks_stretch_feed(f->stretch, f->scratch, from, n), reterr);
}

static int
finish_push(struct filter *f, bool is_end, struct filter_error *reterr)
{
	return ks_filter_end_push(f, ks_stretch_finish(f->stretch, f->scratch, is_end), reterr);
}

/* --------------------------------------------------------------------- both ways ---- */

int
ks_filter_put_through(struct filter *f, struct filter_error *reterr)
{
	return f->is_pushed ? push(f, reterr) : mask_raw(f, reterr);
}

/* The frames are known: what waits is the first that goes that way. Returns KS_OK or an error. */
static int
open_way(struct filter *f)
{
	size_t waiting = (size_t)(f->next - f->from);
	int r = ks_stretch_new(f, &f->stretch);

	if (r != KS_OK)
		return r;
	f->stretch->bytes = f->bytes - waiting;
	f->stretch->lines = f->lines;
	if (f->stream_options.counts_lines)
		f->stretch->lines -= ks_line_ends(f->from, waiting);
	f->is_pushed = f->frame != KS_FRAME_RAW || ks_stream_needs_sink(f->set, &f->stream_options);
	if (f->is_pushed && !f->out)
		f->out = malloc(OUT_SIZE);
	if (f->is_pushed && !f->out)
		return KS_ERROR_MEMORY;
	r = ks_stretch_open(f->stretch);
	f->begins_in_run = false;
	return r;
}

/* Which way do the bytes go that wait? It stays open if they are too few to tell. */
static int
choose_way(struct filter *f, bool is_last)
{
	int r;

	if (f->stretch)
		return KS_OK;
	if (f->frame == KS_FRAME_AUTO)
		f->frame = ks_frame_detect(f->from, (size_t)(f->next - f->from), is_last);
	if (f->frame == KS_FRAME_AUTO)
		return KS_OK;
	r = open_way(f);
	if (r != KS_OK) { /* half a way is none: others look whether there is one */
		ks_stretch_free(f->stretch);
		f->stretch = NULL;
	}
	return r;
}

/* Put through what waits, as far as it can go. */
static int
put_through(struct filter *f, bool is_last, struct filter_error *reterr)
{
	int r = choose_way(f, is_last);

	if (r != KS_OK)
		return ks_filter_fail_engine(f, reterr, r);
	return f->stretch ? ks_filter_put_through(f, reterr) : 0;
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
void
ks_filter_rewind(struct filter *f)
{
	size_t waiting = (size_t)(f->next - f->from);
	uint8_t *to = front(f) - waiting;

	memmove(to, f->from, waiting);
	f->from = to;
	f->next = f->end = front(f);
}

/* Something is open, and has been for too long. Redactors are told when they get their new rules. */
static int
end_open(struct filter *f, struct filter_error *reterr)
{
	int r;

	if (f->stretch->redactor)
		return 0;
	r = f->is_pushed ? finish_push(f, false, reterr) : finish_raw(f, false, reterr);
	f->begins_in_run = !ks_stream_is_idle(f->stretch->stream);
	if (r == 0 && !f->is_pushed) /* what was found and could have gone on is told */
		r = finish_raw(f, true, reterr);
	return r;
}

static bool
is_idle_enough(const struct filter *f)
{
	if (ks_filter_is_idle(f))
		return true;
	return f->stretch && f->is_line_start && ks_patience_is_over(f->idle_wanted);
}

/* Returns 0 when all new bytes are used up, FILTER_IDLE, or -1. */
static int
take(struct filter *f, struct filter_error *reterr)
{
	while (f->next < f->end) {
		size_t n = f->wants_idle ? line_length(f) : (size_t)(f->end - f->next);

		if (f->wants_idle && is_idle_enough(f)) {
			f->wants_idle = false;
			if (!ks_filter_is_idle(f) && end_open(f, reterr) < 0)
				return -1;
			return FILTER_IDLE;
		}
		if (step(f, n, reterr) < 0)
			return -1;
		if (f->wants_idle && ks_filter_is_idle(f)) {
			f->wants_idle = false;
			return FILTER_IDLE;
		}
	}
	ks_filter_rewind(f);
	return 0;
}

/* ------------------------------------------------------------------------ public ---- */

bool
ks_filter_is_idle(const struct filter *f)
{
	if (!f->stretch)
		return true;
	return ks_stretch_is_idle(f->stretch) && (f->is_line_start || f->stretch->redactor);
}

void
ks_filter_want_idle(struct filter *f)
{
	if (!f->wants_idle)
		f->idle_wanted = ks_passage_clock();
	f->wants_idle = true;
}

/* Called before every read. Returns 0 or -1. */
static int
pause_output(struct filter *f, const struct inlet *inlet, struct filter_error *reterr)
{
	int r = 0;

	if (f->options.pause && !ks_input_is_ready(inlet->input))
		r = f->options.pause(f->options.write_ctx);
	return r < 0 ? ks_filter_fail(reterr, FILTER_OUTPUT, -r) : 0;
}

void
ks_filter_note_read(struct filter *f, const uint8_t *data, size_t len, uint64_t end)
{
	const struct meter *meter = f->options.meter;

	if (!meter)
		return;
	meter->on_read(meter->ctx, data, len);
	ks_passage_begin(&f->passage, end);
}

void
ks_filter_note_written(struct filter *f)
{
	if (f->options.meter)
		ks_passage_end(&f->passage, f->bytes - ks_filter_held(f), f->options.meter);
}

/* What came before the last read is behind it, if that was a shorter one: what waited then, and all that was pushed. */
static void
wipe_former(struct filter *f)
{
	if (f->read_end > f->end)
		explicit_bzero(f->end, (size_t)(f->read_end - f->end));
	f->read_end = f->end;
}

/* Does so much come at once that others can take part of it? Not while somebody waits for a place. */
static bool
is_for_many(const struct filter *f, ssize_t n)
{
	return f->parallel && n >= FAST && !f->wants_idle && f->stretch &&
	       f->frame != KS_FRAME_JOURNAL;
}

int
ks_filter_copy(struct filter *f, struct inlet *inlet, struct filter_error *reterr)
{
	ssize_t n = 0;

	for (;;) {
		int r = take(f, reterr);

		if (r != 0)
			return r;
		ks_filter_note_written(f);
		if (is_for_many(f, n)) {
			if (ks_parallel_copy(f->parallel, inlet, &n, reterr) < 0)
				return -1;
			if (n <= 0)
				break;
		}
		if (pause_output(f, inlet, reterr) < 0)
			return -1;
		n = ks_inlet_read(inlet, f->end, READ_SIZE);
		if (n <= 0)
			break;
		f->end += n;
		wipe_former(f);
		ks_filter_note_read(f, f->end - n, (size_t)n, f->bytes + (size_t)n);
	}
	if (n == -EINTR)
		return FILTER_WOKEN;
	return n < 0 ? ks_filter_fail(reterr, FILTER_INPUT, (int)-n) : 0;
}

/* Write all that waits. */
static int
finish(struct filter *f, bool is_end, struct filter_error *reterr)
{
	if (f->next > f->from && put_through(f, true, reterr) < 0)
		return -1;
	if (!f->stretch)
		return 0;
	return f->is_pushed ? finish_push(f, is_end, reterr) : finish_raw(f, is_end, reterr);
}

int
ks_filter_break_off(struct filter *f, struct filter_error *reterr)
{
	int r = finish(f, false, reterr);

	if (f->stretch && f->stretch->redactor)
		close_way(f);
	return r;
}

int
ks_filter_end(struct filter *f, struct filter_error *reterr)
{
	int r = finish(f, true, reterr);

	if (r == 0)
		ks_filter_note_written(f);
	return r;
}

size_t
ks_filter_held(const struct filter *f)
{
	size_t waiting = (size_t)(f->next - f->from);
	struct ks_redactor_position position;

	if (!f->stretch || !f->is_pushed)
		return waiting;
	if (f->stretch->stream)
		return ks_stream_held(f->stretch->stream);
	ks_redactor_position(f->stretch->redactor, &position);
	return waiting + (size_t)(f->bytes - waiting - f->stretch->bytes - position.settled);
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
