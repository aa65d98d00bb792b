/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ledger: a line for a key that was not seen before at its source, and now and then one that tells how often it
 * was seen again. What an attacker or a mad application can make it write, and remember, is bounded: only so many
 * keys are remembered, and only so many lines a second are written; of the others it is told how many.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "sighting.h"

/* Write a line, with its end. Borrows it until return. Returns 0, or a negative errno and the line is lost. */
typedef int (*ledger_write_fn)(void *ctx, const char *line, size_t len);

struct ledger_options {
	ledger_write_fn write;
	void *write_ctx;
	uint64_t interval;        /* between two summaries, in milliseconds */
	unsigned keys;            /* that are remembered; 0: 4096 */
	unsigned a_minute, burst; /* lines about new keys; 0: 6000 and 1000 */
};

struct ledger;

/* Returns NULL when memory is out. */
struct ledger *ks_ledger_new(const struct ledger_options *options);
/* Nothing more is written. NULL is fine. */
void ks_ledger_free(struct ledger *ledger);

/*
 * Functions that return int: 0 or a negative errno, if a line could not be written or a key not be remembered; what it
 * was about is told in a later summary, if one can be written.
 */

/* A key was seen. now: milliseconds of the monotonic clock. */
int ks_ledger_note(struct ledger *ledger, const struct sighting *sighting, uint64_t now);
/* Write the summaries if it is time. */
int ks_ledger_tick(struct ledger *ledger, uint64_t now);
/* Write the summaries. */
int ks_ledger_flush(struct ledger *ledger);
