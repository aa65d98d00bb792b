/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The address fields of a journal's entry, which say where it is and when it came. They pass, so they are only what
 * has the form that systemd writes: hexadecimal digits and decimal ones, in numbers.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum address { ADDRESS_NONE, ADDRESS_OPEN, ADDRESS_WHOLE };

/*
 * Is text the beginning of a line that is such a field? Open: it may be, if more comes, which takes no more than 154
 * bytes. Of a whole one *ret_len is the length, with the line's end.
 */
enum address ks_address_parse(const uint8_t *text, size_t len, size_t *ret_len);

/* Is text the beginning of an entry as systemd writes it: a cursor, and the time behind it? It takes 176 bytes at most. */
enum address ks_address_parse_first(const uint8_t *text, size_t len);
