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
	struct ks_stream *stream; /* of raw text; else NULL */
	uint64_t bytes, lines;    /* of the input before it */
	struct block *block; /* where findings and pushed text are kept; NULL: they leave at once */
};

struct filter {
	struct filter_options options;
	enum ks_frame frame; /* KS_FRAME_AUTO: not known yet */
	const struct ks_ruleset *set;
	struct ks_stream_options stream_options;
	struct ks_scratch *scratch;
	struct stretch *stretch;      /* NULL: nothing came yet */
	struct ks_redactor *redactor; /* of framed text; else NULL */
	struct parallel *parallel;    /* NULL: there is one thread */
	bool is_pushed; /* raw text goes through the stream's buffer, for the mask's sake */
	uint8_t *memory;
	uint8_t *from, *next, *end; /* [from, next) waits, [next, end) is new */
	bool is_line_start, wants_idle;
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
/* Open the stream. Errors: the same. */
int ks_stretch_open(struct stretch *stretch);
/* NULL is fine. */
void ks_stretch_free(struct stretch *stretch);
/* What the stretch's stream, or its redactor, is to be made with. */
struct ks_stream_options ks_stretch_options(struct stretch *stretch);
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

/* Raw text of a stretch that has begun: [from, next), of which the first bytes are those that were held. */
int ks_filter_put_through(struct filter *filter, struct filter_error *reterr);
/* What waits is moved to where it waits for a read. */
void ks_filter_rewind(struct filter *filter);

/* For the meter: data[0, len) was read, the last of it as byte number end of the input; some of it is out. */
void ks_filter_note_read(struct filter *filter, const uint8_t *data, size_t len, uint64_t end);
void ks_filter_note_written(struct filter *filter);
