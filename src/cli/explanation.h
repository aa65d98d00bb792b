/* SPDX-License-Identifier: Apache-2.0 */
/* What each rule makes of a text: what it masks, and why it does not mask the rest. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "keysieve.h"
#include "rule_selection.h"

/* Runs from this length on could be secrets, whatever the rules say of them: they are not shown. */
#define SHOWN_RUN_MAX 7U

enum standing {
	STANDING_ON,     /* the rule was tried */
	STANDING_INSIDE, /* it would be, but for its boundary */
	STANDING_OFF     /* it would be, but it is off; and then it would mask the run */
};

/* A trigger that is there, with its run. Positions are in the text. */
struct match {
	size_t rule; /* the catalog's number */
	enum standing standing;
	enum ks_reason reason;
	size_t from, to;    /* the run */
	size_t masked_from; /* where the masked part begins, if reason is KS_REASON_MASKED */
	size_t counted_as;  /* then also: the rule of the finding */
};

/* Where what there is to say of a match begins. */
static inline size_t
match_begin(const struct match *m)
{
	return m->reason == KS_REASON_MASKED ? m->masked_from : m->from;
}

struct explanation {
	uint8_t *
		shown; /* the text: masked with '*', and '#' for what could be a secret but is not */
	size_t len;
	struct match *matches; /* in order of their begin */
	size_t count, max;
};

/*
 * Explain text[0, len), borrowed until return, by the rules that have been compiled, as options ask for. Prints what is wrong.
 * Returns 0, or an exit status; ks_explanation_done() is right after both.
 */
int ks_explanation_init(struct explanation *explanation, const struct options *options,
                        const struct rule_selection *rules, const uint8_t *text, size_t len);
/* Wipes what it held. */
void ks_explanation_done(struct explanation *explanation);
