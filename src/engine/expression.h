/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of which a regular expression's text consists. */
#pragma once

#include <stddef.h>

/* A part of an expression. */
struct part {
	const char *from, *to;
};

/* An element or a group, and how often it may come. */
struct repeat {
	struct part text;        /* all of it */
	const char *element_end; /* what follows is the quantifier, if there is one */
	unsigned min, max;       /* UINT_MAX: any number */
};

/*
 * The end of the first alternative of part, and where the group that it ends with begins (NULL: it
 * does not end with one). ret_group may be NULL.
 */
const char *ks_expression_alternative(struct part part, const char **ret_group);

/* Behind "(?:" or "(?i:" or "("; NULL for whatever else begins with a parenthesis. */
const char *ks_expression_group(const char *p);

/* The first unit of part, which is not empty. */
struct repeat ks_expression_unit(struct part part);
