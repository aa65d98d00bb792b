/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Other rules take over where nothing is open. Somebody who writes to one stream of a source can keep that open for ever; so they wait
 * a fifth of a second, and what is open then is masked as far as it is undecided.
 */
#pragma once

#include <stdbool.h>

#include "passage.h"

#define PATIENCE UINT64_C(200000000) /* nanoseconds: what ends by itself has ended by then */

/* since: of ks_passage_clock(). */
static inline bool
ks_patience_is_over(uint64_t since)
{
	return ks_passage_clock() - since >= PATIENCE;
}
