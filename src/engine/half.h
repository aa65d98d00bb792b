/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Halves: what a trigger that goes over the end of a line has before it.
 *
 *     - name: API_KEY\n        the half
 *       value: ........        the rest of the trigger, and a value
 *
 * Hyperscan does not tell what it has begun. So who wants to know whether a stream's last line can be the beginning of a
 * trigger has it compared with these.
 */
#pragma once

#include <stdbool.h>

#include "keysieve.h"

/*
 * An expression for all halves of a rule's trigger, at the end of a text, in any case and without their boundary: rather
 * too many than too few. A line's end alone is none, but some match it: who compiles the expression asks for HALF_WIDTH_MIN
 * bytes.
 * *ret_expression is the caller's to free; NULL: no trigger goes over a line's end. is_named: what is behind
 * the rule's noun is left out (setting.h). Errors: KS_ERROR_MEMORY.
 */
int ks_half_expression(const struct ks_rule *rule, bool is_named, char **ret_expression);
#define HALF_WIDTH_MIN 2U
