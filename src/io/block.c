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
#include "stack.h"

_Static_assert(BLOCK_CONTEXT_MAX <= FRONT_SIZE, "the context has room before the text");

/* What stands before bytes in the store. */
struct entry {
	uint8_t *at; /* in the text */
	size_t len;
};

int
ks_block_init(struct block *b, const struct filter *f)
{
	size_t text_max = f->options.block_size + INPUT_READ_MIN;

	*b = (struct block){ .store_max = f->is_pushed ? 2 * text_max : text_max };
	b->memory_size = FRONT_SIZE + text_max + b->store_max;
	b->memory = ks_secret_memory_new(b->memory_size);
	if (!b->memory)
		return KS_ERROR_MEMORY;
	b->text = b->memory + FRONT_SIZE;
	b->store = b->text + text_max;
	return KS_OK;
}

void
ks_block_done(struct block *b)
{
	ks_stretch_free(b->stretch);
	ks_findings_done(&b->findings);
	ks_secret_memory_free(b->memory, b->memory_size);
	*b = (struct block){ 0 };
}

void
ks_block_wipe(struct block *b)
{
	explicit_bzero(b->text - b->context_len, b->context_len + b->used);
	explicit_bzero(b->store, b->store_used);
	b->used = b->store_used = 0;
	if (b->stretch)
		ks_stretch_reset(b->stretch);
}

static int
store(struct block *b, const void *data, size_t len)
{
	if (len > b->store_max - b->store_len)
		return -1;
	memcpy(b->store + b->store_len, data, len);
	b->store_len += len;
	if (b->store_used < b->store_len)
		b->store_used = b->store_len;
	return 0;
}

int
ks_block_put(struct block *b, const uint8_t *data, size_t len)
{
	return store(b, data, len);
}

/* A secret that goes on is one entry. */
int
ks_block_note_fill(struct block *b, uint8_t *data, size_t len)
{
	struct entry entry = { data, len };

	if (b->store_len > 0)
		memcpy(&entry, b->store + b->last, sizeof(entry));
	if (b->store_len == 0 || entry.at + entry.len != data) {
		entry = (struct entry){ data, 0 };
		b->last = b->store_len;
		if (store(b, &entry, sizeof(entry)) < 0)
			return -1;
	}
	if (store(b, data, len) < 0)
		return -1;
	entry.len += len;
	memcpy(b->store + b->last, &entry, sizeof(entry));
	return 0;
}

void
ks_block_undo(struct block *b)
{
	if (!b->stretch || b->stretch->filter->is_pushed)
		return;
	for (size_t at = 0; at < b->store_len;) {
		struct entry entry;

		memcpy(&entry, b->store + at, sizeof(entry));
		at += sizeof(entry);
		memcpy(entry.at, b->store + at, entry.len);
		at += entry.len;
	}
	b->store_len = 0;
}

/* Put text, which may be filled, through the stretch. What has settled is masked[0, masked_len). */
static int
mask(struct block *b, struct ks_scratch *scratch, uint8_t *text, size_t len)
{
	int r;

	b->store_len = b->masked_len = 0;
	if (!b->stretch->filter->is_pushed) {
		b->masked = text;
		return ks_stream_mask(b->stretch->stream, scratch, text, len, &b->masked_len);
	}
	b->masked = b->store;
	r = ks_stretch_feed(b->stretch, scratch, text, len);
	b->masked_len = b->store_len;
	return r;
}

static int
begin(struct block *b, struct filter *f)
{
	int r = KS_OK;

	if (b->stretch) {
		ks_stretch_reset(b->stretch);
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
		r = mask(b, scratch, b->text - b->context_len, b->context_len);
	b->store_len = 0;
	if (r != KS_OK || !ks_stretch_begin_part(b->stretch))
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
	b->store_len = 0;
	b->status = KS_OK;
	b->lines = b->context_lines = 0;
	if (b->is_wanted)
		b->status = guess(b, f, scratch);
	ks_stack_wipe(); /* of this thread, which may have nothing to do for long */
	if (b->status == KS_ERROR_SINK)
		b->status = KS_OK; /* there was too little room */
	if (!f->stream_options.counts_lines)
		return;
	b->lines = ks_line_ends(b->text, b->len);
	b->context_lines = ks_line_ends(b->text - b->context_len, b->context_len);
}
