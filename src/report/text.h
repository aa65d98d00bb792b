/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text that others wrote, such as names of sources, for terminals and pages. What could steer a terminal or
 * reorder a line is not shown: control characters, also those of two bytes, and those that set the direction of
 * text. Errors stay with the stream: see ferror().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* The length of the valid UTF-8 character that p begins with; 0: there is none. */
size_t ks_text_character(const char *p);

/*
 * The length of the character, or of the wrong byte, that text[0, len) begins with, which is not empty, and whether it must not
 * be shown. Bytes that are no UTF-8 are shown, but not those that are control characters in other character sets: so
 * text must be looked at from character to character.
 */
size_t ks_text_step(const char *text, size_t len, bool *ret_is_hidden);

/* Print what text[0, len) begins with, '?' if it must not be shown. Returns its length. */
size_t ks_text_put(const char *text, size_t len, FILE *out);

/* How many columns of a terminal text takes, if each character takes one. */
size_t ks_text_width(const char *text);

/*
 * Print the first characters of text, at most max, each that is not shown as '?'. Returns the rest of text.
 */
const char *ks_text_print(const char *text, size_t max, FILE *out);

/* Print text as it stands in HTML, in an attribute too; what is not shown becomes U+FFFD. */
void ks_text_print_html(const char *text, FILE *out);
