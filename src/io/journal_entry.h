/* SPDX-License-Identifier: Apache-2.0 */
/* One entry of the text that journalctl -o export makes, field by field. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A part of the entry's text. */
struct journal_field {
	const uint8_t *name;
	size_t name_len;
	const uint8_t *value;
	size_t value_len;
};

/*
 * The field that text[*at, len) begins with; *at is moved behind it, from 0 at first. Borrows text as long as
 * the field is used. Returns false at the entry's end and where the text is none.
 */
bool ks_journal_field_next(const uint8_t *text, size_t len, size_t *at,
                           struct journal_field *ret_field);

/* Is that its name? */
bool ks_journal_field_is(const struct journal_field *field, const char *name);
