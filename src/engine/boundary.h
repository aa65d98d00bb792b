/* SPDX-License-Identifier: Apache-2.0 */
/* Boundaries: what may stand right before a trigger (docs/rules.md). */
#pragma once

#include <stdbool.h>

#include "keysieve.h"

/* As many bytes before a trigger can matter: "[", 16 parameters and the letter of a colour. */
#define BOUNDARY_WIDTH_MAX 18U

/* The expression for what stands before a trigger, empty if it does not matter. A constant. */
const char *ks_boundary_expression(enum ks_boundary boundary);

/*
 * Is a trigger allowed behind before[0, n)? These are the last bytes before it, fewer than
 * BOUNDARY_WIDTH_MAX only if the stream begins with them.
 */
bool ks_boundary_allows(enum ks_boundary boundary, const uint8_t *before, size_t n);

/* How many of the bytes before a trigger, the last ones, decide whether it is allowed; parameters as above. */
size_t ks_boundary_depth(enum ks_boundary boundary, const uint8_t *before, size_t n);
