/* SPDX-License-Identifier: Apache-2.0 */
/* What the tree of names (name.h) is made of. Numbers are places in its arrays. */
#pragma once

#include "boundary.h"
#include "expression.h"
#include "name.h"

#define NONE UINT32_MAX

/* Capitals and small letters have the same. */
static inline unsigned
head_hash(const uint8_t *p)
{
	uint32_t bytes = (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16;

	return ((bytes | UINT32_C(0x202020)) * UINT32_C(0x9e3779b1)) >> 20;
}

/*
 * Which of many can end with a byte: by the byte's last five bits, a bit for each. It is right where it says
 * that one cannot; and one bit may stand for several.
 */
struct name_filter {
	uint64_t bits[32];
};

/* These are saved as bytes (prepared.h), so each byte of them has a value. */
#pragma GCC diagnostic push
#pragma GCC diagnostic error "-Wpadded"

/* A part of a path that repeats as a whole: a set of bytes, or a group. */
struct name_unit {
	struct byteset ends; /* bytes with which it can end; if it is a set: these */
	uint32_t filter;     /* of a group */
	uint32_t group;      /* its first alternative; NONE: it is a set */
	uint32_t before;     /* the unit before it in its alternative; NONE: it is the first */
	bool may_be_empty, has_empty; /* has_empty: one of its alternatives may be */
	bool is_wide;                 /* a set in it has more than ASCII, as "[^a]" has */
	uint8_t min, max;
	uint8_t unused[7];
};

struct name_alternative {
	struct byteset ends;
	bool may_be_empty, is_wide;
	uint8_t bit; /* in the filter of the group */
	uint8_t unused[5];
	uint32_t last; /* unit; NONE: it is empty */
	uint32_t next; /* of the group; NONE: it is the last */
};

/* A unit in the tree, and what may stand before it. */
struct name_node {
	struct part text; /* of the unit, while the tree is made */
	bool folds;       /* capitals and small letters are the same */
	uint8_t bit;      /* in the filter of its parent */
	uint16_t table;   /* number + 1; 0: there is none */
	uint32_t unit, child, next, end;
	uint32_t filter; /* of the children */
	uint64_t
		heads; /* of names through here, a bit for each number; all: there are names without */
};

/* A rule whose name begins with the unit of a node. */
struct name_end {
	uint32_t rule, next;
	enum ks_boundary boundary;
};

#pragma GCC diagnostic pop

/* Room for one more of count items, in the array to which items points; false: memory is out. */
bool ks_names_reserve(void *items, size_t count, size_t *max, size_t size);

/* A filter that lets nothing through. Errors: KS_ERROR_MEMORY. */
int ks_names_add_filter(struct names *names, uint32_t *ret_filter);

/* Let one that can end with a byte of ends through the filter. */
void ks_names_fill_filter(struct name_filter *filter, unsigned bit, const struct byteset *ends,
                          bool may_be_empty);

/* Returns KS_OK, NAME_UNSUITED or KS_ERROR_MEMORY. */
int ks_names_parse_unit(struct names *names, const struct repeat *repeat, bool folds,
                        uint32_t *ret_unit);
