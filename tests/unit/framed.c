/* SPDX-License-Identifier: Apache-2.0 */
#include "framed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "application.h"

#define SMALL 700U        /* bytes that the oracle looks at */
#define SHORT (32U << 10) /* bytes that are put in one by one */

static void __attribute__((noreturn)) die(const struct framed *f, const char *what, size_t at)
{
	(void)fprintf(stderr, "# %s, seed %llu: %s at %zu\n", f->name, (unsigned long long)f->seed,
	              what, at);
	abort();
}

static void
expect(const struct framed *f, bool condition, const char *what)
{
	if (!condition)
		die(f, what, 0);
}

static void
compare(const struct framed *f, const struct bytes *expected, const char *what)
{
	for (size_t i = 0; i < expected->len && i < f->out.len; i++) {
		if (f->out.at[i] != expected->at[i])
			die(f, what, i);
	}
	if (f->out.len != expected->len)
		die(f, what, f->out.len);
}

void
framed_init_with(struct framed *f, const struct ks_rule *rules, size_t count)
{
	*f = (struct framed){ .name = "" };
	pair_init(&f->pair, rules, count);
}

void
framed_init(struct framed *f)
{
	framed_init_with(f, application_rules, application_rule_count);
}

void
framed_done(struct framed *f)
{
	pair_done(&f->pair);
	bytes_free(&f->out);
}

static int
on_bytes(void *ctx, const uint8_t *data, size_t len)
{
	bytes_add(ctx, data, len);
	return 0;
}

static void
check_oracle(const struct framed *f, const struct bytes *text, const uint8_t *masked)
{
	uint8_t expected[SMALL];
	size_t count;

	expect(f,
	       oracle_run(f->pair.oracle, text->at, text->len, '*', expected, NULL, 0, &count) == 0,
	       "the oracle");
	expect(f, memcmp(expected, masked, text->len) == 0, "the oracle does not agree");
}

uint8_t *
framed_mask(struct framed *f, const struct bytes *text)
{
	struct bytes out = { NULL };
	struct ks_stream_options options = { .sink = on_bytes, .sink_ctx = &out };
	struct ks_stream *stream;

	bytes_add(&out, "", 0);
	expect(f, ks_stream_new(f->pair.set, &options, &stream) == KS_OK, "stream");
	expect(f, ks_stream_feed(stream, f->pair.scratch, text->at, text->len) == KS_OK, "stream");
	expect(f, ks_stream_feed_end(stream, f->pair.scratch) == KS_OK, "stream");
	ks_stream_free(stream);
	if (text->len > 0 && text->len <= SMALL)
		check_oracle(f, text, out.at);
	return out.at;
}

struct bytes
framed_expect(struct framed *f, const struct model *model)
{
	struct bytes expected = { NULL };

	bytes_add(&expected, model->frames.at, model->frames.len);
	for (unsigned i = 0; i < PAYLOAD_COUNT; i++) {
		const struct payload *p = &model->payloads[i];
		uint8_t *masked = framed_mask(f, &p->text);

		for (size_t n = 0; n < p->text.len; n++) {
			if (masked[n] != p->text.at[n])
				memset(expected.at + p->spots[n].at, '*', p->spots[n].width);
		}
		free(masked);
	}
	return expected;
}

struct ks_redactor *
framed_open(struct framed *f)
{
	struct ks_redactor_options options = {
		.frame = f->frame,
		.limit = f->limit,
		.wants_restart = f->wants_restart,
		.stream = { .sink = on_bytes, .sink_ctx = &f->out, .keep_last = f->keep_last },
	};
	struct ks_redactor *redactor;

	f->out.len = 0;
	expect(f, ks_redactor_new(f->pair.set, &options, &redactor) == KS_OK, "redactor");
	return redactor;
}

void
framed_feed(struct framed *f, struct ks_redactor *redactor, const uint8_t *data, size_t len)
{
	/* a copy of its own, so that ASan sees what is read behind it */
	uint8_t *copy = malloc(len ? len : 1);

	memcpy(copy, data, len);
	expect(f, ks_redactor_feed(redactor, f->pair.scratch, copy, len) == KS_OK, "feed");
	free(copy);
}

static void
feed_byte(struct framed *f, struct ks_redactor *redactor, const uint8_t *data)
{
	expect(f, ks_redactor_feed(redactor, f->pair.scratch, data, 1) == KS_OK, "feed");
}

