/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Invariant: what is remembered of a text is true of every text that ends with the same bytes, as far as they were
 * looked at, and has no heads in its stretch that it had not: no name can begin with anything else.
 */
#include "name_memo.h"

#include <string.h>

#define KEY_WIDTH 8U /* bytes before the noun's end by which a set of the memo is chosen */

static size_t
set_of(const uint8_t *end)
{
	uint64_t key;

	memcpy(&key, end - KEY_WIDTH, KEY_WIDTH);
	return (key * UINT64_C(0x9e3779b97f4a7c15)) >> 32 & (NAME_MEMO_SETS - 1);
}

static bool
is_remembered(const struct name_memory *memory, const uint8_t *end, uint64_t heads)
{
	return memory->depth > 0 && !(heads & ~memory->heads) &&
	       memcmp(memory->text, end - memory->depth, memory->depth) == 0;
}

static void
remember(struct name_memory *memory, const uint8_t *end, size_t depth, uint64_t heads,
         const uint32_t *rules, size_t count)
{
	memory->heads = heads;
	memory->depth = (uint8_t)depth;
	memory->count = (uint8_t)count;
	memcpy(memory->text, end - depth, depth);
	memcpy(memory->rules, rules, count * sizeof(*rules));
}

size_t
ks_name_memo_find(struct name_memo *memo, const struct names *names, const uint8_t *text,
                  size_t len, uint32_t *ret_rules)
{
	struct name_stretch stretch = ks_names_stretch(names, text, len);
	const uint8_t *end = text + len;
	size_t set, count, depth;

	if (len < NAME_TEXT_MAX) /* it begins with the stream, which counts as a boundary */
		return ks_names_find(names, text, len, &stretch, ret_rules, &depth);
	set = set_of(end);
	for (size_t i = 0; i < NAME_MEMO_WAYS; i++) {
		const struct name_memory *memory = &memo->ways[set][i];

		if (is_remembered(memory, end, stretch.heads)) {
			memcpy(ret_rules, memory->rules, memory->count * sizeof(*ret_rules));
			return memory->count;
		}
	}
	count = ks_names_find(names, text, len, &stretch, ret_rules, &depth);
	if (count <= NAME_MEMO_RULES)
		remember(&memo->ways[set][memo->oldest[set]++ % NAME_MEMO_WAYS], end, depth,
		         stretch.heads, ret_rules, count);
	return count;
}
