/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames: to mask the frames and join them is to join them and mask the whole, for what models of the runtimes
 * make of generated output, wherever they cut it, and however the frames are cut again on their way.
 */
#include <stdio.h>
#include <string.h>

#include "application.h"
#include "framed.h"
#include "suite.h"

static void
check_model(struct framed *f, struct model *m)
{
	struct bytes expected = framed_expect(f, m);

	f->name = runtime_name(m->runtime);
	f->frame = runtime_frame(m->runtime);
	framed_check(f, &m->frames, &expected);
	bytes_free(&expected);
}

/* What is read of plain text is what was written: the models lose nothing but what their runtimes lose. */
START_TEST(models)
{
	struct bytes text = { NULL };
	struct model m;

	for (unsigned i = 1; i < 200; i++) {
		bytes_add_text(&text, i % 7 ? "w\xc3\xb6rds <&> " : "\t\"\\ \xe2\x82\xac");
		if (i % 9 == 0)
			bytes_add_text(&text, "\n");
	}
	bytes_add_text(&text, "\n");
	for (size_t piece = 1000; piece < 1004; piece++) {
		model_init(&m, (enum runtime)_i, piece, piece);
		for (size_t at = 0; at < text.len; at++)
			model_write(&m, PAYLOAD_STDERR, text.at + at, 1);
		model_close(&m);
		ck_assert_uint_eq(m.payloads[PAYLOAD_STDERR].text.len, text.len);
		ck_assert(memcmp(m.payloads[PAYLOAD_STDERR].text.at, text.at, text.len) == 0);
		model_done(&m);
	}
	bytes_free(&text);
}
END_TEST

START_TEST(generated_output)
{
	struct framed f;
	struct model m;

	framed_init(&f);
	for (f.seed = 1; f.seed <= (unsigned)test_rounds(40); f.seed++) {
		size_t piece = 1 + f.seed * f.seed % 100;

		model_init(&m, (enum runtime)_i, piece, f.seed);
		application_run(&m, f.seed % 3 ? 200 : 1500);
		check_model(&f, &m);
		model_done(&m);
	}
	framed_done(&f);
}
END_TEST

/* With the lengths at which runtimes cut. */
START_TEST(long_lines)
{
	struct framed f;
	struct model m;

	framed_init(&f);
	for (f.seed = 1; f.seed <= 2; f.seed++) {
		model_init(&m, (enum runtime)_i, runtime_piece((enum runtime)_i), f.seed);
		application_run(&m, 120000);
		check_model(&f, &m);
		model_done(&m);
	}
	framed_done(&f);
}
END_TEST

/* One secret in a line, cut after every number of bytes, with lines of the other stream in between. */
START_TEST(every_cut)
{
	static const char *const secrets[] = {
		"GET /?key=################ x\n",
		"value ########################JQQJ99######## end\n",
		"redis://user:############@host b64:####\\/####%2F####= acme_token: ############\n",
	};
	struct framed f;
	struct model m;

	framed_init(&f);
	for (f.seed = 1; f.seed <= 3; f.seed++) {
		for (size_t piece = 1; piece < strlen(secrets[f.seed - 1]); piece++) {
			struct bytes text = { NULL };
			uint64_t random = f.seed;

			application_fill(&text, secrets[f.seed - 1], &random);
			model_init(&m, (enum runtime)_i, piece, f.seed);
			for (size_t at = 0, n; at < text.len; at += n) {
				n = text.len - at < piece ? text.len - at : piece;
				model_write(&m, PAYLOAD_STDOUT, text.at + at, n);
				model_write(&m, PAYLOAD_STDERR, (const uint8_t *)"x 1\n?key=", 9);
			}
			model_close(&m);
			check_model(&f, &m);
			model_done(&m);
			bytes_free(&text);
		}
	}
	framed_done(&f);
}
END_TEST

/*
 * What a limit does: as before, the output does not depend on cuts; it masks what would have been masked
 * without, and does not wait longer than it may.
 */
START_TEST(limits)
{
	struct framed f;
	struct model m;

	framed_init(&f);
	f.limit = runtime_frame((enum runtime)_i) == KS_FRAME_JOURNAL ? 1200 : 500;
	for (f.seed = 1; f.seed <= 5; f.seed++) {
		struct bytes expected;

		model_init(&m, (enum runtime)_i, 16, f.seed);
		model_write(&m, PAYLOAD_STDOUT, (const uint8_t *)"pk-ab-ABCDEFGHIJKL", 18);
		for (unsigned i = 0; i < 20 + f.seed; i++)
			model_write(&m, PAYLOAD_STDERR, (const uint8_t *)"words and words\n", 16);
		application_run(&m, 1000);
		expected = framed_expect(&f, &m);
		f.name = runtime_name(m.runtime);
		f.frame = runtime_frame(m.runtime);
		framed_check_same(&f, &m.frames);
		framed_check_masked(&f, &m.frames, &expected);
		framed_check_waiting(&f, &m.frames, 2 * f.limit);
		bytes_free(&expected);
		model_done(&m);
	}
	framed_done(&f);
}
END_TEST

