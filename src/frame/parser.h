/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a frame format is to a redactor: a parser that says of each byte of the input whether it is a part of
 * the frames or payload, and of which stream.
 *
 * A parser is given the bytes that nobody has said anything about yet, from the first on, and covers
 * them from the front by the calls below. Where it cannot say yet what a byte is, it stops before it
 * and sees it again with more behind it. What it says must not depend on how the input is cut: only on
 * the bytes, from the last boundary on, and on its state.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keysieve.h"

#define FRAME_STREAM_MAX 64U /* streams of a source */

struct ks_redactor;

struct parser {
	enum ks_frame frame;
	size_t state_size; /* of the parser's own state, which begins as zeros */
	/*
	 * Cover data[0, len) as far as possible, len > 0. is_last: nothing follows that belongs to it, so
	 * all must be covered. Memory and other errors stay in the redactor.
	 */
	void (*parse)(void *state, struct ks_redactor *redactor, const uint8_t *data, size_t len,
	              bool is_last);
	/* What follows begins a new frame. All that came is covered. NULL: there is nothing to do. */
	void (*restart)(void *state, struct ks_redactor *redactor);
};

extern const struct parser ks_raw_parser, ks_cri_parser, ks_docker_parser, ks_journal_parser;

/* ------------------------------------------------------- for parsers, by redactor.c ---- */

/* The next n bytes are a part of the frames: they pass. */
void ks_redactor_pass(struct ks_redactor *redactor, size_t n);

/* The next n bytes are payload of a stream, stream < FRAME_STREAM_MAX. */
void ks_redactor_payload(struct ks_redactor *redactor, unsigned stream, size_t n);

/*
 * The next n bytes are an escape that stands for text[0, len) in the payload; n <= 16. If a byte of text is
 * masked, all n are.
 */
void ks_redactor_escape(struct ks_redactor *redactor, unsigned stream, size_t n,
                        const uint8_t *text, size_t len);

/*
 * A short cut for a JSON string as payload of a stream, in two steps: room for its n bytes, 0 < n, which are
 * within the next 'ahead' bytes of the input. The parser decodes them to there, and with no other call between
 * than ks_redactor_pass() for what is before them says that the next n bytes, without line ends, are that string
 * and decode to len bytes, len > 0. NULL: there is no short cut here. If nothing is said of the room, nothing has happened.
 */
uint8_t *ks_redactor_room(struct ks_redactor *redactor, unsigned stream, size_t ahead, size_t n);
void ks_redactor_string(struct ks_redactor *redactor, unsigned stream, size_t n, size_t len);

/*
 * The same as ks_redactor_escape() and ks_redactor_payload() for payload of one of these streams (bits), nobody knows which: it is masked if it is in any of them.
 * For what breaks off before it says so: it takes longer.
 */
void ks_redactor_payload_of_any(struct ks_redactor *redactor, uint64_t streams, size_t n);
void ks_redactor_escape_of_any(struct ks_redactor *redactor, uint64_t streams, size_t n,
                               const uint8_t *text, size_t len);

/*
 * Payload that is not in the input, or passes as part of the frames besides: the stream sees it, and it
 * is never masked. Borrows text.
 */
void ks_redactor_context(struct ks_redactor *redactor, unsigned stream, const uint8_t *text,
                         size_t len);

/* A frame ends here, so that a parser without state may begin here. */
void ks_redactor_boundary(struct ks_redactor *redactor);

/* Mask what is undecided of these streams (bits), which go on. */
void ks_redactor_give_up(struct ks_redactor *redactor, uint64_t streams);

/* The stream ends here; its number begins a new one. What is undecided is masked. */
void ks_redactor_renew(struct ks_redactor *redactor, unsigned stream);

/* The limit on frames that must be seen whole. */
size_t ks_redactor_limit(const struct ks_redactor *redactor);
