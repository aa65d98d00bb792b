/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A value is a string, or an array of numbers if it is no text. A field that is there more than once has an array
 * of its values; so its fields are linked first, by a sort, whatever their number.
 */
#include "journal_json.h"

#include <stdlib.h>
#include <string.h>

#include "journal_entry.h"
#include "printable.h"

#define NONE SIZE_MAX

struct member {
	struct journal_field field;
	size_t position;
	size_t next;  /* the position of the next with the same name, or NONE */
	bool is_next; /* of another */
};

struct members {
	struct member *items;
	size_t count, max;
};

/* ---------------------------------------------------------------------- members ---- */

static int
compare(const void *a, const void *b)
{
	const struct member *x = a, *y = b;
	size_t len = x->field.name_len < y->field.name_len ? x->field.name_len : y->field.name_len;
	int order = memcmp(x->field.name, y->field.name, len);

	if (order == 0 && x->field.name_len != y->field.name_len)
		order = x->field.name_len < y->field.name_len ? -1 : 1;
	if (order == 0)
		order = x->position < y->position ? -1 : 1;
	return order;
}

static int
compare_positions(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	return x->position < y->position ? -1 : 1;
}

static bool
has_same_name(const struct member *a, const struct member *b)
{
	return a->field.name_len == b->field.name_len &&
	       memcmp(a->field.name, b->field.name, a->field.name_len) == 0;
}

static void
link_members(struct members *m)
{
	if (m->count == 0)
		return;
	qsort(m->items, m->count, sizeof(*m->items), compare);
	for (size_t i = 1; i < m->count; i++) {
		if (!has_same_name(&m->items[i - 1], &m->items[i]))
			continue;
		m->items[i - 1].next = m->items[i].position;
		m->items[i].is_next = true;
	}
	qsort(m->items, m->count, sizeof(*m->items), compare_positions);
}

/* Returns false when memory is out. */
static bool
gather(struct members *m, const uint8_t *entry, size_t len)
{
	struct journal_field field;
	size_t at = 0;

	while (ks_journal_field_next(entry, len, &at, &field)) {
		if (m->count == m->max) {
			size_t max = m->max ? m->max * 2 : 64;
			struct member *grown = realloc(m->items, max * sizeof(*grown));

			if (!grown)
				return false;
			m->items = grown;
			m->max = max;
		}
		m->items[m->count] = (struct member){ field, m->count, NONE, false };
		m->count++;
	}
	return true;
}

/* ------------------------------------------------------------------------- text ---- */

/* The letter of b's escape; a printable text needs no others. 0: it needs none. */
static uint8_t
escape_of(uint8_t b)
{
	switch (b) {
	case '"':
	case '\\':
		return b;
	case '\n':
		return 'n';
	case '\t':
		return 't';
	default:
		return 0;
	}
}

static void
add_string(struct buffer *output, const uint8_t *text, size_t len)
{
	size_t done = 0;

	ks_buffer_add_byte(output, '"');
	for (size_t i = 0; i < len; i++) {
		uint8_t escape = escape_of(text[i]);

		if (!escape)
			continue;
		ks_buffer_add(output, text + done, i - done);
		ks_buffer_add_byte(output, '\\');
		ks_buffer_add_byte(output, escape);
		done = i + 1;
	}
	ks_buffer_add(output, text + done, len - done);
	ks_buffer_add_byte(output, '"');
}

static void
add_numbers(struct buffer *output, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		const uint8_t b = bytes[i];
		uint8_t text[4] = { i == 0 ? '[' : ',' };
		size_t n = 1;

		if (b >= 100)
			text[n++] = (uint8_t)('0' + b / 100);
		if (b >= 10)
			text[n++] = (uint8_t)('0' + b / 10 % 10);
		text[n++] = (uint8_t)('0' + b % 10);
		ks_buffer_add(output, text, n);
	}
	ks_buffer_add_byte(output, ']');
}

static void
add_value(struct buffer *output, const struct journal_field *field)
{
	if (ks_text_is_printable(field->value, field->value_len, true))
		add_string(output, field->value, field->value_len);
	else
		add_numbers(output, field->value, field->value_len);
}

static void
add_values(struct buffer *output, const struct members *m, const struct member *first)
{
	if (first->next == NONE) {
		add_value(output, &first->field);
		return;
	}
	ks_buffer_add_byte(output, '[');
	add_value(output, &first->field);
	for (size_t i = first->next; i != NONE; i = m->items[i].next) {
		ks_buffer_add_byte(output, ',');
		add_value(output, &m->items[i].field);
	}
	ks_buffer_add_byte(output, ']');
}

void
ks_journal_json(const uint8_t *entry, size_t len, struct buffer *output)
{
	struct members members = { NULL };
	char separator = '{';

	output->is_short |= !gather(&members, entry, len);
	link_members(&members);
	for (size_t i = 0; i < members.count; i++) {
		const struct member *m = &members.items[i];

		if (m->is_next)
			continue;
		ks_buffer_add_byte(output, (uint8_t)separator);
		add_string(output, m->field.name, m->field.name_len);
		ks_buffer_add_byte(output, ':');
		add_values(output, &members, m);
		separator = ',';
	}
	ks_buffer_add_text(output, separator == '{' ? "{}\n" : "}\n");
	free(members.items);
}