/* Nothing in particular, so that no run goes on. */
static void
rest(struct model *m)
{
	for (unsigned i = 0; i < 20; i++)
		model_write(m, i % 2, (const uint8_t *)"\nwords and words, words\n", 24);
}

/* A run that is longer than what lies between two restart points. */
static void
write_long_secret(struct model *m, unsigned eights)
{
	model_write(m, PAYLOAD_STDOUT, (const uint8_t *)"pk-ab-", 6);
	for (unsigned i = 0; i < eights; i++)
		model_write(m, PAYLOAD_STDOUT, (const uint8_t *)"XXXXXXXX", 8);
}

/* A new redactor that begins at a restart point gives what the old one would have given. */
START_TEST(restarts)
{
	struct framed f;
	struct model m;
	unsigned count = 0;

	framed_init(&f);
	f.wants_restart = true;
	for (f.seed = 1; f.seed <= 2; f.seed++) {
		model_init(&m, (enum runtime)_i, 400, f.seed);
		for (int i = 0; i < 100; i++) {
			application_run(&m, 1000);
			rest(&m);
			if (i % 50 == 25)
				write_long_secret(&m, 6000);
		}
		f.name = runtime_name(m.runtime);
		f.frame = runtime_frame(m.runtime);
		count += framed_check_restarts(&f, &m.frames);
		model_done(&m);
	}
	framed_done(&f);
	ck_assert_uint_gt(count, 0);
}
END_TEST

/* How many bytes are masked that need not be? */
static size_t
count_more(const struct framed *f, const struct bytes *in, const struct bytes *expected)
{
	size_t more = 0;

	for (size_t i = 0; i < in->len; i++)
		more += f->out.at[i] != in->at[i] && expected->at[i] == in->at[i];
	return more;
}

/* Other rules, which are the same, take over behind at bytes. */
static void
change_at(struct framed *f, const struct bytes *in, size_t at)
{
	struct ks_redactor *redactor = framed_open(f);
	const struct ks_stream_options options = { .known = NULL };

	framed_feed(f, redactor, in->at, at);
	ck_assert_int_eq(ks_redactor_change(redactor, f->pair.scratch, f->pair.set, &options),
	                 KS_OK);
	framed_feed(f, redactor, in->at + at, in->len - at);
	ck_assert_int_eq(ks_redactor_end(redactor, f->pair.scratch), KS_OK);
	ks_redactor_free(redactor);
	ck_assert_uint_eq(f->out.len, in->len);
}

/* Wherever rules are changed, nothing leaks of what the same rules would have masked; and seldom is anything else masked. */
START_TEST(changes)
{
	struct framed f;
	struct model m;

	framed_init(&f);
	for (f.seed = 1; f.seed <= 3; f.seed++) {
		struct bytes expected;
		size_t more = 0;

		model_init(&m, (enum runtime)_i, 30, f.seed);
		application_run(&m, 700);
		write_long_secret(&m, 120); /* longer than what a match looks back at */
		rest(&m);
		expected = framed_expect(&f, &m);
		f.name = runtime_name(m.runtime);
		f.frame = runtime_frame(m.runtime);
		for (size_t at = f.seed; at < m.frames.len; at += 7 * test_slowness()) {
			change_at(&f, &m.frames, at);
			framed_check_masked(&f, &m.frames, &expected);
			more += count_more(&f, &m.frames, &expected);
		}
		ck_assert_uint_lt(more, 20 * m.frames.len);
		bytes_free(&expected);
		model_done(&m);
	}
	framed_done(&f);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("frame");
	TCase *tcase = tcase_create("runtimes");

	tcase_set_timeout(tcase, 300);
	tcase_add_loop_test(tcase, models, 0, RUNTIME_COUNT);
	tcase_add_loop_test(tcase, generated_output, 0, RUNTIME_COUNT);
	tcase_add_loop_test(tcase, long_lines, 0, RUNTIME_COUNT);
	tcase_add_loop_test(tcase, every_cut, 0, RUNTIME_COUNT);
	tcase_add_loop_test(tcase, limits, 0, RUNTIME_COUNT);
	tcase_add_loop_test(tcase, restarts, 0, RUNTIME_COUNT);
	tcase_add_loop_test(tcase, changes, 0, RUNTIME_COUNT);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
