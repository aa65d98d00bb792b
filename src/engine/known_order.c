/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See known_order.h. Patterns are sorted by their heads, then those of the same head by what follows, 8 bytes at a time. In
 * place: qsort(3) takes memory that is not ours to lock and wipe.
 *
 * Invariant: while patterns of one head are sorted, their heads are the 8 bytes that are compared; a group's patterns are
 * spelled in the order's room, where .first says, if all fit into it.
 */
#include "known_order.h"

#include <endian.h>
#include <string.h>

#include "known_spelling.h"

#define FEW 24U /* so many are sorted faster one by one */

struct order {
	struct ks_known *known;
	struct known_speller *speller;
	uint8_t *room;
	bool is_spelled; /* the whole group is */
};

static void
swap(struct known_pattern *a, struct known_pattern *b)
{
	struct known_pattern c = *a;

	*a = *b;
	*b = c;
}

/* ------------------------------------------------------------------------ heads ---- */

static void
insert_by_head(struct known_pattern *patterns, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct known_pattern pattern = patterns[i];
		size_t at = i;

		for (; at > 0 && patterns[at - 1].head > pattern.head; at--)
			patterns[at] = patterns[at - 1];
		patterns[at] = pattern;
	}
}

static uint8_t
digit_of(const struct known_pattern *pattern, unsigned shift)
{
	return (uint8_t)(pattern->head >> shift);
}

/* Bring each pattern to where those with its digit are. ends: where these end, of each digit. */
static void
deal(struct known_pattern *patterns, unsigned shift, const size_t ends[256])
{
	size_t next[256] = { 0 };

	memcpy(next + 1, ends, 255 * sizeof(*ends));
	for (unsigned digit = 0; digit < 256; digit++) {
		while (next[digit] < ends[digit]) {
			struct known_pattern *pattern = &patterns[next[digit]];
			uint8_t to = digit_of(pattern, shift);

			if (to != digit)
				swap(pattern, &patterns[next[to]]);
			next[to]++;
		}
	}
}

/* By the bytes of heads from that at shift on: a byte at a time. */
static void
sort_by_head(struct known_pattern *patterns, size_t count, unsigned shift)
{
	size_t ends[256] = { 0 }, from = 0;

	if (count <= FEW) {
		insert_by_head(patterns, count);
		return;
	}
	for (size_t i = 0; i < count; i++)
		ends[digit_of(&patterns[i], shift)]++;
	for (unsigned digit = 1; digit < 256; digit++)
		ends[digit] += ends[digit - 1];
	deal(patterns, shift, ends);
	for (unsigned digit = 0; shift > 0 && digit < 256; from = ends[digit++]) {
		if (ends[digit] - from > 1)
			sort_by_head(patterns + from, ends[digit] - from, shift - 8);
	}
}

/* ----------------------------------------------------------------------- groups ---- */

/* A pattern's bytes. slot: 0 or 1, where they are spelled unless the group is. */
static const uint8_t *
bytes_of(const struct order *o, const struct known_pattern *pattern, unsigned slot)
{
	uint8_t *to = o->room + slot * SPELLED_SIZE;

	if (o->is_spelled)
		return o->room + pattern->first;
	(void)ks_known_spell(o->speller, &o->known->texts[pattern->text], pattern->form, to,
	                     pattern->len);
	return to;
}

static void
spell_group(struct order *o, struct known_pattern *patterns, size_t count)
{
	size_t size = 0;

	for (size_t i = 0; i < count && size <= ORDER_SIZE; i++)
		size += patterns[i].len + SPELLING_UNIT_MAX;
	o->is_spelled = size <= ORDER_SIZE;
	size = 0;
	for (size_t i = 0; o->is_spelled && i < count; i++) {
		struct known_pattern *pattern = &patterns[i];

		pattern->first = (uint32_t)size;
		size += ks_known_spell(o->speller, &o->known->texts[pattern->text], pattern->form,
		                       o->room + size, pattern->len);
	}
}

static size_t
common_length(const uint8_t *a, const uint8_t *b, size_t max)
{
	size_t n = 0;

	while (n < max && a[n] == b[n])
		n++;
	return n;
}

/* With how many bytes do all begin? */
static size_t
common_of_all(const struct order *o, const struct known_pattern *patterns, size_t count)
{
	const uint8_t *first = bytes_of(o, &patterns[0], 0);
	size_t common = patterns[0].len;

	for (size_t i = 1; i < count; i++) {
		size_t len = patterns[i].len;

		common = common_length(first, bytes_of(o, &patterns[i], 1),
		                       len < common ? len : common);
	}
	return common;
}

/* The 8 bytes from at on, the first one highest, and zeros behind the pattern's end. */
static uint64_t
key_at(const struct order *o, const struct known_pattern *pattern, size_t at)
{
	const uint8_t *bytes = bytes_of(o, pattern, 0);
	uint64_t key = 0;
	size_t left = pattern->len - at;

	memcpy(&key, bytes + at, left < sizeof(key) ? left : sizeof(key));
	return be64toh(key);
}

