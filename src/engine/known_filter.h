/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where in a text could a pattern begin? Only marked places of a text are looked at (known_mark.h), and of each pattern one gram
 * at a place of it that is marked is in a set:
 *
 *     pattern    . . . .[^ r a m .]. . . . . . .       ^ a mark, as the text has it there too
 *     text     . . ^ . . ^ . . . . . . . . ^ . .       places that are looked at
 *
 * If the only marks of a pattern are at its end, the gram ends with one, and is in another set. Few are: it is small.
 */
#pragma once

#include "known_bloom.h"
#include "known_mark.h"
#include "known_slots.h"

#define LOOK_BLOCK 64U /* so many bytes of a pattern are asked for marks, at most */

enum known_gram_place {
	GRAM_FROM, /* it begins at a mark */
	GRAM_TO,   /* it ends with a rare one */
	GRAM_PLACES
};

struct known_gram_set {
	struct known_bloom bloom;
	struct known_slots slots;
};

struct known_filter {
	struct known_marker marker;
	struct known_gram_set sets[GRAM_PLACES];
	size_t counts[GRAM_PLACES]; /* patterns that were counted */
};

/*
 * To make one: start, count each pattern, open, add each of them. Patterns have 8 bytes or more, of which those from offset on matter,
 * and LOOK_BLOCK + MARK_BEHIND others can be read behind len. What marker does not mark gets marks of its own. open returns false when
 * memory is out; done is right at any time.
 */
void ks_known_filter_start(struct known_filter *filter, const struct known_marker *marker);
void ks_known_filter_count(struct known_filter *filter, const uint8_t *bytes, size_t len,
                           size_t offset);
bool ks_known_filter_open(struct known_filter *filter, bool *is_locked);
void ks_known_filter_add(struct known_filter *filter, const uint8_t *bytes, size_t len,
                         size_t offset);
void ks_known_filter_done(struct known_filter *filter);

/* Has such a pattern a place that is marked, at which a gram of it can be? */
bool ks_known_filter_is_marked(const struct known_marker *marker, const uint8_t *bytes, size_t len,
                               size_t offset);

/* So many bytes at the end of a text, at most, are not looked at: what begins there is not found. */
size_t ks_known_filter_blind(const struct known_filter *filter);

/* Find such places in text[from, len). */
void ks_known_filter_scan(const struct known_filter *filter, const uint8_t *text, size_t from,
                          size_t len, known_place_fn on_place, void *ctx);
