/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs frames through a redactor, cut in any way. These functions end the process on failure, with a line that
 * names the input and an offset, and never shows bytes.
 */
#pragma once

#include "harness.h"
#include "runtimes.h"

struct framed {
	struct bench_pair pair;
	struct bytes out; /* of the last run */
	enum ks_frame frame;
	size_t limit; /* 0: the default */
	int wants_restart;
	unsigned keep_last;
	const char *name; /* of the input */
	uint64_t seed;    /* for the cuts and for names */
};

void framed_init(struct framed *f);
/* The same with other rules, which are borrowed. */
void framed_init_with(struct framed *f, const struct ks_rule *rules, size_t count);
void framed_done(struct framed *f);

/* What all of the text, in one piece, is masked to. The caller's to free. */
uint8_t *framed_mask(struct framed *f, const struct bytes *text);
/* The model's frames, with what is masked in the payloads masked where it lies. The caller's to free. */
struct bytes framed_expect(struct framed *f, const struct model *model);

/* A redactor whose output goes to f->out, which is emptied. */
struct ks_redactor *framed_open(struct framed *f);
void framed_feed(struct framed *f, struct ks_redactor *redactor, const uint8_t *data, size_t len);

enum framed_cuts { FRAMED_WHOLE, FRAMED_BYTES, FRAMED_RANDOM, FRAMED_LARGE };

/* Put in through a redactor, so that its output is f->out. */
void framed_run(struct framed *f, const struct bytes *in, enum framed_cuts cuts);
/* The same in all ways, byte by byte if it is short; what comes out must be the same. */
void framed_check(struct framed *f, const struct bytes *in, const struct bytes *expected);
/* The same, where nobody knows what comes out. */
void framed_check_same(struct framed *f, const struct bytes *in);

/* Is what is masked in expected masked in f->out too, and all else as it was, or masked? */
void framed_check_masked(struct framed *f, const struct bytes *in, const struct bytes *expected);
/* Does no more than that many bytes ever wait? */
void framed_check_waiting(struct framed *f, const struct bytes *in, size_t most);
/* Begin again at places at random. Returns how many of them were behind the beginning. */
unsigned framed_check_restarts(struct framed *f, const struct bytes *in);
