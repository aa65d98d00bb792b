/* SPDX-License-Identifier: Apache-2.0 */
/* Findings that are kept, to be told later, where it is their turn. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "keysieve.h"

struct kept_finding;

/* Zeros: there are none. */
struct findings {
	struct kept_finding *items;
	size_t count, max;
	bool is_short; /* memory was out: not all are there */
};

void ks_findings_done(struct findings *findings);
/* Keep finding, which is copied. */
void ks_findings_add(struct findings *findings, const struct ks_finding *finding);
/* Tell of all that were kept, in order, and forget them. */
void ks_findings_tell(struct findings *findings, ks_finding_fn fn, void *ctx);
/* Forget them. */
void ks_findings_clear(struct findings *findings);
