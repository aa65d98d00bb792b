/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A source: the files of a followed path, the redactor that they go through one after the other, and the
 * lane in which they come out.
 *
 *     base                restart        written        read
 *      |---------------------|--------------|-------------|     places in the source
 *
 * What is before 'written' is in the output; a new redactor, fed from restart on, gives the rest.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "followed.h"
#include "interleave.h"
#include "keysieve.h"
#include "passage.h"

/* Told of a finding: its offset and line are those of the file that is, or was, at the path. Line 0: not known. */
typedef void (*source_finding_fn)(void *ctx, const char *path, const struct ks_finding *finding);

/* What sources are masked with. Borrowed as long as there are users. */
struct masker {
	const struct ks_ruleset *set;
	struct ks_scratch *scratch;
	struct ks_redactor_options options; /* but for the sink, and on_finding */
	source_finding_fn on_finding;       /* NULL: nobody wants to know */
	void *finding_ctx;
	uint64_t since; /* when it was made: ks_passage_clock() */
	size_t users;
};

struct source {
	struct followed files;
	struct masker *masker;        /* of the redactor */
	struct ks_redactor *redactor; /* NULL: nothing has been fed */
	struct lane *lane;
	enum ks_frame frame; /* as asked for; once it is known, what was recognised */
	bool begins_in_run;  /* what came before is not known */
	bool is_in_line;     /* the last byte that was fed is no line's end */
	bool is_known;       /* of an earlier run */
	bool wants_context;  /* late: nothing has been read yet */
	bool is_named;       /* the user named the path; it does not only match a pattern */
	bool is_expected; /* it matches a pattern, and nobody has looked yet whether a file is there */
	int told;         /* errno of opening it that was told of; 0: none */
	int told_reading; /* the same of reading it */
	uint64_t base;    /* where the redactor began */
	uint64_t given;   /* by the redactor, up to here */
	uint64_t skip;    /* what is given before here was written in an earlier run */
	uint64_t restart;
	uint64_t bytes;      /* that were fed */
	uint64_t lines;      /* the same of ends of lines, if the masker counts them */
	uint64_t base_lines; /* how many there were where the redactor began */
	struct passage passage;
	/* What is at the path was read before, up to a place, when it had another name. */
	bool is_past;
	struct file_identity past;
	uint64_t past_position;
};

/* Returns NULL when memory is out. */
struct source *ks_source_new(const char *path, enum ks_frame frame, struct lane *lane);
/* Frees the lane too. What was not written is lost. */
void ks_source_free(struct source *source, struct watch *watch);

/*
 * Before anything is fed: begin at the place 'restart', from which on what is given up to 'skip' was
 * written already.
 */
void ks_source_begin(struct source *source, uint64_t restart, uint64_t skip);

/*
 * Bytes of the source: masked with masker, as soon as the former one has nothing open. Returns KS_OK or an
 * enum ks_status; KS_ERROR_SINK if they could not be written.
 */
int ks_source_feed(struct source *source, struct masker *masker, const uint8_t *data, size_t len);
/* Take to masker if that can be done now. */
void ks_source_change(struct source *source, struct masker *masker);
/* What follows is of another file, which files.reading is. */
int ks_source_break(struct source *source);
/* What follows is of the place 'at' on, and what was before that is not known. */
int ks_source_gap(struct source *source, uint64_t at);
/* Nothing follows. is_stop: more would, but it is not read: what is undecided is masked. */
int ks_source_end(struct source *source, bool is_stop);

/* Has all come out that was fed, with no run open? Then another source can go on where this one ends. */
bool ks_source_is_idle(const struct source *source);

/* Up to where the source is in the output. */
uint64_t ks_source_written(const struct source *source);
/* From where on it must be read again to go on there; later ones supersede it. */
uint64_t ks_source_restart(struct source *source);
