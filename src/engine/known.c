/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A set of known values: how it comes to be.
 *
 * Invariants: all that is made of values' bytes lies in known_memory; nothing changes once it is compiled.
 */
#include "known.h"

#include <stdlib.h>
#include <string.h>

#include "known_find.h"
#include "known_spelling.h"
#include "known_table.h"
#include "known_value.h"
#include "stack.h"

#define BLOCK_SIZE 65536U

/* Values' bytes, one behind the other. */
struct known_block {
	struct known_block *next;
	size_t size, used;
	uint8_t bytes[];
};

int
ks_known_new(struct ks_known **ret_known)
{
	bool is_locked = true;
	struct ks_known *known = ks_known_memory_new(sizeof(*known), &is_locked);

	if (!known)
		return KS_ERROR_MEMORY;
	known->is_locked = is_locked;
	*ret_known = known;
	return KS_OK;
}

void
ks_known_share(const struct ks_known *known)
{
	((struct ks_known *)known)->shares++; /* nothing that is known changes by it */
}

void
ks_known_release(const struct ks_known *known)
{
	ks_known_free((struct ks_known *)known);
}

void
ks_known_free(struct ks_known *known)
{
	if (!known || known->shares-- > 0)
		return;
	while (known->blocks) {
		struct known_block *next = known->blocks->next;

		ks_known_memory_free(known->blocks, known->blocks->size);
		known->blocks = next;
	}
	ks_known_finder_done(known);
	ks_known_table_done(known);
	ks_known_memory_free(known->texts, known->text_max * sizeof(*known->texts));
	ks_known_memory_free(known, sizeof(*known));
}

/* Returns the copy, or NULL when memory is out. */
static const uint8_t *
copy_value(struct ks_known *known, const uint8_t *value, size_t len)
{
	struct known_block *block = known->blocks;

	if (!block || block->size - block->used < len) {
		size_t size = sizeof(*block) + len > BLOCK_SIZE ? sizeof(*block) + len : BLOCK_SIZE;

		block = ks_known_memory_new(size, &known->is_locked);
		if (!block)
			return NULL;
		*block = (struct known_block){ known->blocks, size, sizeof(*block) };
		known->blocks = block;
	}
	block->used += len;
	return memcpy((uint8_t *)block + block->used - len, value, len);
}

struct adding {
	struct ks_known *known;
	size_t number;
};

static int
add_text(void *ctx, const uint8_t *bytes, size_t len, unsigned columns)
{
	struct adding *adding = ctx;
	struct ks_known *known = adding->known;
	struct known_text *texts = ks_known_memory_grow(known->texts, known->text_count,
	                                                &known->text_max, sizeof(*texts),
	                                                &known->is_locked);

	if (!texts || known->text_count == KNOWN_NONE)
		return KS_ERROR_MEMORY;
	known->texts = texts;
	texts[known->text_count++] = (struct known_text){
		.bytes = bytes,
		.number = adding->number,
		.len = (uint32_t)len,
		.traits = ks_spelling_traits(bytes, len),
		.columns = columns,
	};
	return KS_OK;
}

static enum ks_known_verdict
judge(const uint8_t *value, size_t len)
{
	if (len < KS_KNOWN_MIN)
		return KS_KNOWN_SHORT;
	if (len > KS_KNOWN_MAX)
		return KS_KNOWN_LONG;
	return ks_known_is_common(value, len) ? KS_KNOWN_COMMON : KS_KNOWN_TAKEN;
}

int
ks_known_add(struct ks_known *known, const uint8_t *value, size_t len, size_t number,
             enum ks_known_verdict *ret_verdict)
{
	struct adding adding = { known, number };
	enum ks_known_verdict verdict = judge(value, len);
	const uint8_t *copy;
	int r = KS_OK;

	if (known->is_compiled || number == 0)
		return KS_ERROR_MISUSE;
	if (verdict == KS_KNOWN_TAKEN) {
		copy = copy_value(known, value, len);
		r = copy ? ks_known_split(copy, len, add_text, &adding) : KS_ERROR_MEMORY;
		known->value_count += r == KS_OK;
	}
	if (r == KS_OK)
		*ret_verdict = verdict;
	return r;
}

int
ks_known_compile(struct ks_known *known)
{
	struct known_speller *speller;
	int r;

	if (known->is_compiled)
		return KS_ERROR_MISUSE;
	speller = ks_known_speller_new();
	r = speller ? ks_known_table_make(known, speller) : KS_ERROR_MEMORY;
	if (r == KS_OK)
		r = ks_known_finder_make(known, speller);
	ks_known_speller_free(speller);
	known->is_compiled = r == KS_OK;
	ks_stack_wipe();
	return r;
}

size_t
ks_known_count(const struct ks_known *known)
{
	return known->value_count;
}

int
ks_known_is_locked(const struct ks_known *known)
{
	return known->is_locked;
}

size_t
ks_known_held(const struct ks_known *known)
{
	return known->longest ? known->longest - 1 : 0;
}
