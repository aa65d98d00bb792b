/* SPDX-License-Identifier: Apache-2.0 */
/* What in a trigger is fixed: a scan is fast where it can look for whole words first. */
#pragma once

/* A trigger with less is refused by 'keysieve rules check', and one with just this is warned of. */
#define LITERAL_NEEDED 2U

/*
 * How many fixed bytes in a row every match of the trigger has, at least. A byte is fixed if it can be
 * one of eight at most, in either case. The trigger is one that ks_rule_check() has found right, with its
 * macros expanded.
 */
unsigned ks_literal_length(const char *trigger);
