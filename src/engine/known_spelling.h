/* SPDX-License-Identifier: Apache-2.0 */
/* How a text is spelled in a form: docs/definition.md, "Known values". */
#pragma once

#include "known.h"

/* As many bytes are spelled at once, at most. One character of a text is 14 at most: "\\ud83d\\ude00" */
#define SPELLING_UNIT_MAX 64U

/* Where one is in the spelling of a text. */
struct spelling {
	const uint8_t *bytes;
	size_t len;
	unsigned form;
	unsigned columns; /* of its text */
	size_t at, end;   /* in the text; of base64, the first and last character in the spelling */
};

struct spelling ks_spelling_of(const struct known_text *text, unsigned form);
/* The next bytes of the spelling go to unit. Returns how many; 0 at its end. */
size_t ks_spelling_next(struct spelling *s, uint8_t unit[SPELLING_UNIT_MAX]);
/* Spell at most max bytes, of which there is room for SPELLING_UNIT_MAX more. Returns how many there are. */
size_t ks_spelling_begin(const struct known_text *text, unsigned form, uint8_t *to, size_t max);

/* The length of the character that begins with p[0], if it is well-formed UTF-8 of 2 to 4 bytes; else 0. */
size_t ks_spelling_wide(const uint8_t *p, size_t len);
/* A letter or digit of ASCII: it is itself in all forms but base64 and hexadecimal. */
bool ks_spelling_is_alnum(uint8_t b);

/* What matters to forms: enum trait, as bits. */
uint32_t ks_spelling_traits(const uint8_t *bytes, size_t len);
