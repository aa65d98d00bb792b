/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Settings: rules that go by the name of what has the secret for its value.
 *
 *     "mistral_api_key": "........"
 *      '-----name----''sep''-value-'
 *                 ^ noun
 *
 * Hyperscan is not given their triggers but their nouns, the last words of their names. There are but a
 * few ("key", "token", "secret"), so that a rule more costs the scan nothing. Where a noun is followed
 * by a separator and that by what may be a value (separator.h), the names are compared with what stands before (name.h).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "keysieve.h"

#define NOUN_MAX     64U
#define NOUN_LEN_MIN 3U
#define NOUN_LEN_MAX 15U

/* Words in lower case, none the end of another. */
struct nouns {
	char words[NOUN_MAX][NOUN_LEN_MAX + 1];
	unsigned count;
};

/*
 * The name of a rule's trigger, as ks_macro_split_name() gives it, if the rule can go by its nouns: they
 * are added. Else *ret_name is NULL, and Hyperscan must have the whole trigger. Errors: KS_ERROR_MEMORY.
 */
int ks_setting_split(const struct ks_rule *rule, struct nouns *nouns, char **ret_name);
