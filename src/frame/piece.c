/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a settled byte is what it was, nothing is written: escapes stay as they were spelled.
 *
 * Invariant: a string begins where an escape or a plain byte of it does. What is left of an escape of which a
 * part has settled is a piece of its own, for it may be masked already, and then cannot be read any more.
 */
#include "piece.h"

#include <assert.h>
#include <string.h>

#include "bytes.h"
#include "json_scan.h"

static void
settle_plain(struct piece *piece, const struct queue *queue, const uint8_t *bytes, size_t n)
{
	uint8_t *text = ks_queue_at(queue, piece->at);

	if (bytes)
		memcpy(text, bytes, n);
	if (piece->line)
		piece->line += ks_line_ends(text, n);
	piece->at += n;
	piece->len -= n;
}

static void
settle_escape(struct piece *piece, const struct queue *queue, const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; bytes && i < n; i++) {
		if (bytes[i] != piece->text[i])
			memset(ks_queue_at(queue, piece->at), bytes[i], piece->width);
	}
	memmove(piece->text, piece->text + n, ESCAPE_TEXT_MAX - n);
	piece->len -= n;
}

/* What a string begins with: an escape, or no more than n plain bytes before the first one. */
static struct piece
first_of(const struct piece *string, const struct queue *queue, size_t n)
{
	const uint8_t *text = ks_queue_at(queue, string->at);
	struct piece first = { .kind = PIECE_PLAIN, .at = string->at, .line = string->line };

	if (*text == '\\') {
		first.kind = PIECE_ESCAPE;
		first.width = ks_json_unescape(text, string->width, first.text, &first.len);
		assert(first.width > 0);
	} else {
		first.width = ks_json_plain_length(text, string->width < n ? string->width : n);
		first.len = first.width;
	}
	return first;
}

static void
settle_string(struct piece *string, const struct queue *queue, const uint8_t *bytes, size_t n,
              struct piece *ret_rest)
{
	while (n > 0) {
		struct piece first = first_of(string, queue, n);
		size_t part = first.len < n ? first.len : n;

		string->at += first.width;
		string->width -= first.width;
		string->len -= first.len;
		if (first.kind == PIECE_PLAIN)
			settle_plain(&first, queue, bytes, part);
		else
			settle_escape(&first, queue, bytes, part);
		*ret_rest = first;
		bytes = bytes ? bytes + part : NULL;
		n -= part;
	}
}

void
ks_piece_settle(struct piece *piece, const struct queue *queue, const uint8_t *bytes, size_t n,
                struct piece *ret_rest)
{
	ret_rest->len = 0;
	switch (piece->kind) {
	case PIECE_PLAIN:
		settle_plain(piece, queue, bytes, n);
		break;
	case PIECE_ESCAPE:
		settle_escape(piece, queue, bytes, n);
		break;
	case PIECE_STRING:
		if (n == piece->len && !bytes)
			piece->len = 0;
		else
			settle_string(piece, queue, bytes, n, ret_rest);
		break;
	case PIECE_CONTEXT:
		piece->len -= n;
		break;
	}
}

struct place
ks_piece_place(const struct piece *piece, const struct queue *queue, size_t n)
{
	struct piece later = *piece, rest = { .len = 0 };

	if (n > 0)
		ks_piece_settle(&later, queue, NULL, n, &rest);
	return rest.len > 0 ? (struct place){ rest.at, rest.line }
	                    : (struct place){ later.at, later.line };
}