void
framed_run(struct framed *f, const struct bytes *in, enum framed_cuts cuts)
{
	struct ks_redactor *redactor = framed_open(f);
	uint64_t random = f->seed;
	size_t mean = cuts == FRAMED_LARGE ? 3000 : 1 + f->seed % 50;

	for (size_t at = 0, n; at < in->len; at += n) {
		n = cuts == FRAMED_WHOLE   ? in->len
		    : cuts == FRAMED_BYTES ? 1
		                           : 1 + random_next(&random) % (2 * mean);
		if (n > in->len - at)
			n = in->len - at;
		if (n > 1)
			framed_feed(f, redactor, in->at + at, n);
		else
			feed_byte(f, redactor, in->at + at);
	}
	expect(f, ks_redactor_end(redactor, f->pair.scratch) == KS_OK, "end");
	ks_redactor_free(redactor);
}

void
framed_check(struct framed *f, const struct bytes *in, const struct bytes *expected)
{
	framed_run(f, in, FRAMED_WHOLE);
	compare(f, expected, "whole: a wrong byte");
	framed_run(f, in, FRAMED_LARGE);
	compare(f, expected, "in large pieces: a wrong byte");
	if (in->len > SHORT)
		return;
	framed_run(f, in, FRAMED_RANDOM);
	compare(f, expected, "in small pieces: a wrong byte");
	framed_run(f, in, FRAMED_BYTES);
	compare(f, expected, "byte by byte: a wrong byte");
}

void
framed_check_same(struct framed *f, const struct bytes *in)
{
	struct bytes expected = { NULL };

	framed_run(f, in, FRAMED_WHOLE);
	bytes_add(&expected, f->out.at, f->out.len);
	expect(f, expected.len == in->len, "the length has changed");
	framed_check(f, in, &expected);
	bytes_free(&expected);
}

void
framed_check_masked(struct framed *f, const struct bytes *in, const struct bytes *expected)
{
	for (size_t i = 0; i < in->len; i++) {
		if (expected->at[i] != in->at[i] && f->out.at[i] != expected->at[i])
			die(f, "not masked", i);
		if (f->out.at[i] != in->at[i] && f->out.at[i] != '*')
			die(f, "changed", i);
	}
}

void
framed_check_waiting(struct framed *f, const struct bytes *in, size_t most)
{
	struct ks_redactor *redactor = framed_open(f);

	for (size_t at = 0; at < in->len; at++) {
		feed_byte(f, redactor, in->at + at);
		if (at + 1 - f->out.len > most)
			die(f, "waits", at);
	}
	ks_redactor_free(redactor);
}

#define RESTART_MAX 8U

/* Put in all, and note where it was possible to begin again. Returns the number of places. */
static unsigned
find_restarts(struct framed *f, const struct bytes *in, struct ks_redactor_position *positions)
{
	struct ks_redactor *redactor = framed_open(f);
	uint64_t random = f->seed;
	unsigned count = 0;

	for (size_t at = 0, n; at < in->len; at += n) {
		n = 1 + random_next(&random) % 5000;
		n = n < in->len - at ? n : in->len - at;
		framed_feed(f, redactor, in->at + at, n);
		ks_redactor_position(redactor, &positions[count]);
		if (positions[count].settled != f->out.len)
			die(f, "settled is not what came out", f->out.len);
		if (count + 1 < RESTART_MAX &&
		    random_next(&random) % (in->len / 2500 / RESTART_MAX + 1) == 0)
			count++;
	}
	expect(f, ks_redactor_end(redactor, f->pair.scratch) == KS_OK, "end");
	ks_redactor_free(redactor);
	return count;
}

unsigned
framed_check_restarts(struct framed *f, const struct bytes *in)
{
	struct ks_redactor_position positions[RESTART_MAX];
	unsigned count = find_restarts(f, in, positions), late = 0;
	struct bytes all = { NULL };

	bytes_add(&all, f->out.at, f->out.len);
	for (unsigned i = 0; i < count; i++) {
		size_t settled = (size_t)positions[i].settled;
		size_t restart = (size_t)positions[i].restart;
		struct bytes rest = { in->at + restart, in->len - restart, 0 };

		expect(f, restart <= settled, "the restart point is behind what is settled");
		framed_run(f, &rest, FRAMED_LARGE);
		if (memcmp(f->out.at + (settled - restart), all.at + settled, in->len - settled) !=
		    0)
			die(f, "not the same after a restart", restart);
		late += restart > 0;
	}
	bytes_free(&all);
	return late;
}
