/* SPDX-License-Identifier: Apache-2.0 */
/* Worlds: small sets of rules, each with the pieces that inputs for it are thrown together from. */
#pragma once

#include <keysieve.h>

#define WORLD_RULE_MAX 8
#define PIECE_MAX      48

struct world {
	const char *name;
	struct ks_rule rules[WORLD_RULE_MAX]; /* the last has no id, unless there are so many */
	const char *pieces[PIECE_MAX];        /* the last is NULL, unless there are so many */
};

extern const struct world worlds[];
extern const size_t world_count;

size_t world_rule_count(const struct world *world);
