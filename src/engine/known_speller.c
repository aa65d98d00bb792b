/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See known_speller.h. Maps are made by known_spelling.c, of texts of two bytes, so that there is one place only that knows how
 * bytes are escaped.
 */
#include "known_speller.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "known_form.h"
#include "known_spelling.h"

#define FORMS    (1U << JSON_LINES) /* a text with a use for the bits behind has no maps of JSON */
#define BYTE_MAX 7U

struct form_map {
	uint64_t bytes[256];
};

/* Two characters of base64, for 12 bits. */
struct base64_map {
	uint8_t pairs[1U << 12][2];
};

struct known_speller {
	struct base64_map base64, base64_url;
	struct form_map *maps[FORMS];
};

static void
make_base64(struct base64_map *map, const char *last)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

	for (unsigned i = 0; i < 1U << 12; i++) {
		map->pairs[i][0] = (uint8_t)(i >> 6 < 62 ? digits[i >> 6] : last[(i >> 6) - 62]);
		map->pairs[i][1] = (uint8_t)((i & 63) < 62 ? digits[i & 63] : last[(i & 63) - 62]);
	}
}

struct known_speller *
ks_known_speller_new(void)
{
	struct known_speller *speller = calloc(1, sizeof(*speller));

	if (speller) {
		make_base64(&speller->base64, "+/");
		make_base64(&speller->base64_url, "-_");
	}
	return speller;
}

void
ks_known_speller_free(struct known_speller *speller)
{
	if (!speller)
		return;
	for (size_t i = 0; i < FORMS; i++)
		free(speller->maps[i]);
	free(speller);
}

/* As it is spelled behind a letter. */
static uint64_t
map_byte(unsigned form, uint8_t byte)
{
	const uint8_t bytes[2] = { 'a', byte };
	const struct known_text letter = { .bytes = bytes, .len = 1 };
	const struct known_text both = { .bytes = bytes, .len = 2 };
	uint8_t spelled[2 * BYTE_MAX + SPELLING_UNIT_MAX];
	size_t from = ks_spelling_begin(&letter, form, spelled, BYTE_MAX);
	size_t len = ks_spelling_begin(&both, form, spelled, from + BYTE_MAX) - from;
	uint64_t mapped = 0;

	memcpy(&mapped, spelled + from, len);
	return le64toh(mapped) | (uint64_t)len << 56;
}

static bool
has_shell_map(const struct known_text *text, enum shell_style style)
{
	if (style == SHELL_BACKSLASH || style == SHELL_WITHIN)
		return !(text->traits & TRAIT_WORD);
	return style < SHELL_TOGETHER; /* Python's of text are those of texts with wide ones */
}

/* Is each byte spelled by itself? */
static bool
has_map(const struct known_text *text, unsigned form)
{
	switch ((enum kind)(form & ((1U << KIND_BITS) - 1))) {
	case KIND_BASE64:
	case KIND_HEX: /* not even letters are spelled as they are */
		return false;
	case KIND_JSON:
	case KIND_JSON_OF:
		return !(text->traits & TRAIT_WIDE);
	case KIND_SHELL:
		return has_shell_map(text, (enum shell_style)(form >> SHELL_STYLE));
	case KIND_RAW:
	case KIND_PERCENT:
	case KIND_XML:
		break;
	}
	return true;
}

static struct form_map *
make_map(unsigned form)
{
	struct form_map *map = malloc(sizeof(*map));

	for (unsigned byte = 0; map && byte < 256; byte++)
		map->bytes[byte] = map_byte(form, (uint8_t)byte);
	return map;
}

/* NULL when memory is out. */
static const uint64_t *
need_map(struct known_speller *speller, unsigned form)
{
	struct form_map **map = &speller->maps[form];

	if (!*map)
		*map = make_map(form);
	return *map ? (*map)->bytes : NULL;
}

const uint64_t *
ks_known_speller_map(struct known_speller *speller, const struct known_text *text, unsigned form)
{
	return has_map(text, form) ? need_map(speller, form) : NULL;
}

/* The group of three bytes, of which there are only count; the others are 0. */
static void
put_group(const struct base64_map *map, const uint8_t *bytes, size_t count, uint8_t to[4])
{
	unsigned group = (unsigned)bytes[0] << 16 | (count > 1 ? (unsigned)bytes[1] << 8 : 0) |
	                 (count > 2 ? bytes[2] : 0);

	memcpy(to, map->pairs[group >> 12], 2);
	memcpy(to + 2, map->pairs[group & 4095], 2);
}

