/* SPDX-License-Identifier: Apache-2.0 */
/* Findings say where in the source they are, framed or not, at every cut. */
#include <stdbool.h>
#include <string.h>

#include "keysieve.h"
#include "suite.h"

#define TEXT_MAX  2048U
#define PLACE_MAX 8U

static const struct ks_rule rules[] = {
	{ .id = "key", .trigger = "pk-", .body = "A-Za-z0-9/", .min = 10 },
	{ .id = "block", .trigger = "--B\n", .body = "A-Za-z0-9\n", .min = 20 },
};

/* '0' stands for a byte of a secret; the first one after something else is where a finding is. */
static const struct source {
	enum ks_frame frame;
	const char *text;
	unsigned count;
} sources[] = {
	{ KS_FRAME_RAW,
	  "one\ntwo "
	  "pk-000000000000000000000000000000000000000000000000000000000000000000000000000000\n"
	  "three\n\npk-000000000000 and "
	  "pk-000000000000\n--B\n00000000000000000000000\n000000000000\n-\n"
	  "pk-0000000000",
	  5 },
	{ KS_FRAME_CRI,
	  "2026-11-22T10:00:01Z stdout F one\n2026-11-22T10:00:01Z stdout P pk-000000000000000\n"
	  "2026-11-22T10:00:01Z stderr F pk-00000000000\nno header pk-000000000000000000\n",
	  3 },
	{ KS_FRAME_DOCKER,
	  "{\"log\":\"one\\n\",\"stream\":\"stdout\"}\n"
	  "{\"log\":\"\\\"pk-0000000000000000000000\\n\",\"stream\":\"stdout\"}\nno line "
	  "pk-00000000000\n",
	  2 },
};

struct place {
	uint64_t offset, line;
};

struct places {
	struct place items[PLACE_MAX];
	size_t count;
};

static int
discard(void *ctx, const uint8_t *data, size_t len)
{
	(void)ctx;
	(void)data;
	(void)len;
	return 0;
}

static void
on_finding(void *ctx, const struct ks_finding *finding)
{
	struct places *places = ctx;

	ck_assert_uint_lt(places->count, PLACE_MAX);
	places->items[places->count++] = (struct place){ finding->offset, finding->line };
}

static size_t
fill_source(const struct source *source, char *text)
{
	size_t n = strlen(source->text);

	for (size_t i = 0; i < n; i++) {
		bool is_secret = source->text[i] == '0' && i > 21; /* not of the first time */

		text[i] = is_secret ? "A7b3C9d1x"[i % 9] : source->text[i];
	}
	return n;
}

/* A stream's findings come in order, a source's as its streams decide: is each there once? */
static void
check_places(const struct places *places, const char *text, unsigned count)
{
	ck_assert_uint_eq(places->count, count);
	for (size_t i = 0; i < count; i++) {
		struct place place = places->items[i];
		const char *key = text + place.offset;
		uint64_t line = 1;

		for (const char *p = text; p < key; p++)
			line += *p == '\n';
		ck_assert_uint_eq(place.line, line);
		ck_assert(memcmp(key - 3, "pk-", 3) == 0 || memcmp(key - 4, "--B\n", 4) == 0);
		for (size_t k = 0; k < i; k++)
			ck_assert_uint_ne(places->items[k].offset, place.offset);
	}
}

static void
run(const struct ks_ruleset *set, struct ks_scratch *scratch, const struct source *source,
    unsigned keep_last, size_t chunk)
{
	struct places places = { .count = 0 };
	struct ks_redactor_options options = {
		.frame = source->frame,
		.stream = { .keep_last = keep_last,
		            .counts_lines = 1,
		            .sink = discard,
		            .on_finding = on_finding,
		            .finding_ctx = &places },
	};
	struct ks_redactor *redactor;
	char text[TEXT_MAX];
	size_t len = fill_source(source, text);

	ck_assert_int_eq(ks_redactor_new(set, &options, &redactor), KS_OK);
	for (size_t at = 0; at < len; at += chunk) {
		size_t n = len - at < chunk ? len - at : chunk;

		ck_assert_int_eq(ks_redactor_feed(redactor, scratch, (uint8_t *)text + at, n),
		                 KS_OK);
	}
	ck_assert_int_eq(ks_redactor_end(redactor, scratch), KS_OK);
	ks_redactor_free(redactor);
	check_places(&places, text, source->count);
}

START_TEST(findings_say_where_they_are)
{
	const struct source *source = &sources[_i];
	struct ks_scratch *scratch;
	struct ks_ruleset *set;

	ck_assert_int_eq(ks_ruleset_new(rules, 2, &set, NULL), KS_OK);
	ck_assert_int_eq(ks_scratch_new(set, &scratch), KS_OK);
	for (size_t chunk = 1; chunk <= strlen(source->text); chunk++) {
		run(set, scratch, source, 0, chunk);
		run(set, scratch, source, 2, chunk);
	}
	ks_scratch_free(scratch);
	ks_ruleset_free(set);
}
END_TEST

/* The same of a stream, in its own terms. */
START_TEST(findings_of_streams_say_their_lines)
{
	struct places places = { .count = 0 };
	struct ks_stream_options options = { .counts_lines = 1,
		                             .on_finding = on_finding,
		                             .finding_ctx = &places };
	struct ks_scratch *scratch;
	struct ks_stream *stream;
	struct ks_ruleset *set;
	char text[TEXT_MAX];
	size_t len, settled;

	ck_assert_int_eq(ks_ruleset_new(rules, 2, &set, NULL), KS_OK);
	ck_assert_int_eq(ks_scratch_new(set, &scratch), KS_OK);
	for (size_t cut = 0; cut <= strlen(sources[0].text); cut++) {
		len = fill_source(&sources[0], text);
		places.count = 0;
		ck_assert_int_eq(ks_stream_new(set, &options, &stream), KS_OK);
		ck_assert_int_eq(ks_stream_mask(stream, scratch, (uint8_t *)text, cut, &settled),
		                 KS_OK);
		ck_assert_int_eq(ks_stream_mask(stream, scratch, (uint8_t *)text + settled,
		                                len - settled, &settled),
		                 KS_OK);
		len = ks_stream_held(stream);
		ck_assert_int_eq(ks_stream_mask_end(stream, scratch,
		                                    (uint8_t *)text + strlen(sources[0].text) - len,
		                                    len),
		                 KS_OK);
		ks_stream_free(stream);
		(void)fill_source(&sources[0], text);
		check_places(&places, text, sources[0].count);
	}
	ks_scratch_free(scratch);
	ks_ruleset_free(set);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("places");
	TCase *tcase = tcase_create("places of findings");

	tcase_add_loop_test(tcase, findings_say_where_they_are, 0,
	                    sizeof(sources) / sizeof(sources[0]));
	tcase_add_test(tcase, findings_of_streams_say_their_lines);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
