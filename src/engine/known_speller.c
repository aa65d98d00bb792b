/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See known_speller.h. Maps are made by known_spelling.c, of texts of two bytes: so there is one place only that knows how
 * anything is spelled.
 */
#include "known_speller.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "known_form.h"
#include "known_spelling.h"

#define FORMS    (1U << 14)
#define BYTE_MAX 7U

struct form_map {
	uint64_t bytes[256];
};

struct known_speller {
	struct form_map *maps[FORMS];
};

struct known_speller *
ks_known_speller_new(void)
{
	return calloc(1, sizeof(struct known_speller));
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

/* As it is spelled behind a letter, which is spelled as it is. */
static uint64_t
map_byte(unsigned form, uint8_t byte)
{
	const uint8_t bytes[2] = { 'a', byte };
	const struct known_text text = { .bytes = bytes, .len = sizeof(bytes) };
	uint8_t spelled[sizeof(bytes) + BYTE_MAX + SPELLING_UNIT_MAX];
	size_t len = ks_spelling_begin(&text, form, spelled, 1 + BYTE_MAX) - 1;
	uint64_t mapped = 0;

	memcpy(&mapped, spelled + 1, len);
	return le64toh(mapped) | (uint64_t)len << 56;
}

/* Is each byte spelled by itself, behind the first one at least? */
static bool
has_map(const struct known_text *text, unsigned form)
{
	switch ((enum kind)(form & ((1U << KIND_BITS) - 1))) {
	case KIND_BASE64:
	case KIND_HEX:
		return false;
	case KIND_JSON:
		return !(text->traits & TRAIT_WIDE);
	case KIND_SHELL:
		/* these two have a \ before them there, and nowhere else */
		return form >> SHELL_STYLE != SHELL_BACKSLASH ||
		       (text->bytes[0] != '~' && text->bytes[0] != '#');
	case KIND_RAW:
	case KIND_PERCENT:
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

const uint64_t *
ks_known_speller_map(struct known_speller *speller, const struct known_text *text, unsigned form)
{
	struct form_map **map = &speller->maps[form];

	if (!has_map(text, form))
		return NULL;
	if (!*map)
		*map = make_map(form);
	return *map ? (*map)->bytes : NULL;
}

size_t
ks_known_spell(struct known_speller *speller, const struct known_text *text, unsigned form,
               uint8_t *to, size_t max)
{
	const uint64_t *map = form == KIND_RAW ? NULL : ks_known_speller_map(speller, text, form);
	size_t len = 0;

	if (!map)
		return ks_spelling_begin(text, form, to, max);
	for (size_t i = 0; i < text->len && len < max; i++) {
		uint64_t byte = map[text->bytes[i]], spelled = htole64(byte);

		memcpy(to + len, &spelled, sizeof(spelled));
		len += byte >> 56;
	}
	return len < max ? len : max;
}
