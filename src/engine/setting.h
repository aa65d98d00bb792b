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
 * by a separator and that by what may be a value, the names are compared with what stands before.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "byteset.h"
#include "keysieve.h"

#define NAME_WIDTH_MAX 64U
#define NOUN_MAX       64U
#define NOUN_LEN_MIN   3U
#define NOUN_LEN_MAX   15U

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

/*
 * A way through a name, and the plain characters that it begins with, its head; if it begins with none,
 * all of it.
 *
 *     (?i)(?:brave[_-]?key|x-subscription-token)        heads: brave   x-subscription-token (all of it)
 *
 * Most words of a log are no provider's name. So heads are looked for first, at a fifth of the price,
 * and whole names only where there is one (docs/performance.md).
 */
struct name_path {
	uint32_t rule;
	bool is_whole;
};

/* Told of each head of a name, with the name's flags. Not 0: stop. */
typedef int (*name_path_fn)(void *ctx, const char *head, bool is_whole);

/*
 * Returns 0, what fn returned, or KS_ERROR_MEMORY. name is as ks_setting_split() gives it; if it is simple
 * it is as cheap as its heads, and told as a whole.
 */
int ks_setting_paths(const char *name, bool is_simple, name_path_fn fn, void *ctx);

/* Bytes that nearly all names are made of: letters, digits, and "_-. ". A constant. */
extern const struct byteset ks_setting_bytes;

static inline bool
is_setting_byte(uint8_t b)
{
	return byteset_has(&ks_setting_bytes, b);
}

/*
 * As many other bytes can be in a name; UINT_MAX: any number. So a search for names need not look further
 * back.
 */
unsigned ks_setting_count_strangers(const char *name);

/* Can a separator begin with that byte? */
bool ks_setting_may_go_on(uint8_t b);

/*
 * Can text be the beginning of a separator that goes on? False only if it cannot. The only line end of a
 * separator is that of {indent}, and what may stand before it are few bytes.
 */
bool ks_setting_may_be_open(const uint8_t *text, size_t len);
