/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Patterns in order of their bytes. The longest one with which a text begins is the last that is not behind
 * it in this order, or one that this one begins with: so each knows the longest other that it begins with.
 *
 * Invariants: no two patterns are the same; of two texts that are spelled alike the first counts.
 */
#include "known_table.h"

#include <endian.h>
#include <string.h>

#include "known_form.h"
#include "known_order.h"
#include "known_spelling.h"

#define INDEX_BITS_MIN 8U
#define INDEX_BITS_MAX 16U

#define MAKING_SIZE (ORDER_SIZE + FORM_MAX * sizeof(struct spelled))

/* How a pattern's bytes and others compare. */
enum order {
	ORDER_BEFORE,  /* the pattern comes before them, and they do not begin with it */
	ORDER_BEGIN,   /* they begin with it */
	ORDER_GOES_ON, /* it begins with them, and goes on */
	ORDER_BEHIND
};

/* *ret_common: how many bytes are the same. */
static enum order
compare(const struct ks_known *known, const struct known_pattern *pattern, const uint8_t *bytes,
        size_t len, size_t *ret_common)
{
	struct spelling s = ks_spelling_of(&known->texts[pattern->text], pattern->form);
	uint8_t unit[SPELLING_UNIT_MAX];
	size_t at = 0, n;

	while ((n = ks_spelling_next(&s, unit)) > 0) {
		for (size_t i = 0; i < n; i++, at++) {
			*ret_common = at;
			if (at == len)
				return ORDER_GOES_ON;
			if (unit[i] != bytes[at])
				return unit[i] < bytes[at] ? ORDER_BEFORE : ORDER_BEHIND;
		}
	}
	*ret_common = at;
	return ORDER_BEGIN;
}

/* ---------------------------------------------------------------------- making ---- */

/* How a text is spelled in one of its forms. */
struct spelled {
	const uint64_t *map; /* of the form; NULL: it is told by a pattern */
	uint64_t hash;       /* of the text's signs, as they are spelled; or of all bytes */
	size_t pattern;
};

struct making {
	struct ks_known *known;
	struct known_speller *speller;
	uint32_t text;
	uint8_t signs[256]; /* what is no letter or digit in it, each once */
	size_t sign_count;
	uint8_t *room;           /* ORDER_SIZE */
	struct spelled *spelled; /* forms of this text, all different, FORM_MAX at most */
	size_t spelled_count;
};

static uint64_t
head_of(const uint8_t *bytes)
{
	uint64_t head;

	memcpy(&head, bytes, sizeof(head));
	return be64toh(head);
}

static uint64_t
mix(uint64_t hash, uint64_t word)
{
	return ks_known_hash((hash ^ hash >> 29) + word);
}

/* No fewer than 8 bytes. */
static uint64_t
hash_bytes(const uint8_t *bytes, size_t len)
{
	uint64_t hash = mix(len, ks_known_gram(bytes + len - 8, KNOWN_GRAM_WHOLE));

	for (; len > 8; bytes += 8, len -= 8)
		hash = mix(hash, ks_known_gram(bytes, KNOWN_GRAM_WHOLE));
	return hash;
}

/* All that forms may change, where they change bytes one by one. */
static void
list_signs(struct making *m)
{
	const struct known_text *text = &m->known->texts[m->text];
	bool seen[256] = { false };

	m->sign_count = 0;
	for (size_t i = 0; i < text->len; i++) {
		uint8_t b = text->bytes[i];

		if (seen[b] || ks_spelling_is_alnum(b))
			continue;
		seen[b] = true;
		m->signs[m->sign_count++] = b;
	}
	explicit_bzero(seen, sizeof(seen));
}

static uint64_t
hash_signs(const struct making *m, const uint64_t *map)
{
	uint64_t hash = 0;

	for (size_t i = 0; i < m->sign_count; i++)
		hash = mix(hash, map[m->signs[i]]);
	return hash;
}

static bool
is_same_map(const struct making *m, const uint64_t *a, const uint64_t *b)
{
	size_t i = 0;

	while (i < m->sign_count && a[m->signs[i]] == b[m->signs[i]])
		i++;
	return i == m->sign_count;
}

/* Is the text spelled so in another form? Most forms are the same for most texts. bytes: NULL, if the form has a map. */
static bool
is_there(const struct making *m, const struct spelled *form, const uint8_t *bytes, size_t len)
{
	const struct ks_known *known = m->known;
	size_t common;

	for (size_t i = 0; i < m->spelled_count; i++) {
		const struct spelled *other = &m->spelled[i];

		if (other->hash != form->hash || !other->map != !form->map)
			continue;
		if (form->map ? is_same_map(m, form->map, other->map)
		              : compare(known, &known->patterns[other->pattern], bytes, len,
		                        &common) == ORDER_BEGIN &&
		                        common == len)
			return true;
	}
	return false;
}

static int
push_pattern(struct making *m, unsigned form, const uint8_t *bytes, size_t len)
{
	struct ks_known *known = m->known;
	struct known_pattern *patterns = ks_known_memory_grow(known->patterns, known->pattern_count,
	                                                      &known->pattern_max,
	                                                      sizeof(*patterns), &known->is_locked);

	if (!patterns || known->pattern_count == KNOWN_NONE)
		return KS_ERROR_MEMORY;
	known->patterns = patterns;
	patterns[known->pattern_count++] = (struct known_pattern){
		.head = head_of(bytes),
		.text = m->text,
		.form = (uint16_t)form,
		.len = (uint16_t)len,
	};
	return KS_OK;
}

