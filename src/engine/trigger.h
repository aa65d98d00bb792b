/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Triggers: what a rule's regular expression may be, and the expression given to Hyperscan for it.
 */
#pragma once

#include <hs.h>

#include "byteset.h"
#include "keysieve.h"

#define TRIGGER_WIDTH_MAX 352U /* bytes that a carrier's trigger can match */
#define TRIGGER_WIDTH_MAX_PROVIDER \
	64U /* a provider's: so it ends within a carrier's first 64 bytes */
#define INFIX_WIDTH_MAX  16U
#define INFIX_BEFORE_MAX 64U

/*
 * What stands before an infix rule's trigger, and the trigger itself, one set a byte. While the
 * last bytes of a stream could be the beginning of such a secret they are held back.
 *
 *     x x x x x x x x x J Q Q J 9 9 D ...        before_len = 9, width = 7
 *     '----before-----' '-elements--'
 */
struct infix {
	struct byteset before;
	struct byteset elements[INFIX_WIDTH_MAX];
	unsigned before_len; /* 0: the rule is no infix rule */
	unsigned width;
};

struct trigger_width {
	unsigned min, max;
};

/*
 * Check rule->trigger and measure it.
 * Errors: KS_ERROR_RULE with a text, KS_ERROR_MEMORY.
 */
int ks_trigger_measure(const struct ks_rule *rule, struct trigger_width *ret_width,
                       struct ks_error *reterr);

/* Is it memory that was out? Hyperscan tells that as if the expression were wrong. NULL is fine. */
bool ks_trigger_ran_out(const hs_compile_error_t *wrong);

/*
 * What Hyperscan says against a rule's expressions; NULL: against no rule's. Returns KS_ERROR_RULE, KS_ERROR_MEMORY or
 * KS_ERROR_INTERNAL.
 */
int ks_trigger_error(const struct ks_rule *rule, const hs_compile_error_t *wrong,
                     struct ks_error *reterr);

/*
 * Read rule->before and the elements of rule->trigger; rule->before may be NULL. Errors:
 * KS_ERROR_RULE.
 */
int ks_trigger_parse_infix(const struct ks_rule *rule, struct infix *ret_infix,
                           struct ks_error *reterr);

/*
 * Expressions for a rule's trigger; the caller frees them. NULL when memory is out.
 *
 * One that ends where the rule's secrets begin, or where its lead does (lead.h), boundary included
 * unless the matches are checked for it.
 */
char *ks_trigger_expression(const struct ks_rule *rule, bool checks_boundary);
/* One that matches the trigger at the start of a block. */
char *ks_trigger_anchored(const struct ks_rule *rule);
