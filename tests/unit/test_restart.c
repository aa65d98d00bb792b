/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Restart points of a source with two streams, of which one is silent: a redactor that begins there gives what the one from
 * the front gives, also where a match goes over the silence. And a silent stream does not hold them back for ever.
 */
#include <keysieve.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "example.h"
#include "suite.h"

#define STAMP "2026-11-22T10:00:01.123456789Z "

struct text {
	uint8_t *at;
	size_t len, size;
};

static void
add(struct text *text, const void *bytes, size_t len)
{
	while (text->len + len > text->size) {
		text->size = text->size ? 2 * text->size : 4096;
		text->at = realloc(text->at, text->size);
		ck_assert_ptr_nonnull(text->at);
	}
	memcpy(text->at + text->len, bytes, len);
	text->len += len;
}

/* A ks_sink_fn. */
static int
put(void *ctx, const uint8_t *data, size_t len)
{
	add(ctx, data, len);
	return 0;
}

struct bench {
	struct ks_ruleset *set;
	struct ks_scratch *scratch;
	struct text in, out, again;
};

static void
bench_init(struct bench *b, struct ks_ruleset *set)
{
	*b = (struct bench){ .set = set };
	ck_assert_int_eq(ks_scratch_new(set, &b->scratch), KS_OK);
}

static void
bench_done(struct bench *b)
{
	free(b->in.at);
	free(b->out.at);
	free(b->again.at);
	ks_scratch_free(b->scratch);
	ks_ruleset_free(b->set);
}

static struct ks_redactor *
open_redactor(const struct bench *b, struct text *out, uint64_t from)
{
	struct ks_redactor_options options = { .frame = KS_FRAME_CRI,
		                               .wants_restart = 1,
		                               .begins_behind_line = from > 0,
		                               .stream = { .sink = put, .sink_ctx = out } };
	struct ks_redactor *redactor;

	out->len = 0;
	ck_assert_int_eq(ks_redactor_new(b->set, &options, &redactor), KS_OK);
	return redactor;
}

static void
feed(struct bench *b, struct ks_redactor *redactor, size_t from, size_t to)
{
	ck_assert_int_eq(ks_redactor_feed(redactor, b->scratch, b->in.at + from, to - from), KS_OK);
}

/* ------------------------------------------------------------------- examples ---- */

/* Whole lines, and the last one as if it were one, on stderr. */
static void
add_lines(struct text *to, const char *text, size_t len)
{
	while (len > 0) {
		const char *end = memchr(text, '\n', len);
		size_t n = end ? (size_t)(end - text) : len;

		add(to, STAMP "stderr F ", sizeof(STAMP "stderr F ") - 1);
		add(to, text, n);
		add(to, "\n", 1);
		n += end != NULL;
		text += n;
		len -= n;
	}
}

static void
add_silence(struct text *to, size_t size)
{
	static const char line[] = STAMP "stdout F 200 words and words, and some more of them\n";

	for (size_t end = to->len + size; to->len < end;)
		add(to, line, sizeof(line) - 1);
}

/* What has come of the first part of the text is in the output; does what follows depend on what was before the place? */
static bool
check_silence(struct bench *b, const char *text, size_t len, size_t cut, const char *name)
{
	struct ks_redactor_position position;
	struct ks_redactor *redactor = open_redactor(b, &b->out, 0);
	size_t before, from;

	b->in.len = 0;
	add_lines(&b->in, text, cut);
	add_silence(&b->in, 56 << 10);
	before = b->in.len;
	add_lines(&b->in, text + cut, len - cut);
	feed(b, redactor, 0, before);
	ks_redactor_position(redactor, &position);
	feed(b, redactor, before, b->in.len);
	ck_assert_int_eq(ks_redactor_end(redactor, b->scratch), KS_OK);
	ks_redactor_free(redactor);

	redactor = open_redactor(b, &b->again, position.restart);
	feed(b, redactor, (size_t)position.restart, b->in.len);
	ck_assert_int_eq(ks_redactor_end(redactor, b->scratch), KS_OK);
	ks_redactor_free(redactor);
	ck_assert_uint_eq(position.restart + b->again.len, b->out.len);
	from = (size_t)position.settled;
	ck_assert_msg(memcmp(b->out.at + from, b->again.at + (from - position.restart),
	                     b->out.len - from) == 0,
	              "%s: not the same after a restart, cut at %zu", name, cut);
	return position.restart > 0;
}

struct counts {
	unsigned held, free;
};