/* Two whole groups. Reads two bytes more. */
static void
put_groups(const struct base64_map *map, const uint8_t *bytes, uint8_t to[8])
{
	uint64_t groups;

	memcpy(&groups, bytes, sizeof(groups));
	groups = be64toh(groups);
	for (unsigned i = 0; i < 4; i++)
		memcpy(to + (size_t)2 * i, map->pairs[groups >> (52 - 12 * i) & 4095], 2);
}

/* Of one line. */
static size_t
spell_base64(const struct base64_map *map, const struct known_text *text, unsigned form,
             uint8_t *to, size_t max)
{
	size_t shift = ks_form_base64_shift(form), from = (8 * shift + 5) / 6;
	size_t bits = 8 * (shift + text->len), at = 0, n = 0;
	size_t len = (form & BASE64_END ? bits + 5 : bits) / 6 - from;
	uint8_t first[4];

	if (shift > 0) {
		/* bytes that are not known go before it */
		const uint8_t group[3] = { 0, shift == 1 ? text->bytes[0] : 0,
			                   text->bytes[2 - shift] };

		put_group(map, group, 3, first);
		at = 3 - shift;
		n = 4 - from;
		memcpy(to, first + from, n);
	}
	for (; text->len - at >= 8 && n < max; at += 6, n += 8)
		put_groups(map, text->bytes + at, to + n);
	for (; text->len - at >= 3 && n < max; at += 3, n += 4)
		put_group(map, text->bytes + at, 3, to + n);
	if (at < text->len && n < max)
		put_group(map, text->bytes + at, text->len - at, to + n);
	return len < max ? len : max;
}

static size_t
put_mapped(uint64_t byte, uint8_t *to)
{
	uint64_t spelled = htole64(byte);

	memcpy(to, &spelled, sizeof(spelled));
	return byte >> 56;
}

static size_t
spell_by_map(const uint64_t *map, const struct known_text *text, uint8_t *to, size_t max)
{
	size_t len = 0;

	for (size_t i = 0; i < text->len && len < max; i++)
		len += put_mapped(map[text->bytes[i]], to + len);
	return len < max ? len : max;
}

static size_t
put_character(const uint8_t *bytes, size_t len, unsigned form, uint8_t *to)
{
	const struct known_text text = { .bytes = bytes, .len = (uint32_t)len };

	return ks_spelling_begin(&text, form, to, SPELLING_UNIT_MAX);
}

/* JSON with characters of several bytes: each is spelled as one, and every other byte by itself. */
static size_t
spell_wide(const uint64_t *map, const struct known_text *text, unsigned form, uint8_t *to,
           size_t max)
{
	size_t len = 0, n;

	for (size_t i = 0; i < text->len && len < max; i += n ? n : 1) {
		const uint8_t *byte = text->bytes + i;

		n = *byte < 0x80 ? 0 : ks_spelling_wide(byte, text->len - i);
		len += n ? put_character(byte, n, form, to + len)
		         : put_mapped(map[*byte], to + len);
	}
	return len < max ? len : max;
}

size_t
ks_known_spell(struct known_speller *speller, const struct known_text *text, unsigned form,
               uint8_t *to, size_t max)
{
	enum kind kind = (enum kind)(form & ((1U << KIND_BITS) - 1));
	const uint64_t *map;
	bool is_wide;

	if (kind == KIND_BASE64 && (text->columns == 0 || text->len <= text->columns / 4 * 3))
		return spell_base64(form & BASE64_URL ? &speller->base64_url : &speller->base64,
		                    text, form, to, max);
	if (kind == KIND_RAW) {
		memcpy(to, text->bytes, text->len < max ? text->len : max);
		return text->len < max ? text->len : max;
	}
	is_wide = kind == KIND_JSON && text->traits & TRAIT_WIDE && form < FORMS;
	map = kind == KIND_HEX || is_wide ? need_map(speller, form)
	                                  : ks_known_speller_map(speller, text, form);
	if (!map)
		return ks_spelling_begin(text, form, to, max);
	return is_wide ? spell_wide(map, text, form, to, max) : spell_by_map(map, text, to, max);
}
