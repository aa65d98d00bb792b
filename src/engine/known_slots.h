/* SPDX-License-Identifier: Apache-2.0 */
/* Which patterns have a gram? A table of hashes of grams, each with its offset in a pattern. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SLOT_OFFSET_MAX 127U

struct known_slots {
	uint32_t *slots; /* a part of a hash, and an offset; 0: none */
	unsigned log;    /* of how many there are; 0: the table is not used */
	size_t offset_max;
};

/* For so many grams. False when memory is out; done is right at any time. */
bool ks_known_slots_init(struct known_slots *slots, size_t count, bool *is_locked);
void ks_known_slots_done(struct known_slots *slots);
void ks_known_slots_add(struct known_slots *slots, uint64_t hash, size_t offset);

/* Called with a place where a pattern may begin; more than once, and in no order. */
typedef void (*known_place_fn)(void *ctx, size_t at);

/* The gram of that hash is at at: tell where patterns with it would begin, if that is not before from. */
void ks_known_slots_look_up(const struct known_slots *slots, uint64_t hash, size_t at, size_t from,
                            known_place_fn on_place, void *ctx);
