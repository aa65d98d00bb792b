/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A part of the input that is masked by itself, beside others, before it is known how the one before it
 * ends: a guess.
 *
 *     text     |... front ...|------------- len -------------|
 *     context  |--- the last bytes before it ---|
 *     store    |------- store_len -------|                   what was pushed, or what stood where text is filled
 *
 * The guess begins with the context, to have seen as much of the input as can matter. It is a guess in one
 * thing only: that nothing is open where the block begins. Where that turns out to be wrong the text is made what it was. Most
 * text is never filled, and to copy it takes as long as a sixth of the scan.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "findings.h"

#define BLOCK_CONTEXT_MAX (16U << 10)

struct filter;
struct stretch;

struct block {
	uint8_t *memory;
	size_t memory_size, store_max;
	uint8_t *text; /* room for the filter's block size and INPUT_READ_MIN bytes */
	size_t len;
	size_t used; /* of the room, since it was wiped; store_used: of that for the store */
	size_t store_used;
	size_t context_len; /* of the context, right before the text; up to BLOCK_CONTEXT_MAX */
	uint64_t lines, context_lines; /* ends of lines in both, if lines are counted */
	/* The guess: */
	bool is_wanted, is_made;
	struct stretch *stretch; /* NULL: none was opened yet */
	struct findings findings;
	uint8_t *store;
	size_t store_len;
	uint8_t *masked;   /* in the text, or in the store */
	size_t masked_len; /* what follows in the text is held */
	size_t last;       /* where the last entry of the store begins, if text is filled */
	int status;        /* of the engine */
};

/* Make room, for the rules and masks of filter. Returns KS_OK or KS_ERROR_MEMORY; ks_block_done() is right after both. */
int ks_block_init(struct block *block, const struct filter *filter);
/* Wipes it. */
void ks_block_done(struct block *block);

/* Nothing of its text is needed any more. */
void ks_block_wipe(struct block *block);

/* Mask the text, if that is wanted and nothing is open where it begins; count its lines. */
void ks_block_guess(struct block *block, struct filter *filter, struct ks_scratch *scratch);

/* The guess is not taken: the text is what it was before. */
void ks_block_undo(struct block *block);

/* A ks_sink_fn's work, for what is pushed; a ks_fill_fn's for what is not. */
int ks_block_put(struct block *block, const uint8_t *data, size_t len);
int ks_block_note_fill(struct block *block, uint8_t *data, size_t len);