static void
check_example(struct bench *b, const struct ks_catalog_entry *entry, const char *template,
              struct counts *counts)
{
	struct example example;
	const char *text;

	ck_assert_int_eq(ks_example_expand(&entry->rule, template, &example, NULL), KS_OK);
	text = (const char *)example.text;
	for (size_t cut = 1; cut < example.len; cut++) {
		if (text[cut - 1] != '\n')
			continue;
		if (check_silence(b, text, example.len, cut, entry->rule.id))
			counts->free++;
		else
			counts->held++;
	}
	ks_example_done(&example);
}

/* Every example with several lines, cut between each two. */
START_TEST(examples_over_a_silence)
{
	struct ks_catalog *catalog = ks_catalog_new();
	struct counts counts = { 0, 0 };
	struct ks_catalog_entry entry;
	struct ks_ruleset *set;
	struct ks_error error;
	struct bench b;
	size_t *index;

	ck_assert_int_eq(ks_catalog_add_builtin(catalog, &error), KS_OK);
	index = calloc(ks_catalog_count(catalog), sizeof(*index));
	ck_assert_int_eq(ks_catalog_compile(catalog, &set, index, &error), KS_OK);
	bench_init(&b, set);
	for (size_t i = 0; i < ks_catalog_count(catalog); i++) {
		ks_catalog_get(catalog, i, &entry);
		for (size_t n = 0; entry.enabled && entry.examples[n]; n++)
			check_example(&b, &entry, entry.examples[n], &counts);
	}
	ck_assert_uint_gt(counts.held, 20);
	ck_assert_uint_gt(counts.free, 5);
	bench_done(&b);
	free(index);
	ks_catalog_free(catalog);
}
END_TEST

/* --------------------------------------------------------------------- bounds ---- */

/* A first line, and until how many MiB of silence it holds restart points back. */
static const struct silence {
	const char *line;
	unsigned from, to; /* 0: never, or for ever */
} silences[] = {
	{ "stderr F words\n", 0, 1 },
	{ "stderr F name: key_1 and words\n", 0, 1 },
	{ "stderr F name: key_1\n", 63, 66 },
	{ "stderr F NAME: KEY_22\n", 63, 66 },
	{ "stderr F a: \n", 63, 66 },
	{ "stderr P words without an end\n", 63, 66 },
	{ "stderr P pk-ABCDEFGHIJKLMNOP\n", 66, 0 },
	{ "stderr P pk-ABC\n", 66, 0 },
};

static const struct ks_rule silence_rules[] = {
	{ .id = "two-lines",
	  .kind = KS_KIND_CARRIER,
	  .trigger = "(?i)name: key_(?:1|2{2,3}[\\r\\n]{1,2}[ ]{1,4})(?:\\n {1,4})?value: ",
	  .body = "A-Z",
	  .min = 8 },
	{ .id = "two-lines-in-one-group",
	  .kind = KS_KIND_CARRIER,
	  .trigger = "(?:a: (?:x?\\s(?:b|c){1,2}){1,3})=",
	  .body = "A-Z",
	  .min = 8 },
	{ .id = "one-line", .trigger = "pk-", .body = "A-Z", .min = 8 },
};

START_TEST(silences_end)
{
	const struct silence *silence = &silences[_i];
	struct ks_redactor_position position;
	struct ks_redactor *redactor;
	struct ks_ruleset *set;
	struct bench b;

	ck_assert_int_eq(ks_ruleset_new(silence_rules, 3, &set, NULL), KS_OK);
	bench_init(&b, set);
	redactor = open_redactor(&b, &b.out, 0);
	add(&b.in, STAMP, sizeof(STAMP) - 1);
	add(&b.in, silence->line, strlen(silence->line));
	feed(&b, redactor, 0, b.in.len);
	b.in.len = 0;
	add_silence(&b.in, 1 << 20);
	for (unsigned i = 1; i <= (silence->to ? silence->to : silence->from); i++) {
		b.out.len = 0;
		feed(&b, redactor, 0, b.in.len);
		ks_redactor_position(redactor, &position);
		if (i <= silence->from)
			ck_assert_uint_eq(position.restart, 0);
	}
	if (silence->to)
		ck_assert_uint_gt(position.restart, 0);
	ks_redactor_free(redactor);
	bench_done(&b);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("restart");
	TCase *tcase = tcase_create("silence");

	tcase_set_timeout(tcase, 300);
	tcase_add_test(tcase, examples_over_a_silence);
	tcase_add_loop_test(tcase, silences_end, 0, sizeof(silences) / sizeof(*silences));
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