/* Of two whose bytes before end are the same, but for zeros: is a before b? */
static bool
is_shorter(const struct known_pattern *a, const struct known_pattern *b, size_t end)
{
	size_t a_end = a->len < end ? a->len : end, b_end = b->len < end ? b->len : end;

	return a_end < b_end || (a_end == b_end && a->text < b->text);
}

/* Let what stands at at sink until nothing below it in the heap of count comes behind it. */
static void
sink(struct known_pattern *heap, size_t at, size_t count, size_t end)
{
	for (size_t child; (child = 2 * at + 1) < count; at = child) {
		if (child + 1 < count && is_shorter(&heap[child], &heap[child + 1], end))
			child++;
		if (!is_shorter(&heap[at], &heap[child], end))
			return;
		swap(&heap[at], &heap[child]);
	}
}

/* Sort those whose bytes before end are the same, but for zeros. Returns how many of them have no bytes from end on. */
static size_t
sort_ended(struct known_pattern *patterns, size_t count, size_t end)
{
	size_t ended = 0;

	for (size_t i = count / 2; i > 0; i--)
		sink(patterns, i - 1, count, end);
	for (size_t i = count; i > 1; i--) {
		swap(&patterns[0], &patterns[i - 1]);
		sink(patterns, 0, i - 1, end);
	}
	while (ended < count && patterns[ended].len <= end)
		ended++;
	return ended;
}

/* How many of the first ones have the same head? */
static size_t
count_head(const struct known_pattern *patterns, size_t count)
{
	size_t n = 1;

	while (n < count && patterns[n].head == patterns[0].head)
		n++;
	return n;
}

/* By all bytes. Each call deals with more of them, so that no two patterns make more than two calls for each 8 bytes. */
static void
sort_group(const struct order *o, struct known_pattern *patterns, size_t count)
{
	size_t at = common_of_all(o, patterns, count), n;

	for (size_t i = 0; i < count; i++)
		patterns[i].head = key_at(o, &patterns[i], at);
	sort_by_head(patterns, count, 56);
	for (size_t i = 0; i < count; i += n) {
		size_t ended;

		n = count_head(patterns + i, count - i);
		if (n == 1)
			continue;
		ended = sort_ended(patterns + i, n, at + sizeof(patterns->head));
		if (n - ended > 1)
			sort_group(o, patterns + i + ended, n - ended);
	}
}

/* ------------------------------------------------------------------------ links ---- */

/* Patterns that are kept stand at the beginning of the table; the last one's bytes are known. */
struct kept {
	size_t count, first; /* where the group's first one stands */
	const uint8_t *last;
};

/* Of the group's patterns that are kept the longest with which this one begins. */
static uint32_t
find_link(const struct order *o, const struct kept *kept, const uint8_t *bytes, size_t len)
{
	const struct known_pattern *patterns = o->known->patterns;
	uint32_t link = (uint32_t)kept->count - 1;
	size_t common;

	if (kept->count == kept->first)
		return KNOWN_NONE;
	if (len > patterns[link].len)
		len = patterns[link].len;
	common = common_length(kept->last, bytes, len);
	while (link != KNOWN_NONE && patterns[link].len > common)
		link = patterns[link].link;
	return link;
}

/* Keep a pattern, which comes behind all that are kept, unless it is spelled like one of them. */
static bool
keep(const struct order *o, struct kept *kept, struct known_pattern pattern, const uint8_t *bytes)
{
	struct ks_known *known = o->known;
	const struct known_pattern *shorter;

	pattern.first = pattern.text;
	pattern.link = find_link(o, kept, bytes, pattern.len);
	if (pattern.link != KNOWN_NONE) {
		shorter = &known->patterns[pattern.link];
		if (shorter->len == pattern.len)
			return false;
		if (shorter->first < pattern.first)
			pattern.first = shorter->first;
	}
	if (pattern.len > known->longest)
		known->longest = pattern.len;
	known->patterns[kept->count++] = pattern;
	kept->last = bytes;
	return true;
}

/* Sort patterns of one head, and keep them. */
static void
order_group(struct order *o, struct kept *kept, struct known_pattern *patterns, size_t count)
{
	uint64_t head = patterns[0].head;
	unsigned slot = 0;

	kept->first = kept->count;
	o->is_spelled = false;
	if (count > 1) {
		spell_group(o, patterns, count);
		sort_group(o, patterns, count);
	}
	for (size_t i = 0; i < count; i++) {
		const uint8_t *bytes = count > 1 ? bytes_of(o, &patterns[i], slot) : NULL;

		patterns[i].head = head;
		if (keep(o, kept, patterns[i], bytes))
			slot ^= 1;
	}
}

void
ks_known_order(struct ks_known *known, struct known_speller *speller, uint8_t *room)
{
	struct order o = { known, speller, room, false };
	struct known_pattern *patterns = known->patterns;
	struct kept kept = { 0 };
	size_t n;

	sort_by_head(patterns, known->pattern_count, 56);
	for (size_t i = 0; i < known->pattern_count; i += n) {
		n = count_head(patterns + i, known->pattern_count - i);
		order_group(&o, &kept, patterns + i, n);
	}
	known->pattern_count = kept.count;
}
