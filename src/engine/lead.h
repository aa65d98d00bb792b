/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Leads: the last part of some triggers, followed here and not by Hyperscan.
 *
 *     [a-z]://[^\s/:@]{0,64}:        Hyperscan finds the head, this module the end
 *     '-head-''----lead-----'
 *
 * To start an automaton for each URL of a log costs a third of the whole scan (docs/performance.md). A
 * lead is a repeated set and then one byte that is not in the set, so a head has one end at most.
 */
#pragma once

#include "byteset.h"
#include "keysieve.h"

struct lead {
	struct byteset set;
	unsigned min, max; /* repetitions */
	uint8_t end;       /* the byte behind; not in the set */
	uint8_t unused[7];
	size_t head_len; /* of the trigger's text before the lead; 0: the trigger has no lead */
};

enum lead_state {
	LEAD_NONE, /* it does not go on as a lead */
	LEAD_ENDS, /* *at is behind its last byte */
	LEAD_OPEN  /* the bytes so far could be the beginning of one */
};

/* Find the lead of a rule's trigger, if it has one. */
void ks_lead_split(const struct ks_rule *rule, struct lead *ret_lead);

/*
 * Go on with a lead at buf[*at]; *count bytes of its set came before. Moves *at and counts on.
 */
enum lead_state ks_lead_follow(const struct lead *lead, const uint8_t *buf, size_t len, size_t *at,
                               unsigned *count);
