/* SPDX-License-Identifier: Apache-2.0 */
/* Runs an input through the engine, cut in any way, and compares with the oracle. */
#pragma once

#include <keysieve.h>
#include <stdbool.h>

#include "oracle.h"

struct outcome;

/* An engine and an oracle for the same rules. */
struct bench_pair {
	struct ks_ruleset *set;
	struct ks_scratch *scratch;
	struct oracle *oracle;
	ks_allow_fn is_allowed;         /* of both; NULL: nothing is */
	struct ks_known *known;         /* of both; NULL: nothing is */
	struct outcome *expected, *got; /* of the input that is checked */
};

/* These end the process on failure, with a line on the standard error. */
void pair_init(struct bench_pair *pair, const struct ks_rule *rules, size_t count);
void pair_done(struct bench_pair *pair);
/* From now on, about every third run is to stay readable. */
void pair_allow(struct bench_pair *pair);

/*
 * From now on, these values are known too, with the numbers 1 and on. One that the engine does not take is not
 * added; *ret_verdict tells.
 */
void pair_know(struct bench_pair *pair, const uint8_t *value, size_t len,
               enum ks_known_verdict *ret_verdict);
/* To be called behind the last one, once. */
void pair_known(struct bench_pair *pair);
/* From now on, none is. */
void pair_forget(struct bench_pair *pair);

/* splitmix64; the state is the seed */
uint64_t random_next(uint64_t *state);

enum cut_style {
	CUT_EVERYWHERE = 1, /* once, at every position */
	CUT_BYTES = 2,      /* after each byte */
	CUT_RANDOM = 4,     /* at many positions, several times */
	CUT_ALL = 7
};

/*
 * Put the input through in one piece and cut as told, in place and pushed. Ends the process if
 * output, findings or the number of held bytes are not the oracle's. name says which input it is.
 */
void check_input(struct bench_pair *pair, const uint8_t *in, size_t len, enum cut_style style,
                 const char *name);
