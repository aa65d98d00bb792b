/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The byte path: what inputs give is masked and written. Raw text is masked in place, in the buffer that it
 * was read into, where the mask allows it; framed text goes through a redactor.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "inlet.h"
#include "keysieve.h"
#include "passage.h"

struct filter;

/* Where masked bytes go. Borrows data until it returns. Returns 0 or a negative errno. */
typedef int (*filter_write_fn)(void *ctx, const uint8_t *data, size_t len);

/* What was written must get out: it may be long until there is more. Returns 0 or a negative errno. */
typedef int (*filter_pause_fn)(void *ctx);

struct filter_options {
	enum ks_frame frame;       /* KS_FRAME_AUTO: what the first bytes of all look like */
	filter_write_fn write;     /* NULL: nothing is written */
	filter_pause_fn pause;     /* NULL: it does get out */
	void *write_ctx;           /* of both */
	const struct meter *meter; /* borrowed; NULL: nothing is measured */
	size_t threads;            /* that may work on raw text; 0, as 1: nobody else does */
	size_t block_size;         /* of what each gets; 0: the usual one */
};

enum filter_side { FILTER_INPUT, FILTER_OUTPUT, FILTER_ENGINE };

/* What went wrong, where. */
struct filter_error {
	enum filter_side side;
	int code; /* errno for an input or the output, enum ks_status for the engine */
};

/* Returns NULL when memory is out. */
struct filter *ks_filter_new(const struct filter_options *options);
/* Wipes the buffer. NULL is fine. */
void ks_filter_free(struct filter *filter);

/*
 * Mask by these rules from now on: at the beginning, and where the filter is idle, or ks_filter_copy() said so. Borrows set, and what
 * options point to, until the next call or until the filter is freed. The sink is the filter's own. Offsets and
 * lines of findings are those of all that was read, as if it were one file. Returns KS_OK; what ks_scratch_new() returns, and then all is
 * as it was; or what ks_redactor_change() returns, and then nothing may be written any more.
 */
int ks_filter_use(struct filter *filter, const struct ks_ruleset *set,
                  const struct ks_stream_options *options);

/*
 * Has all been written that was read, up to the end of a line, or of an entry of a journal, and can no run go
 * on? Then other rules may be used.
 */
bool ks_filter_is_idle(const struct filter *filter);
/*
 * Have ks_filter_copy() return where it is idle the next time. If that does not come soon (patience.h) it returns where a line begins: then
 * what is open, which somebody may keep open for ever, is masked as far as it is undecided.
 */
void ks_filter_want_idle(struct filter *filter);

/*
 * Put through all that the inlet gives. What is settled is written before the next read. Returns 0 at the end;
 * FILTER_WOKEN: the inlet was woken; FILTER_IDLE: it is idle, as was wanted; both to be called again. Or -1
 * and fills *reterr: after an error of an input other inputs may follow, after one of the output or the
 * engine nothing may.
 */
enum { FILTER_WOKEN = 1, FILTER_IDLE = 2 };
int ks_filter_copy(struct filter *filter, struct inlet *inlet, struct filter_error *reterr);

/*
 * The input breaks off, in the middle of whatever it is: write what was held, with undecided runs masked. Other
 * inputs may follow. Returns 0, or -1 as ks_filter_copy().
 */
int ks_filter_break_off(struct filter *filter, struct filter_error *reterr);

/* The last input has ended: write what was held. Returns as ks_filter_break_off(). */
int ks_filter_end(struct filter *filter, struct filter_error *reterr);

/* Bytes that were read and are not written yet, before what is new. */
size_t ks_filter_held(const struct filter *filter);
/* Bytes read so far. */
uint64_t ks_filter_bytes(const struct filter *filter);
/* Ends of lines in them, if the options count lines. */
uint64_t ks_filter_lines(const struct filter *filter);
/* The frames; KS_FRAME_AUTO as long as they are not known. */
enum ks_frame ks_filter_frame(const struct filter *filter);
