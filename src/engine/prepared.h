/* SPDX-License-Identifier: Apache-2.0 */
/* Compiled rules as bytes, and back. */
#pragma once

#include "ruleset.h"

#define PREPARED_ALIGN 16U /* of bytes that are used where they lie */

/* A hash of all that compiled rules depend on, but how they mask: rules, macros, version, layout. */
uint64_t ks_prepared_hash(const struct ks_rule *rules, size_t count);

/* Is that what ks_ruleset_save() gave for a set of that hash and size? */
bool ks_prepared_fits(const struct ks_prepared *prepared, uint64_t hash, size_t count);

/*
 * Take all of a new set but its ids from prepared, which fits, is aligned and stays as long as the set. Returns KS_OK,
 * KS_ERROR_MEMORY, or KS_ERROR_INTERNAL if this libhs or this processor cannot use the databases: then set
 * is as it was.
 */
int ks_prepared_load(struct ks_ruleset *set, const struct ks_prepared *prepared);

/* How many of the first bytes a set goes on using: the others, its databases, were copied. */
size_t ks_prepared_lasting(const struct ks_prepared *prepared);
