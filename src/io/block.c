/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guess that cannot be made, for want of memory or because its masks are too long, is none: that is no error. An
 * error of the engine is one.
 */
#include "block.h"

#include <string.h>

#include "bytes.h"
#include "filter_state.h"
#include "secret_memory.h"

#define COPY_SIZE ((size_t)16 << 10)

int
ks_block_init(struct block *b, const struct filter *f)
{
	size_t text_max = f->options.block_size + INPUT_READ_MIN;

	*b = (struct block){ .masked_max = f->is_pushed ? 2 * text_max : text_max };
	b->memory_size = FRONT_SIZE + text_max + b->masked_max;
	b->memory = ks_secret_memory_new(b->memory_size);
	if (!b->memory)
		return KS_ERROR_MEMORY;
	b->text = b->memory + FRONT_SIZE;
	b->masked = b->text + text_max;
	return KS_OK;
}

void
ks_block_done(struct block *b)
{
	ks_stretch_free(b->stretch);
	ks_findings_done(&b->findings);
	ks_secret_memory_free(b->memory, b->memory_size);
	explicit_bzero(b->context, sizeof(b->context));
	*b = (struct block){ 0 };
}

int
ks_block_put(struct block *b, const uint8_t *data, size_t len)
{
	if (len > b->masked_max - b->masked_len)
		return -1;
	memcpy(b->masked + b->masked_len, data, len);
	b->masked_len += len;
	return 0;
}

/* A copy of text goes through the stream in place, slice by slice, so that what is copied is scanned while it is near. */
static int
mask_copy(struct block *b, struct ks_scratch *scratch, const uint8_t *text, size_t len)
{
	int r = KS_OK;

	for (size_t at = 0, n; r == KS_OK && at < len; at += n) {
		size_t settled = 0;

		n = len - at < COPY_SIZE ? len - at : COPY_SIZE;
		memcpy(b->masked + at, text + at, n);
		r = ks_stream_mask(b->stretch->stream, scratch, b->masked + b->masked_len,
		                   at + n - b->masked_len, &settled);
		b->masked_len += settled;
	}
	return r;
}

/* Put text through the stretch's stream. Settled bytes are masked[0, masked_len). */
static int
mask(struct block *b, struct ks_scratch *scratch, const uint8_t *text, size_t len)
{
	b->masked_len = 0;
	if (b->stretch->filter->is_pushed)
		return ks_stream_feed(b->stretch->stream, scratch, text, len);
	return mask_copy(b, scratch, text, len);
}

static int
begin(struct block *b, struct filter *f)
{
	int r = KS_OK;

	if (b->stretch) {
		ks_stream_reset(b->stretch->stream);
	} else {
		r = ks_stretch_new(f, &b->stretch);
		if (r == KS_OK)
			r = ks_stretch_open(b->stretch);
	}
	if (r == KS_OK) {
		b->stretch->block = b;
		return r;
	}
	ks_stretch_free(b->stretch);
	b->stretch = NULL;
	return r;
}

static int
guess(struct block *b, struct filter *f, struct ks_scratch *scratch)
{
	int r = begin(b, f);

	if (r == KS_OK)
		r = mask(b, scratch, b->context, BLOCK_CONTEXT);
	if (r != KS_OK || !ks_stream_is_idle(b->stretch->stream))
		return r;
	ks_findings_clear(&b->findings);
	r = mask(b, scratch, b->text, b->len);
	b->is_made = r == KS_OK && !b->findings.is_short;
	return r;
}

void
ks_block_guess(struct block *b, struct filter *f, struct ks_scratch *scratch)
{
	b->is_made = false;
	b->status = KS_OK;
	b->lines = b->context_lines = 0;
	if (b->is_wanted)
		b->status = guess(b, f, scratch);
	if (b->status == KS_ERROR_SINK)
		b->status = KS_OK; /* there was too little room */
	if (!f->stream_options.counts_lines)
		return;
	b->lines = ks_line_ends(b->text, b->len);
	b->context_lines = ks_line_ends(b->context, BLOCK_CONTEXT);
}
