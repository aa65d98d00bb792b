/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A part of the input that is masked by itself, beside others, before it is known how the one before it
 * ends: a guess.
 *
 *     text     |... front ...|------------- len -------------|
 *     context  |--- the last bytes before it ---|
 *     masked   |--------- masked_len ---------|              a copy, or what was pushed
 *
 * The guess begins with the context, to have seen as much of the input as can matter. It is a guess in one
 * thing only: that nothing is open where the block begins. Where that turns out to be wrong the text is still as it was.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "findings.h"

#define BLOCK_CONTEXT KS_LOOK_BACK

struct filter;
struct stretch;

struct block {
	uint8_t *memory;
	size_t memory_size, masked_max;
	uint8_t *text; /* room for the filter's block size and INPUT_READ_MIN bytes */
	size_t len;
	uint8_t context[BLOCK_CONTEXT];
	uint64_t lines, context_lines; /* ends of lines in both, if lines are counted */
	/* The guess: */
	bool is_wanted, is_made;
	struct stretch *stretch; /* NULL: none was opened yet */
	struct findings findings;
	uint8_t *masked;
	size_t masked_len; /* what follows in the copy is held */
	int status;        /* of the engine */
};

/* Make room, for the rules and masks of filter. Returns KS_OK or KS_ERROR_MEMORY; ks_block_done() is right after both. */
int ks_block_init(struct block *block, const struct filter *filter);
/* Wipes it. */
void ks_block_done(struct block *block);

/* Mask a copy of the text, if that is wanted and nothing is open where it begins; count its lines. */
void ks_block_guess(struct block *block, struct filter *filter, struct ks_scratch *scratch);

/* A ks_sink_fn's work, for what is pushed. */
int ks_block_put(struct block *block, const uint8_t *data, size_t len);
