/* SPDX-License-Identifier: Apache-2.0 */
/* See class.h. */
#include "class.h"

#include <string.h>

#include "bytes16.h"
#include "keysieve.h"

bool
ks_class_table_add(struct class_table *table, const struct byteset *set, uint8_t *ret_number)
{
	for (unsigned i = 0; i < table->count; i++) {
		if (ks_byteset_equal(&table->sets[i], set)) {
			*ret_number = (uint8_t)i;
			return true;
		}
	}
	if (table->count == CLASS_MAX)
		return false;
	table->sets[table->count] = *set;
	*ret_number = (uint8_t)table->count++;
	return true;
}

static bool
has_all(const struct byteset *set, const char *bytes)
{
	while (*bytes && byteset_has(set, (uint8_t)*bytes))
		bytes++;
	return !*bytes;
}

static bool
has_gap(const struct byteset *set)
{
	bytes16 bytes = { 0 };

	for (unsigned b = 0; b < 256; b++) {
		bytes[0] = (uint8_t)b;
		if (byteset_has(set, (uint8_t)b) && ks_bytes16_gap(bytes) == 0)
			return true;
	}
	return false;
}

static void
fill_kinds(struct classes *classes)
{
	for (int b = '0'; b <= '9'; b++)
		classes->kinds[b] = KS_REQUIRE_DIGIT;
	for (int b = 'A'; b <= 'Z'; b++)
		classes->kinds[b] = KS_REQUIRE_UPPER;
	for (int b = 'a'; b <= 'z'; b++)
		classes->kinds[b] = KS_REQUIRE_LOWER;
}

void
ks_classes_fill(struct classes *classes, const struct class_table *table)
{
	fill_kinds(classes);
	classes->count = table->count;
	for (unsigned k = 0; k < table->count; k++) {
		const struct byteset *set = &table->sets[k];
		uint64_t bit = UINT64_C(1) << k;

		for (unsigned b = 0; b < 256; b++) {
			if (byteset_has(set, (uint8_t)b))
				classes->masks[b] |= bit;
		}
		bool has_hex = has_all(set, "0123456789ABCDEFabcdef");
		if (has_all(set, "/") && !has_all(set, "\\"))
			classes->slash |= bit;
		if (has_hex && !has_all(set, "%"))
			classes->percent |= bit;
		if (has_hex && has_all(set, "u") && !has_all(set, "\\"))
			classes->unicode |= bit;
		if (!has_gap(set))
			classes->words |= bit;
	}
	memcpy(classes->maybe, classes->masks, sizeof(classes->maybe));
	classes->maybe['\\'] = classes->maybe['%'] = UINT64_MAX;
}

static bool
is_same(const struct classes *a, unsigned x, const struct classes *b, unsigned y)
{
	unsigned byte = 0;

	while (byte < 256 && class_has(a, x, (uint8_t)byte) == class_has(b, y, (uint8_t)byte))
		byte++;
	return byte == 256;
}

unsigned
ks_classes_find(const struct classes *classes, const struct classes *other, unsigned number)
{
	for (unsigned i = 0; i < classes->count; i++) {
		if (is_same(classes, i, other, number))
			return i;
	}
	return CLASS_NONE;
}
