/* SPDX-License-Identifier: Apache-2.0 */
/* What finds known values in a text: filters over the table of all patterns. */
#pragma once

#include "known_speller.h"

/* Make known->filters, heads and begins of its table. Errors: KS_ERROR_MEMORY. */
int ks_known_finder_make(struct ks_known *known, struct known_speller *speller);
void ks_known_finder_done(struct ks_known *known);
