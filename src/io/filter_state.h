/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a filter, for filter.c and those that it is made of. */
#pragma once

#include "filter.h"
#include "findings.h"

#define READ_SIZE  (256U << 10) /* measured: docs/performance.md */
#define FRONT_SIZE (16U << 10)  /* more than any rules and known values hold back */

struct block;

/* Input that goes through one stream, or one redactor: where it began, and what becomes of what comes out. */
struct stretch {
	struct filter *filter;
	struct ks_stream *stream;     /* of raw text; else NULL */
	struct ks_redactor *redactor; /* of framed text; else NULL */
	uint64_t bytes, lines;        /* of the input before it */
	struct block *block; /* where findings and pushed text are kept; NULL: they leave at once */
};

struct filter {
	struct filter_options options;
	enum ks_frame frame; /* KS_FRAME_AUTO: not known yet */
	const struct ks_ruleset *set;
	struct ks_stream_options stream_options;
	struct ks_scratch *scratch;
	struct stretch *stretch;   /* NULL: nothing came yet */
	struct parallel *parallel; /* NULL: there is one thread */
	bool is_pushed; /* text goes through buffers of the stream or the redactor: framed text, or for the mask's sake */
	uint8_t *memory;
	uint8_t *from, *next, *end; /* [from, next) waits, [next, end) is new */
	uint8_t *read_end;          /* of the last read: nothing is behind it that came before */
	bool is_line_start, wants_idle;
	bool begins_in_run;    /* the next stretch of raw text */
	uint64_t idle_wanted;  /* since when: ks_passage_clock() */
	uint64_t bytes, lines; /* that were read */
	struct passage passage;
	uint8_t *out; /* what is pushed leaves in many pieces: they are gathered here */
	size_t out_len;
	int write_error; /* errno, of the redactor's sink */
};

/* ----------------------------------------------------------------- in stretch.c ---- */

/*
 * A stretch that begins where the filter is. Its findings are told of in terms of the input, or kept in its block. The
 * filter must stay where it is. Errors: as for ks_stream_new().
 */
int ks_stretch_new(struct filter *filter, struct stretch **ret_stretch);
/* Open the stream, or the redactor. Errors: the same. */
int ks_stretch_open(struct stretch *stretch);
/* NULL is fine. */
void ks_stretch_free(struct stretch *stretch);
/* Begin anew. It is open. */
void ks_stretch_reset(struct stretch *stretch);
/* Is nothing open where it is? */
bool ks_stretch_is_idle(const struct stretch *stretch);
/* It has a redactor, which masks by the filter's rules from now on. scratch is that of the former ones. Errors: as for ks_redactor_feed(). */
int ks_stretch_change(struct stretch *stretch, struct ks_scratch *scratch);

/* Push text through. Errors: as for ks_stream_feed(). */
int ks_stretch_feed(struct stretch *stretch, struct ks_scratch *scratch, const uint8_t *data,
                    size_t len);
/* The input has ended, or no more will be read of it. Errors: the same. */
int ks_stretch_finish(struct stretch *stretch, struct ks_scratch *scratch, bool is_end);

/* The stretch has seen its context, and what follows is a part: ks_redactor_begin_part(). */
bool ks_stretch_begin_part(struct stretch *stretch);
/* Can it go on in former's place, which has seen all before the part? Then it does: ks_redactor_succeed(). */
bool ks_stretch_succeed(struct stretch *stretch, struct stretch *former);
/* It has, and what it gave out as a part has gone out: the rest of that, which is pushed. Errors: as for ks_stream_feed(). */
int ks_stretch_settle(struct stretch *stretch, struct ks_scratch *scratch);

/* A ks_finding_fn: tell of what a stretch found. */
void ks_stretch_tell(void *stretch, const struct ks_finding *finding);

/* ------------------------------------------------------------------ in filter.c ---- */

/* Fill *reterr. Returns -1. The second: with what the engine returned. */
int ks_filter_fail(struct filter_error *reterr, enum filter_side side, int code);
int ks_filter_fail_engine(const struct filter *filter, struct filter_error *reterr, int status);

/* Write. Returns 0 or -1. */
int ks_filter_emit(struct filter *filter, const uint8_t *data, size_t len,
                   struct filter_error *reterr);
/* A ks_sink_fn's work: to be written, together with what follows. */
int ks_filter_gather(struct filter *filter, const uint8_t *data, size_t len);
/* The engine returned status, and has gathered what it could: write it. Returns 0 or -1. */
int ks_filter_end_push(struct filter *filter, int status, struct filter_error *reterr);

/* Raw text of a stretch that has begun: [from, next), of which the first bytes are those that were held. */
int ks_filter_put_through(struct filter *filter, struct filter_error *reterr);
/* What waits is moved to where it waits for a read. */
void ks_filter_rewind(struct filter *filter);

/* For the meter: data[0, len) was read, the last of it as byte number end of the input; some of it is out. */
void ks_filter_note_read(struct filter *filter, const uint8_t *data, size_t len, uint64_t end);
void ks_filter_note_written(struct filter *filter);
