/* SPDX-License-Identifier: Apache-2.0 */
/* Classes: the byte sets of all rules, each with a number. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "byteset.h"

#define CLASS_MAX  64U /* different byte sets in a set of rules: one bit each in a class mask */
#define CLASS_NONE 255U

/*
 * The byte sets of all rules, by byte: bit k of masks[b] is 1 if b is in set k. So a run is
 * followed with one look-up a byte, however many rules' runs overlap there.
 */
struct classes {
	uint64_t masks[256];
	uint64_t maybe[256]; /* the same, but with all sets where an escape may begin */
	uint8_t kinds[256];  /* as rules require them: one of enum ks_condition, or 0 */
	/* Sets whose bytes count escaped too; see ks_run_find(). */
	uint64_t slash;   /* as "\/": with '/' but not '\' */
	uint64_t percent; /* as "%2B": with all hexadecimal digits but not '%' */
	uint64_t unicode; /* as "\u002B": with them and 'u', but not '\' */
	uint64_t words;   /* without any byte that ks_bytes16_gap() finds */
	unsigned count;
};

/* Sets become classes: equal ones share a number. */
struct class_table {
	struct byteset sets[CLASS_MAX];
	unsigned count;
};

/* Returns false if there are too many. */
bool ks_class_table_add(struct class_table *table, const struct byteset *set, uint8_t *ret_number);
/* classes is zeros before. */
void ks_classes_fill(struct classes *classes, const struct class_table *table);

/* The number of the set with the bytes of one of other's, or CLASS_NONE. */
unsigned ks_classes_find(const struct classes *classes, const struct classes *other,
                         unsigned number);

static inline bool
class_has(const struct classes *classes, unsigned number, uint8_t b)
{
	return classes->masks[b] >> number & 1;
}
