/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where in a text could a pattern begin? Only marked places of a text are looked at (known_class.h), and of each pattern one
 * gram beside a place of it that is marked is in a set:
 *
 *     pattern    . . . .[g r a m ^ e r e]. . . .       ^ a mark, as the text has it there too
 *     text     . . ^ . . . . . . ^ . . . . . ^ . .       places that are looked at
 *
 * There is a filter for each way to look. Patterns without such a mark are found as all can be: every step-th place of a text
 * is looked at, and the grams that begin at step places of the pattern, one behind the other, are in the set.
 */
#pragma once

#include "known_bloom.h"
#include "known_slots.h"

/* Ways to look, that which costs least first. */
enum known_look {
	LOOK_RISE,       /* 3 bytes before a rise, 5 from it on */
	LOOK_EVEN_LONG,  /* every 8th place, where 16 bytes are even */
	LOOK_RISE_RIGHT, /* the byte before a rise, 4 from it on */
	LOOK_RISE_LEFT,  /* 4 bytes before a rise, and it */
	LOOK_EVEN_SHORT, /* every 4th place, where 8 bytes are even */
	LOOK_STEP_LONG,  /* every 16th place */
	LOOK_STEP_SHORT, /* every step-th place, for patterns too short for the former */
	KNOWN_LOOKS
};

#define LOOK_STEP_MIN   LOOK_STEP_LONG
#define STEP_MAX        16U
#define STEP_GRAM_MAX   8U
#define STEP_LONG_MIN   (STEP_MAX + STEP_GRAM_MAX - 1U) /* bytes of a pattern for it */
#define STEP_PAIRS      1024U                           /* words for pairs of bytes */
#define LOOK_BLOCK      64U /* so many bytes of a pattern are asked for marks, at most */
#define LOOK_OFFSET_MAX SLOT_OFFSET_MAX

struct known_filter {
	enum known_look look;
	unsigned step;      /* of the ways from LOOK_STEP_MIN on */
	uint64_t *pairs;    /* of these, too: a bit for each pair of bytes: does a gram begin so? */
	uint64_t gram_mask; /* of eight bytes those of a gram */
	struct known_bloom bloom;
	struct known_slots slots;
};

/* Where a pattern is looked for: count grams, the first one offset behind its beginning. */
struct known_grip {
	enum known_look look;   /* LOOK_STEP_LONG: every step-th place has to be looked at */
	unsigned offset, count; /* count is 0 then */
};

/*
 * Choose it, for a pattern of which len bytes stand at bytes, and LOOK_BLOCK zeros: from offset on, within LOOK_BLOCK bytes. A sign
 * may be the mark, if they are marked in texts.
 */
struct known_grip ks_known_grip_choose(const uint8_t *bytes, size_t len, size_t offset,
                                       bool with_signs);

/* For count grams. shortest: of patterns of a step. False when memory is out. */
bool ks_known_filter_init(struct known_filter *filter, enum known_look look, size_t count,
                          size_t shortest, bool *is_locked);
void ks_known_filter_done(struct known_filter *filter);

static inline bool
ks_known_filter_is_used(const struct known_filter *filter)
{
	return filter->slots.log > 0;
}

/* Of a filter that looks at steps: how many bytes of a pattern its grams have. No pattern has fewer. */
static inline size_t
ks_known_filter_block(const struct known_filter *filter)
{
	return filter->step + (size_t)__builtin_popcountll(filter->gram_mask) / 8 - 1;
}

/* A gram at bytes, where 8 can be read, which is so far behind its pattern's beginning. */
void ks_known_filter_add(struct known_filter *filter, const uint8_t *bytes, size_t offset);

/* So many bytes at the end of a text, at most, are not looked at: what begins there is not found. */
static inline size_t
ks_known_filter_blind(const struct known_filter *filter)
{
	return filter->slots.offset_max + STEP_GRAM_MAX;
}

/* Find such places in text[from, len), for all filters that are used. */
void ks_known_filter_scan(const struct known_filter filters[KNOWN_LOOKS], bool with_signs,
                          const uint8_t *text, size_t from, size_t len, known_place_fn on_place,
                          void *ctx);
