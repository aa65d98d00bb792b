/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A masked region on its way out: what is put in its place, its fingerprint, and its finding.
 */
#pragma once

#include <stdbool.h>

#include "ruleset.h"
#include "span.h"

/* As many of a region's last bytes may have to wait for its end. */
#define REGION_TAIL_MAX (KS_FINGERPRINT_SIZE - 1U)

struct region {
	const struct ks_ruleset *set;
	const struct ks_stream_options *options;
	void *fingerprint; /* in the making; NULL: not wanted */
	bool is_pushed;    /* what goes out is given to the sink; else it stays where it is */
	bool is_open;      /* it reaches the last byte that was settled */
	struct mask_style style;
	uint64_t from, to;  /* in the stream */
	uint64_t line;      /* of from */
	uint64_t line_ends; /* that have passed, if they are counted */
	struct credit credit;
	struct known_credit known;
	uint8_t tail[REGION_TAIL_MAX]; /* its last bytes, which were not put out, as they were */
	size_t tail_len;
};

/*
 * Borrows set and options. Errors: KS_ERROR_MEMORY; KS_ERROR_MISUSE: bytes that stay where they are cannot be
 * masked as the options or a rule want it. ks_region_done() is right after all of them.
 */
int ks_region_init(struct region *region, const struct ks_ruleset *set,
                   const struct ks_stream_options *options);
/* Wipes it. */
void ks_region_done(struct region *region);
/* As after ks_region_init(). */
void ks_region_reset(struct region *region);

/* These two take the stream's settled bytes, in order. They return 0, or KS_ERROR_SINK. */

/* data[0, len) is not masked: whatever was, ends there. */
int ks_region_pass(struct region *region, uint8_t *data, size_t len);
/* data[0, len), from offset at of the stream on, belongs to a span. It is overwritten if need be. */
int ks_region_cover(struct region *region, uint8_t *data, size_t len, uint64_t at,
                    const struct span *span);
/* No masked byte follows. is_torn: as far as is known; so no part of the region is shown. */
int ks_region_close(struct region *region, bool is_torn);
