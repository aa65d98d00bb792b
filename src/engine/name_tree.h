/* SPDX-License-Identifier: Apache-2.0 */
/* What the tree of names (name.h) is made of. Numbers are places in its arrays. */
#pragma once

#include "boundary.h"
#include "expression.h"
#include "name.h"

#define NONE UINT32_MAX

/* A part of a path that repeats as a whole: a set of bytes, or a group. */
struct name_unit {
	struct byteset ends; /* bytes with which it can end; if it is a set: these */
	bool may_be_empty, has_empty; /* has_empty: one of its alternatives may be */
	uint32_t group;  /* its first alternative; NONE: it is a set */
	uint32_t before; /* the unit before it in its alternative; NONE: it is the first */
	uint8_t min, max;
};

struct name_alternative {
	struct byteset ends;
	bool may_be_empty;
	uint32_t last; /* unit; NONE: it is empty */
	uint32_t next; /* of the group; NONE: it is the last */
};

/* A unit in the tree, and what may stand before it. */
struct name_node {
	struct part text; /* of the unit, while the tree is made */
	bool folds;       /* capitals and small letters are the same */
	uint16_t table;   /* number + 1; 0: there is none */
	uint32_t unit, child, next, end;
};

/* A rule whose name begins with the unit of a node. */
struct name_end {
	uint32_t rule, next;
	enum ks_boundary boundary;
};
