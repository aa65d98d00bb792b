/* SPDX-License-Identifier: Apache-2.0 */
/* Messages name the input, the cut and the offset; they never show bytes. */
#include "harness.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "slowness.h"

/*
 * Not Check's assertions: they write to a pipe even when all is well, which is too slow a million
 * times over, and the fuzzer has no Check.
 */
#define expect(condition, ...)            \
	do {                              \
		if (!(condition))         \
			die(__VA_ARGS__); \
	} while (0)

#define INPUT_MAX   65536U
#define FINDING_MAX 2048U
#define NOT_ASKED   SIZE_MAX

static void __attribute__((noreturn, format(printf, 1, 2))) die(const char *format, ...)
{
	va_list args;

	(void)fputs("# ", stderr);
	va_start(args, format);
	(void)vfprintf(stderr, format, args);
	va_end(args);
	(void)fputs("\n", stderr);
	abort();
}

struct outcome {
	uint8_t out[INPUT_MAX];
	size_t len;
	struct ks_finding findings[FINDING_MAX];
	size_t finding_count;
};

struct check {
	struct bench_pair *pair;
	const uint8_t *in;
	size_t len;
	const char *name;
	struct outcome *expected, *got;
	size_t *held; /* expected, after each number of bytes; NOT_ASKED: it has not been worked out yet */
};

void
pair_init(struct bench_pair *pair, const struct ks_rule *rules, size_t count)
{
	struct ks_error error = { .status = 0 };
	char text[256] = "";

	*pair = (struct bench_pair){ NULL };
	expect(ks_ruleset_new(rules, count, &pair->set, &error) == KS_OK, "%s", error.text);
	expect(ks_scratch_new(pair->set, &pair->scratch) == KS_OK, "a call failed");
	pair->oracle = oracle_new(rules, count, text, sizeof(text));
	expect(pair->oracle != NULL, "%s", text);
	pair->expected = calloc(1, sizeof(*pair->expected));
	pair->got = calloc(1, sizeof(*pair->got));
	expect(pair->expected && pair->got, "no memory");
}

void
pair_done(struct bench_pair *pair)
{
	free(pair->expected);
	free(pair->got);
	ks_known_free(pair->known);
	oracle_free(pair->oracle);
	ks_scratch_free(pair->scratch);
	ks_ruleset_free(pair->set);
}

static int
allow_a_third(void *ctx, size_t rule, const uint8_t *run, size_t len)
{
	uint64_t hash = rule;

	(void)ctx;
	expect(len > 0 && len < KS_RUN_DECIDED, "asked about %zu bytes", len);
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ run[i]) * UINT64_C(0x100000001b3);
	return hash % 3 == 0;
}

void
pair_allow(struct bench_pair *pair)
{
	pair->is_allowed = allow_a_third;
	oracle_allow(pair->oracle, allow_a_third, NULL);
}

void
pair_know(struct bench_pair *pair, const uint8_t *value, size_t len,
          enum ks_known_verdict *ret_verdict)
{
	size_t number;

	if (!pair->known)
		expect(ks_known_new(&pair->known) == KS_OK, "a call failed");
	number = ks_known_count(pair->known) + 1;
	expect(ks_known_add(pair->known, value, len, number, ret_verdict) == KS_OK,
	       "a call failed");
	if (*ret_verdict == KS_KNOWN_TAKEN)
		expect(oracle_know(pair->oracle, value, len, number) == 0, "the oracle failed");
}

void
pair_known(struct bench_pair *pair)
{
	expect(ks_known_compile(pair->known) == KS_OK, "a call failed");
}

void
pair_forget(struct bench_pair *pair)
{
	ks_known_free(pair->known);
	pair->known = NULL;
	oracle_forget(pair->oracle);
}

uint64_t
random_next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static void
on_finding(void *ctx, const struct ks_finding *finding)
{
	struct outcome *o = ctx;

	expect(o->finding_count < FINDING_MAX, "too many findings");
	o->findings[o->finding_count++] = *finding;
}

static int
on_bytes(void *ctx, const uint8_t *data, size_t len)
{
	struct outcome *o = ctx;

	expect(o->len + len <= INPUT_MAX, "too many bytes");
	memcpy(o->out + o->len, data, len);
	o->len += len;
	return 0;
}

static void
compare(const struct check *c, const char *how, size_t cut)
{
	const struct outcome *e = c->expected, *g = c->got;

	expect(g->len == e->len, "%s: %s at %zu: %zu bytes out of %zu", c->name, how, cut, g->len,
	       e->len);
	for (size_t i = 0; i < e->len; i++)
		expect(g->out[i] == e->out[i], "%s: %s at %zu: byte %zu is wrong", c->name, how,
		       cut, i);
	expect(g->finding_count == e->finding_count, "%s: %s at %zu: %zu findings, not %zu",
	       c->name, how, cut, g->finding_count, e->finding_count);
	for (size_t i = 0; i < e->finding_count; i++) {
		const struct ks_finding *a = &g->findings[i], *b = &e->findings[i];
		expect(a->known == b->known, "%s: %s at %zu: finding %zu is of value %zu, not %zu",
		       c->name, how, cut, i, a->known, b->known);
		expect(a->rule == b->rule && a->offset == b->offset && a->length == b->length,
		       "%s: %s at %zu: finding %zu is rule %zu at %zu+%zu, not %zu at %zu+%zu",
		       c->name, how, cut, i, a->rule, (size_t)a->offset, (size_t)a->length, b->rule,
		       (size_t)b->offset, (size_t)b->length);
	}
}

