/* SPDX-License-Identifier: Apache-2.0 */
/* Streams count from their own first bytes; the user counts from that of the input. */
#include <stdlib.h>

#include "block.h"
#include "filter_state.h"
#include "parallel.h"
#include "succession.h"

/* A ks_finding_fn. */
void
ks_stretch_tell(void *ctx, const struct ks_finding *finding)
{
	const struct stretch *s = ctx;
	const struct ks_stream_options *options = &s->filter->stream_options;
	struct ks_finding told = *finding;

	told.offset += s->bytes;
	if (told.line > 0)
		told.line += s->lines;
	options->on_finding(options->finding_ctx, &told);
}

/* The same. */
static void
note_finding(void *ctx, const struct ks_finding *finding)
{
	struct stretch *s = ctx;

	if (s->block)
		ks_findings_add(&s->block->findings, finding);
	else
		ks_stretch_tell(s, finding);
}

/* A ks_sink_fn. */
static int
put(void *ctx, const uint8_t *data, size_t len)
{
	struct stretch *s = ctx;

	return s->block ? ks_block_put(s->block, data, len)
	                : ks_filter_gather(s->filter, data, len);
}

/* A ks_fill_fn. */
static int
note_fill(void *ctx, uint8_t *data, size_t len)
{
	struct stretch *s = ctx;

	return s->block ? ks_block_note_fill(s->block, data, len) : 0;
}

static struct ks_stream_options
options_of(struct stretch *s)
{
	const struct filter *f = s->filter;
	struct ks_stream_options options = f->stream_options;

	options.begins_in_run = f->begins_in_run;
	if (options.on_finding) {
		options.on_finding = note_finding;
		options.finding_ctx = s;
	}
	if (f->is_pushed) {
		options.sink = put;
		options.sink_ctx = s;
	}
	if (f->parallel && !f->is_pushed) {
		options.on_fill = note_fill;
		options.fill_ctx = s;
	}
	if (options.is_allowed && f->parallel) {
		options.is_allowed = ks_parallel_is_allowed;
		options.allow_ctx = f->parallel;
	}
	return options;
}

int
ks_stretch_new(struct filter *f, struct stretch **ret_stretch)
{
	struct stretch *s = calloc(1, sizeof(*s));

	if (!s)
		return KS_ERROR_MEMORY;
	s->filter = f;
	*ret_stretch = s;
	return KS_OK;
}

int
ks_stretch_open(struct stretch *s)
{
	const struct filter *f = s->filter;
	const struct ks_redactor_options options = { .frame = f->frame, .stream = options_of(s) };

	if (f->frame == KS_FRAME_RAW)
		return ks_stream_new(f->set, &options.stream, &s->stream);
	return ks_redactor_new(f->set, &options, &s->redactor);
}

void
ks_stretch_free(struct stretch *s)
{
	if (!s)
		return;
	ks_stream_free(s->stream);
	ks_redactor_free(s->redactor);
	free(s);
}

void
ks_stretch_reset(struct stretch *s)
{
	if (s->redactor)
		ks_redactor_reset(s->redactor);
	else
		ks_stream_reset(s->stream);
}

bool
ks_stretch_is_idle(const struct stretch *s)
{
	return s->redactor ? ks_redactor_is_idle(s->redactor) : ks_stream_is_idle(s->stream);
}

int
ks_stretch_change(struct stretch *s, struct ks_scratch *scratch)
{
	const struct ks_stream_options options = options_of(s);

	return ks_redactor_change(s->redactor, scratch, s->filter->set, &options);
}

/* ------------------------------------------------------------------- pushed text ---- */

int
ks_stretch_feed(struct stretch *s, struct ks_scratch *scratch, const uint8_t *data, size_t len)
{
	return s->redactor ? ks_redactor_feed(s->redactor, scratch, data, len)
	                   : ks_stream_feed(s->stream, scratch, data, len);
}

int
ks_stretch_finish(struct stretch *s, struct ks_scratch *scratch, bool is_end)
{
	if (s->redactor)
		return is_end ? ks_redactor_end(s->redactor, scratch)
		              : ks_redactor_stop(s->redactor, scratch);
	return is_end ? ks_stream_feed_end(s->stream, scratch)
	              : ks_stream_feed_stop(s->stream, scratch);
}

/* -------------------------------------------------------------------- succession ---- */

bool
ks_stretch_begin_part(struct stretch *s)
{
	return s->redactor ? ks_redactor_begin_part(s->redactor) : ks_stretch_is_idle(s);
}

bool
ks_stretch_succeed(struct stretch *s, struct stretch *former)
{
	return s->redactor ? ks_redactor_succeed(s->redactor, former->redactor)
	                   : ks_stretch_is_idle(former);
}

int
ks_stretch_settle(struct stretch *s, struct ks_scratch *scratch)
{
	return s->redactor ? ks_redactor_settle(s->redactor, scratch) : KS_OK;
}
