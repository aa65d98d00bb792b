/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: any bytes as framed input, cut anywhere. The first three bytes choose the frames, the limit
 * and the cuts. What comes out is as long as what went in and differs from it by masked bytes only; the
 * cuts make no difference; and what breaks off leaks nothing that the whole masks.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

#define INPUT_MAX 2048U
#define FILL \
	'\x01' /* no byte of a JSON string, nor of a name: no input can pretend that it is masked */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const struct ks_rule rules[] = {
	{ .id = "key", .trigger = "s-[a-z]{1,3}-", .body = "A-Za-z0-9_/+-", .min = 8 },
	{ .id = "value", .kind = KS_KIND_CARRIER, .trigger = "k=", .body = "A-Za-z0-9/", .min = 3 },
	{ .id = "block", .trigger = "--B", .body = "A-Za-z0-9+/=\\s\\\\", .min = 10 },
	{ .id = "infix", .trigger = "J[QJ]9", .before = "[A-Z0-9]{9}", .body = "A-Z0-9", .min = 5 },
	{ .id = "any", .trigger = "!!", .body = "^ ", .min = 2 },
};

struct output {
	uint8_t bytes[INPUT_MAX];
	size_t len;
};

struct way {
	enum ks_frame frame;
	size_t limit;
	unsigned keep_last;
	uint64_t *cuts; /* NULL: in one piece; else the state of a generator */
	size_t stop;    /* break off here; or past the end */
};

static void
require(bool is_met, const char *what)
{
	if (!is_met) {
		(void)fprintf(stderr, "frames: %s\n", what);
		abort();
	}
}

static int
on_bytes(void *ctx, const uint8_t *data, size_t len)
{
	struct output *out = ctx;

	require(out->len + len <= INPUT_MAX, "more comes out than went in");
	memcpy(out->bytes + out->len, data, len);
	out->len += len;
	return 0;
}

static void
run(struct bench_pair *pair, const struct way *way, const uint8_t *in, size_t len,
    struct output *out)
{
	struct ks_redactor_options options = {
		.frame = way->frame,
		.limit = way->limit,
		.stream = { .fill = FILL,
		            .keep_last = way->keep_last,
		            .sink = on_bytes,
		            .sink_ctx = out },
	};
	struct ks_redactor *redactor;
	size_t to = way->stop < len ? way->stop : len;

	out->len = 0;
	require(ks_redactor_new(pair->set, &options, &redactor) == KS_OK, "no redactor");
	for (size_t n, at = 0; at < to; at += n) {
		n = way->cuts ? 1 + random_next(way->cuts) % 7 : to;
		n = n < to - at ? n : to - at;
		require(ks_redactor_feed(redactor, pair->scratch, in + at, n) == KS_OK, "feed");
	}
	require((way->stop <= len ? ks_redactor_stop : ks_redactor_end)(redactor, pair->scratch) ==
	                KS_OK,
	        "end");
	ks_redactor_free(redactor);
	require(out->len == to, "the length has changed");
}

static void
check_changes(const uint8_t *in, const struct output *out)
{
	for (size_t i = 0; i < out->len; i++)
		require(out->bytes[i] == in[i] || out->bytes[i] == FILL, "a byte has changed");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct bench_pair pair;
	static struct output whole, other;
	struct way way;
	uint64_t cuts;

	if (!pair.set)
		pair_init(&pair, rules, sizeof(rules) / sizeof(rules[0]));
	if (len < 3 || len - 3 > INPUT_MAX)
		return 0;
	cuts = data[2];
	way = (struct way){ .frame = data[0] % 5,
		            .limit = data[1] % 2 ? 0 : data[1] + 1U,
		            .keep_last = data[0] / 5 % 2 ? KS_KEEP_LAST_MAX : 0,
		            .stop = SIZE_MAX };
	data += 3;
	len -= 3;
	run(&pair, &way, data, len, &whole);
	check_changes(data, &whole);
	way.cuts = &cuts;
	run(&pair, &way, data, len, &other);
	require(memcmp(whole.bytes, other.bytes, len) == 0, "cuts make a difference");
	way.stop = random_next(&cuts) % (len + 1);
	run(&pair, &way, data, len, &other);
	check_changes(data, &other);
	return 0;
}
