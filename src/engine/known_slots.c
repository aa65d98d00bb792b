/* SPDX-License-Identifier: Apache-2.0 */
/* See known_slots.h. At most half of the slots are taken, so that a search ends soon. */
#include "known_slots.h"

#include "known_memory.h"

#define LOG_MIN     6U
#define OFFSET_BITS 7U
#define NO_GRAM     0U
_Static_assert(SLOT_OFFSET_MAX < 1U << OFFSET_BITS, "an offset fits");

bool
ks_known_slots_init(struct known_slots *slots, size_t count, bool *is_locked)
{
	slots->log = LOG_MIN;
	while ((size_t)1 << slots->log < 2 * count)
		slots->log++;
	slots->slots = ks_known_memory_new(sizeof(*slots->slots) << slots->log, is_locked);
	return slots->slots != NULL;
}

void
ks_known_slots_done(struct known_slots *slots)
{
	ks_known_memory_free(slots->slots, sizeof(*slots->slots) << slots->log);
}

static uint32_t
tag_of(uint64_t hash)
{
	return (uint32_t)(hash >> 20) << OFFSET_BITS | 1U << 31;
}

void
ks_known_slots_add(struct known_slots *slots, uint64_t hash, size_t offset)
{
	size_t mask = ((size_t)1 << slots->log) - 1, at = hash >> (64 - slots->log);
	uint32_t slot = tag_of(hash) | (uint32_t)offset;

	while (slots->slots[at] != NO_GRAM && slots->slots[at] != slot)
		at = (at + 1) & mask;
	slots->slots[at] = slot;
	if (offset > slots->offset_max)
		slots->offset_max = offset;
}

void
ks_known_slots_look_up(const struct known_slots *slots, uint64_t hash, size_t at, size_t from,
                       known_place_fn on_place, void *ctx)
{
	size_t mask = ((size_t)1 << slots->log) - 1;
	uint32_t tag = tag_of(hash), offsets = (1U << OFFSET_BITS) - 1, slot;

	for (size_t i = hash >> (64 - slots->log); (slot = slots->slots[i]) != NO_GRAM;
	     i = (i + 1) & mask) {
		size_t offset = slot & offsets;

		if ((slot & ~offsets) == tag && at >= from + offset)
			on_place(ctx, at - offset);
	}
}