/* A form_fn. */
static int
add_pattern(void *ctx, unsigned form)
{
	struct making *m = ctx;
	const struct known_text *text = &m->known->texts[m->text];
	struct spelled spelled = { .map = ks_known_speller_map(m->speller, text, form),
		                   .pattern = m->known->pattern_count };
	size_t len = 0;

	if (spelled.map) {
		spelled.hash = hash_signs(m, spelled.map);
		if (is_there(m, &spelled, NULL, 0))
			return KS_OK;
	}
	len = ks_known_spell(m->speller, text, form, m->room, KNOWN_PATTERN_MAX);
	if (!spelled.map) {
		spelled.hash = hash_bytes(m->room, len);
		if (is_there(m, &spelled, m->room, len))
			return KS_OK;
	}
	m->spelled[m->spelled_count++] = spelled;
	return push_pattern(m, form, m->room, len);
}

/* No room for more patterns. */
static int
trim(struct ks_known *known)
{
	size_t size = sizeof(*known->patterns), max = known->pattern_count + 1;
	void *trimmed = ks_known_memory_resize(known->patterns, known->pattern_max * size,
	                                       max * size, &known->is_locked);

	if (!trimmed)
		return KS_ERROR_MEMORY;
	known->patterns = trimmed;
	known->pattern_max = max;
	return KS_OK;
}

static size_t
index_size(const struct ks_known *known)
{
	return (((size_t)1 << known->index_bits) + 1) * sizeof(*known->index);
}

/* A search in all patterns would ask for memory that is in no cache at each of its steps. */
static int
make_index(struct ks_known *known)
{
	size_t count = known->pattern_count, at = 0;

	known->index_bits = INDEX_BITS_MIN;
	while (known->index_bits < INDEX_BITS_MAX && (size_t)1 << known->index_bits < count)
		known->index_bits++;
	known->index = ks_known_memory_new(index_size(known), &known->is_locked);
	if (!known->index)
		return KS_ERROR_MEMORY;
	for (size_t i = 0; i < (size_t)1 << known->index_bits; i++) {
		while (at < count && known->patterns[at].head >> (64 - known->index_bits) < i)
			at++;
		known->index[i] = (uint32_t)at;
	}
	known->index[(size_t)1 << known->index_bits] = (uint32_t)count;
	return KS_OK;
}

static int
make_patterns(struct making *m)
{
	struct ks_known *known = m->known;
	int r = KS_OK;

	for (; r == KS_OK && m->text < known->text_count; m->text++) {
		m->spelled_count = 0;
		list_signs(m);
		r = ks_form_each(&known->texts[m->text], add_pattern, m);
	}
	return r;
}

int
ks_known_table_make(struct ks_known *known, struct known_speller *speller)
{
	struct making m = { .known = known, .speller = speller };
	int r = KS_ERROR_MEMORY;

	m.room = ks_known_memory_new(MAKING_SIZE, &known->is_locked);
	if (m.room) {
		m.spelled = (struct spelled *)(void *)(m.room + ORDER_SIZE);
		r = make_patterns(&m);
	}
	if (r == KS_OK) {
		ks_known_order(known, m.speller, m.room);
		r = trim(known);
	}
	if (r == KS_OK)
		r = make_index(known);
	ks_known_memory_free(m.room, MAKING_SIZE);
	explicit_bzero(m.signs, sizeof(m.signs));
	return r;
}

void
ks_known_table_done(struct ks_known *known)
{
	ks_known_memory_free(known->index, index_size(known));
	ks_known_memory_free(known->patterns, known->pattern_max * sizeof(*known->patterns));
}

/* --------------------------------------------------------------------- finding ---- */

/* The first pattern whose head is not less. */
static size_t
find_head(const struct ks_known *known, uint64_t head)
{
	size_t slot = head >> (64 - known->index_bits);
	size_t from = known->index[slot], to = known->index[slot + 1];

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (known->patterns[middle].head < head)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

/* Where the patterns end that have this head; the first is at from, if there is any. */
static size_t
patterns_end(const struct ks_known *known, size_t from, uint64_t head)
{
	if (from < known->pattern_count && known->patterns[from].head == head)
		return head == UINT64_MAX ? known->pattern_count : find_head(known, head + 1);
	return from;
}

/* Is a text shorter than a head the beginning of a pattern? */
static bool
is_short_begin(const struct ks_known *known, const uint8_t *text, size_t len)
{
	uint64_t head = 0, mask = len ? ~UINT64_C(0) << (64 - 8 * len) : 0;
	size_t at;

	for (size_t i = 0; i < len; i++)
		head |= (uint64_t)text[i] << (56 - 8 * i);
	at = find_head(known, head);
	return at < known->pattern_count && (known->patterns[at].head & mask) == head;
}

uint32_t
ks_known_table_find(const struct ks_known *known, const uint8_t *text, size_t len,
                    bool *ret_is_open)
{
	const struct known_pattern *patterns = known->patterns;
	size_t from, to, common, longest = 0;
	uint32_t found = KNOWN_NONE;
	uint64_t head;

	*ret_is_open = len < KNOWN_HEAD && is_short_begin(known, text, len);
	if (len < KNOWN_HEAD)
		return KNOWN_NONE;
	head = head_of(text);
	from = find_head(known, head);
	to = patterns_end(known, from, head);
	while (from < to) {
		size_t middle = from + (to - from) / 2;
		enum order order = compare(known, &patterns[middle], text, len, &common);

		if (order == ORDER_GOES_ON)
			*ret_is_open = true;
		if (order == ORDER_BEFORE || order == ORDER_BEGIN) {
			found = (uint32_t)middle;
			longest = common;
			from = middle + 1;
		} else {
			to = middle;
		}
	}
	while (found != KNOWN_NONE && patterns[found].len > longest)
		found = patterns[found].link;
	return found;
}
