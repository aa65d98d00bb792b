/* SPDX-License-Identifier: Apache-2.0 */
/* Streams count from their own first bytes; the user counts from that of the input. */
#include <stdlib.h>

#include "block.h"
#include "filter_state.h"
#include "parallel.h"

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

struct ks_stream_options
ks_stretch_options(struct stretch *s)
{
	const struct filter *f = s->filter;
	struct ks_stream_options options = f->stream_options;

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
	const struct ks_stream_options options = ks_stretch_options(s);

	return ks_stream_new(s->filter->set, &options, &s->stream);
}

void
ks_stretch_free(struct stretch *s)
{
	if (!s)
		return;
	ks_stream_free(s->stream);
	free(s);
}