static struct ks_stream *
open_stream(const struct check *c, ks_sink_fn sink)
{
	struct ks_stream_options options = {
		.on_finding = on_finding,
		.finding_ctx = c->got,
		.sink = sink,
		.sink_ctx = c->got,
		.is_allowed = c->pair->is_allowed,
		.known = c->pair->known,
	};
	struct ks_stream *stream;

	c->got->len = c->got->finding_count = 0;
	expect(ks_stream_new(c->pair->set, &options, &stream) == KS_OK, "a call failed");
	return stream;
}

/* How many bytes are to be held after m. The oracle looks at all of them for that, so it is asked once. */
static size_t
held_after(const struct check *c, size_t m)
{
	if (c->held[m] == NOT_ASKED)
		c->held[m] = oracle_held_at(c->pair->oracle, m);
	return c->held[m];
}

/* One more piece in place, of which to is the end. */
static void
mask_piece(const struct check *c, struct ks_stream *s, uint8_t *buf, size_t *from, size_t to,
           const char *how, size_t cut)
{
	size_t settled = 0;

	expect(ks_stream_mask(s, c->pair->scratch, buf + *from, to - *from, &settled) == KS_OK,
	       "%s: %s at %zu: a call failed", c->name, how, cut);
	*from += settled;
	expect(ks_stream_held(s) == to - *from, "%s: held and settled disagree", c->name);
	expect(memcmp(buf + *from, c->in + *from, to - *from) == 0,
	       "%s: %s at %zu: held bytes were changed", c->name, how, cut);
	expect(to - *from == held_after(c, to), "%s: %s at %zu: %zu bytes held after %zu, not %zu",
	       c->name, how, cut, to - *from, to, held_after(c, to));
}

/* cuts are count ascending positions within the input. */
static void
run_in_place(const struct check *c, const size_t *cuts, size_t count, const char *how)
{
	struct ks_stream *s = open_stream(c, NULL);
	size_t from = 0, cut = count ? cuts[0] : 0;
	uint8_t *buf = c->got->out;

	memcpy(buf, c->in, c->len);
	for (size_t i = 0; i < count; i++)
		mask_piece(c, s, buf, &from, cuts[i], how, cut);
	mask_piece(c, s, buf, &from, c->len, how, cut);
	expect(ks_stream_mask_end(s, c->pair->scratch, buf + from, c->len - from) == KS_OK,
	       "%s: %s at %zu: a call failed", c->name, how, cut);
	c->got->len = c->len;
	ks_stream_free(s);
	compare(c, how, cut);
}

static void
run_pushed(const struct check *c, const size_t *cuts, size_t count, const char *how)
{
	struct ks_stream *s = open_stream(c, on_bytes);
	size_t from = 0;

	for (size_t i = 0; i <= count; i++) {
		size_t to = i < count ? cuts[i] : c->len;
		expect(ks_stream_feed(s, c->pair->scratch, c->in + from, to - from) == KS_OK,
		       "a call failed");
		from = to;
	}
	expect(ks_stream_feed_end(s, c->pair->scratch) == KS_OK, "a call failed");
	ks_stream_free(s);
	compare(c, how, count ? cuts[0] : 0);
}

static void
run_random(const struct check *c)
{
	uint64_t random = c->len * 2654435761U + c->expected->finding_count;
	size_t *cuts = calloc(c->len + 1, sizeof(*cuts));

	for (int round = 0; round < 4; round++) {
		size_t count = 0, mean = 1 + random_next(&random) % 20;

		for (size_t i = 0; i <= c->len; i++) {
			if (random_next(&random) % mean == 0)
				cuts[count++] = i;
		}
		run_in_place(c, cuts, count, "random cuts");
		run_pushed(c, cuts, count, "random cuts, pushed");
	}
	free(cuts);
}

static void
run_bytes(const struct check *c)
{
	size_t *cuts = calloc(c->len + 1, sizeof(*cuts));

	for (size_t i = 0; i < c->len; i++)
		cuts[i] = i + 1;
	run_in_place(c, cuts, c->len, "byte by byte");
	free(cuts);
}

static size_t
first_cut(const uint8_t *in, size_t len, size_t step)
{
	size_t sum = len;

	for (size_t i = 0; i < len; i++)
		sum += in[i];
	return sum % step;
}

void
check_input(struct bench_pair *pair, const uint8_t *in, size_t len, enum cut_style style,
            const char *name)
{
	struct check c = {
		pair, in, len, name, pair->expected, pair->got, calloc(len + 1, sizeof(size_t))
	};

	size_t step = test_slowness();

	expect(len <= INPUT_MAX, "the input is too long");
	expect(oracle_load(pair->oracle, in, len) == 0, "the oracle failed");
	oracle_output(pair->oracle, len, '*', c.expected->out, c.expected->findings, FINDING_MAX,
	              &c.expected->finding_count);
	c.expected->len = len;
	for (size_t m = 0; m <= len; m++)
		c.held[m] = NOT_ASKED;
	run_in_place(&c, NULL, 0, "whole");
	run_pushed(&c, NULL, 0, "whole, pushed");
	/* Which cuts are left out where it is slow depends on the input: all positions have their turn. */
	for (size_t cut = first_cut(in, len, step); style & CUT_EVERYWHERE && cut <= len;
	     cut += step)
		run_in_place(&c, &cut, 1, "cut");
	if (style & CUT_BYTES)
		run_bytes(&c);
	if (style & CUT_RANDOM)
		run_random(&c);
	free(c.held);
}
