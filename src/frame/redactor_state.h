/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a redactor, for redactor.c and what parsers call, which is cover.c. */
#pragma once

#include "channel.h"
#include "keysieve.h"
#include "parser.h"

struct ks_redactor {
	const struct ks_ruleset *set;
	struct ks_redactor_options options;
	const struct parser *parser; /* NULL: not known yet */
	void *state;                 /* the parser's */
	struct channel *channels[FRAME_STREAM_MAX];
	bool begins_in_run[FRAME_STREAM_MAX]; /* a channel that is made */
	struct queue queue;
	uint64_t oldest, covered;   /* in the input */
	uint64_t line_ends;         /* in what is covered, if lines are counted */
	uint64_t boundary;          /* the last one */
	uint64_t idle, restart;     /* restart points: the last one, and the one to use */
	uint64_t restart_retry;     /* where the next one is looked for, if not before */
	struct ks_scratch *scratch; /* of the present call */
	int failure;                /* the first error; sticks */
	bool has_ended;
	bool is_part; /* payload of streams of which too little was seen is deferred: succession.c */
	bool is_spoiled; /* it was not: the part cannot be taken */
};

/* The first error sticks. */
void ks_redactor_fail(struct ks_redactor *redactor, int status);

typedef int (*channel_fn)(struct channel *channel, struct ks_scratch *scratch, struct queue *queue);

/* Do that with each channel, then look again what is the oldest byte that waits. Errors stay in the redactor. */
void ks_redactor_each_channel(struct ks_redactor *redactor, channel_fn fn);
bool ks_redactor_channels_are_idle(const struct ks_redactor *redactor);
void ks_redactor_free_channel(struct ks_redactor *redactor, unsigned number);
