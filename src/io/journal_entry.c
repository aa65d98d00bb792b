/* SPDX-License-Identifier: Apache-2.0 */
/* See journal_entry.h. Nothing here trusts a length. */
#include "journal_entry.h"

#include <string.h>

/* The value in its binary form: text[at, len) begins with its length. */
static bool
read_binary(const uint8_t *text, size_t len, size_t *at, struct journal_field *field)
{
	uint64_t n = 0;

	if (len - *at < 9)
		return false;
	for (unsigned i = 8; i-- > 0;)
		n = n << 8 | text[*at + i];
	*at += 8;
	if (n >= len - *at || text[*at + n] != '\n')
		return false;
	field->value = text + *at;
	field->value_len = (size_t)n;
	*at += (size_t)n + 1;
	return true;
}

bool
ks_journal_field_next(const uint8_t *text, size_t len, size_t *at, struct journal_field *ret_field)
{
	const uint8_t *line = text + *at, *end, *equals;

	if (*at >= len || *line == '\n')
		return false;
	end = memchr(line, '\n', len - *at);
	if (!end)
		return false;
	*at += (size_t)(end - line) + 1;
	equals = memchr(line, '=', (size_t)(end - line));
	ret_field->name = line;
	ret_field->name_len = (size_t)((equals ? equals : end) - line);
	if (!equals)
		return read_binary(text, len, at, ret_field);
	ret_field->value = equals + 1;
	ret_field->value_len = (size_t)(end - equals) - 1;
	return true;
}

bool
ks_journal_field_is(const struct journal_field *field, const char *name)
{
	return field->name_len == strlen(name) && memcmp(field->name, name, field->name_len) == 0;
}
