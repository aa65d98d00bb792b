/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Known values, as the engine's other modules see them: strings that are masked wherever they stand.
 *
 *     value -> texts: itself, its lines, pieces of what is long     known_value.c
 *           -> patterns: a text in one form of spelling              known_spelling.c
 *           -> all in order: what begins here?                       known_table.c
 *           -> places of a text at which it is worth while to ask    known_run.c, known_filter.c, known_find.c
 *
 * A pattern is not kept spelled: it is a text and a form, and is spelled anew as far as it is compared.
 */
#pragma once

#include <stdbool.h>

#include "keysieve.h"
#include "known_filter.h"
#include "known_memory.h"
#include "known_run.h"

/* The longest text: what is longer is known by its pieces. */
#define KNOWN_TEXT_MAX 1023U
/* The longest pattern: of each byte a JSON string in a JSON string makes 7 at most, as "\\u0001". */
#define KNOWN_PATTERN_MAX ((size_t)7 * KNOWN_TEXT_MAX)
/* As many bytes of each pattern are kept spelled. No pattern has fewer. */
#define KNOWN_HEAD 8U
_Static_assert(KNOWN_HEAD <= KS_KNOWN_MIN, "no spelling is shorter than its value");

#define KNOWN_NONE UINT32_MAX

struct known_text {
	const uint8_t *bytes;
	size_t number; /* of its value */
	uint32_t len;
	uint32_t traits; /* what forms it has: known_spelling.c */
	uint32_t
		columns; /* not 0: it has only the forms of base64 in lines of so many characters */
};

struct known_pattern {
	uint64_t head; /* its first bytes, the first one highest */
	uint32_t text;
	uint32_t link;  /* the longest other pattern that it begins with; KNOWN_NONE: none */
	uint32_t first; /* the first text of it and of all that it begins with */
	uint16_t form;
	uint16_t len;
};

struct ks_known {
	struct known_block *blocks; /* where the bytes of values are */
	struct known_text *texts;
	size_t text_count, text_max;
	struct known_pattern *patterns; /* in order of their bytes, each once */
	size_t pattern_count, pattern_max;
	uint32_t *
		index; /* by the first bits of a head: the first pattern whose head has them, or more */
	unsigned index_bits; /* 0: there is none yet */
	struct known_runs runs;
	struct known_filter filter;
	struct known_bloom heads, short_heads; /* the first 8 bytes of all, the first 3 to 7 */
	uint64_t begins[1024]; /* a bit for each pair of bytes: does a pattern begin so? */
	size_t value_count;
	size_t longest; /* bytes of the longest pattern */
	bool is_compiled;
	bool is_locked;
	_Atomic unsigned shares; /* besides its owner's */
};

/* It stays until it is released, though its owner frees it. Whoever shares it may do so in any thread. */
void ks_known_share(const struct ks_known *known);
void ks_known_release(const struct ks_known *known);

/* An occurrence of a known value. */
struct known_match {
	size_t from, to;
	uint32_t text; /* the first text of those that begin here */
};

/* Called in order of from, but for some hundred bytes; more than once about the same bytes. */
typedef void (*known_match_fn)(void *ctx, const struct known_match *match);

/* Passes over a text, each of which finds some of what there is. */
enum known_pass { PASS_RUNS, PASS_MARKS, PASS_END, KNOWN_PASSES };

/*
 * Find what begins in text[from, len). Tells of the longest pattern that is all there, of each place; returns
 * the first place, of those that this pass finds, from which on text[, len) is less than a whole pattern that
 * begins so, or len.
 */
size_t ks_known_find(const struct ks_known *known, enum known_pass pass, const uint8_t *text,
                     size_t from, size_t len, known_match_fn on_match, void *ctx);

#define KNOWN_BLIND_MAX 136U

/*
 * Where the last bytes of text[from, len) begin in which only PASS_END finds anything: KNOWN_BLIND_MAX at most. If more of the text is at
 * hand they can be put off, and looked at with what follows.
 */
size_t ks_known_blind(const struct ks_known *known, const uint8_t *text, size_t from, size_t len);
