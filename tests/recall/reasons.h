/* SPDX-License-Identifier: Apache-2.0 */
/* Cells of the table that need not be 100 %. */
#pragma once

#include "contexts.h"

struct reason {
	const char *id; /* of the rule; NULL: the end of the list */
	enum context context;
	const char *text;
};

extern const struct reason reasons[];

/* The cell's reason, or NULL. */
const struct reason *reason_find(const char *id, enum context context);
