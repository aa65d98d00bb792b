/* SPDX-License-Identifier: Apache-2.0 */
/* A piece of a channel's payload: where its bytes are in the output, and how they are spelled there. */
#pragma once

#include <stdint.h>

#include "queue.h"

#define ESCAPE_TEXT_MAX 4U /* bytes that one escape stands for */

enum piece_kind {
	PIECE_PLAIN,
	PIECE_ESCAPE,
	PIECE_STRING, /* of JSON, with escapes in it, all of them whole and right */
	PIECE_CONTEXT /* it is not in the output */
};

struct piece {
	enum piece_kind kind;
	uint8_t text[ESCAPE_TEXT_MAX]; /* of an escape: what is left of it */
	size_t width;                  /* of an escape or a string: its bytes in the output */
	size_t len;                    /* bytes of payload */
	uint64_t at;                   /* in the output */
	uint64_t line;                 /* of the source, from 1; 0: lines are not counted */
};

/* A byte of a source. */
struct place {
	uint64_t at, line;
};

/*
 * Take the first n bytes of payload off a piece, 0 < n <= piece->len, and write them to the queue, which is at
 * bytes[0, n); NULL: they are as they were. An escape is as it was too, or masked wholly. Where n ends within an
 * escape of a string, what is left of that is *ret_rest, else its len is 0.
 */
void ks_piece_settle(struct piece *piece, const struct queue *queue, const uint8_t *bytes, size_t n,
                     struct piece *ret_rest);

/* Where the byte of payload is that is n bytes behind the piece's first, n < piece->len. */
struct place ks_piece_place(const struct piece *piece, const struct queue *queue, size_t n);
