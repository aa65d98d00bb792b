/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Known values that change in the middle of one, in frames: what had begun is masked to its end by the former values, and
 * nothing that begins later is. The same of rules.
 */
#include <stdio.h>
#include <string.h>

#include "framed.h"
#include "suite.h"

static const char value[] = "First-val.111/and \"a\" long-Tail", other[] = "Another-value.222";

/* In several spellings, and what cannot be mistaken for the beginning of one. */
static const char text[] =
	", First-val.111/and \"a\" long-Tail, First-val.111\\/and \\\"a\\\" long-Tail, "
	"First-val.111%2Fand%20%22a%22%20long-Tail,\n"
	", 46697273742d76616c2e3131312f616e6420226122206c6f6e672d5461696c, "
	"Rmlyc3QtdmFsLjExMS9hbmQgImEiIGxvbmctVGFpbA==,\n";

static struct ks_known *
known_of(const char *bytes)
{
	enum ks_known_verdict verdict;
	struct ks_known *known;

	ck_assert_int_eq(ks_known_new(&known), KS_OK);
	ck_assert_int_eq(ks_known_add(known, (const uint8_t *)bytes, strlen(bytes), 1, &verdict),
	                 KS_OK);
	ck_assert_int_eq(verdict, KS_KNOWN_TAKEN);
	ck_assert_int_eq(ks_known_compile(known), KS_OK);
	return known;
}

static int
on_bytes(void *ctx, const uint8_t *data, size_t len)
{
	bytes_add(ctx, data, len);
	return 0;
}

static struct ks_redactor *
open_with(struct framed *f, const struct ks_known *known)
{
	const struct ks_redactor_options options = {
		.stream = { .sink = on_bytes, .sink_ctx = &f->out, .known = known },
		.frame = f->frame,
	};
	struct ks_redactor *redactor;

	f->out.len = 0;
	ck_assert_int_eq(ks_redactor_new(f->pair.set, &options, &redactor), KS_OK);
	return redactor;
}

/* The former values are not there any more afterwards. */
static void
change(struct framed *f, struct ks_redactor *redactor, struct ks_known **known, const char *bytes)
{
	struct ks_known *next = known_of(bytes);
	const struct ks_stream_options options = { .known = next };

	ck_assert_int_eq(ks_redactor_change(redactor, f->pair.scratch, f->pair.set, &options),
	                 KS_OK);
	ks_known_free(*known);
	*known = next;
}

static void
end(struct framed *f, struct ks_redactor *redactor, struct ks_known *known)
{
	ck_assert_int_eq(ks_redactor_end(redactor, f->pair.scratch), KS_OK);
	ks_redactor_free(redactor);
	ks_known_free(known);
}

/* What the former values make of the payload. The caller's to free. */
static struct bytes
mask_payload(struct framed *f, const struct payload *p)
{
	struct ks_known *known = known_of(value);
	struct ks_redactor *redactor;
	struct bytes masked = { NULL };

	f->frame = KS_FRAME_RAW;
	redactor = open_with(f, known);
	framed_feed(f, redactor, p->text.at, p->text.len);
	end(f, redactor, known);
	bytes_add(&masked, f->out.at, f->out.len);
	return masked;
}

/* Is just that masked of the payload which belongs to a value that begins before at? It has none beside another. */
static void
check_payload(const struct framed *f, const struct model *m, const struct bytes *masked, size_t at)
{
	const struct payload *p = &m->payloads[PAYLOAD_STDOUT];
	bool is_begun = false;

	ck_assert_uint_eq(f->out.len, m->frames.len);
	for (size_t i = 0; i < p->text.len; i++) {
		const struct spot *spot = &p->spots[i];
		uint8_t expected;

		is_begun = masked->at[i] != p->text.at[i] && (is_begun || spot->at < at);
		expected = is_begun ? '*' : m->frames.at[spot->at];
		ck_assert_msg(spot->width == 0 || f->out.at[spot->at] == expected,
		              "%s, changed at %zu: %zu", runtime_name(m->runtime), at, i);
	}
}

/* Does a frame end there, so that all before it is seen? */
static bool
is_end_of_frame(const struct model *m, size_t at)
{
	const uint8_t *frames = m->frames.at;

	if (runtime_frame(m->runtime) == KS_FRAME_JOURNAL)
		return at > 1 && frames[at - 1] == '\n' && frames[at - 2] == '\n';
	return at > 0 && frames[at - 1] == '\n';
}

static void
change_at(struct framed *f, const struct model *m, size_t at, bool is_twice, size_t step)
{
	struct ks_known *known = known_of(value);
	struct ks_redactor *redactor = open_with(f, known);

	framed_feed(f, redactor, m->frames.at, at);
	change(f, redactor, &known, other);
	if (is_twice)
		change(f, redactor, &known, "a third value, 333");
	for (size_t n; at < m->frames.len; at += n) {
		n = m->frames.len - at < step ? m->frames.len - at : step;
		framed_feed(f, redactor, m->frames.at + at, n);
	}
	end(f, redactor, known);
}

static void
change_everywhere(struct framed *f, const struct model *m)
{
	struct bytes masked = mask_payload(f, &m->payloads[PAYLOAD_STDOUT]);
	unsigned ends = 0;

	f->frame = runtime_frame(m->runtime);
	for (size_t at = 1; at < m->frames.len; at++) {
		if (!is_end_of_frame(m, at) || ends++ % test_slowness() != 0)
			continue;
		change_at(f, m, at, ends % 2, ends % 3 ? m->frames.len : 7);
		check_payload(f, m, &masked, at);
	}
	bytes_free(&masked);
}

START_TEST(every_place)
{
	struct framed f;
	struct model m;

	framed_init(&f);
	for (size_t piece = 1; piece <= 5; piece += 4) {
		model_init(&m, (enum runtime)_i, piece, piece);
		for (size_t i = 0, n; i < strlen(text); i += n) {
			n = strlen(text) - i < piece ? strlen(text) - i : piece;
			model_write(&m, PAYLOAD_STDOUT, (const uint8_t *)text + i, n);
		}
		model_close(&m);
		change_everywhere(&f, &m);
		model_done(&m);
	}
	framed_done(&f);
}
END_TEST

/* Put in the parts of a text without frames, with a change between two of them. next: to what; NULL: to another one each time. */
static void
check_parts(const char *next, const char *const *parts, const char *expected)
{
	struct ks_known *known = known_of(value);
	struct ks_redactor *redactor;
	struct framed f;

	framed_init(&f);
	f.frame = KS_FRAME_RAW;
	redactor = open_with(&f, known);
	for (unsigned i = 0; parts[i]; i++) {
		char counted[] = "First-val.0 is another one";

		counted[strlen("First-val.")] = (char)('0' + i);
		if (i > 0)
			change(&f, redactor, &known, next ? next : counted);
		framed_feed(&f, redactor, (const uint8_t *)parts[i], strlen(parts[i]));
	}
	end(&f, redactor, known);
	bytes_add(&f.out, "", 1);
	ck_assert_str_eq((const char *)f.out.at, expected);
	framed_done(&f);
}

START_TEST(what_goes_on_otherwise)
{
	check_parts(other, (const char *const[]){ "x First-v", "al.222 First-val.111\n", NULL },
	            "x **********222 First-val.111\n");
	check_parts(other, (const char *const[]){ "x First-v", " al.111\n", NULL },
	            "x ******* al.111\n");
	check_parts(other, (const char *const[]){ "x First-v", "al", ".111/x\n", NULL },
	            "x **************x\n");
}
END_TEST

START_TEST(some_changes)
{
	check_parts(NULL, (const char *const[]){ "x Firs", "t", "", "-v", "al.111/an x\n", NULL },
	            "x **************** x\n");
}
END_TEST

/* Of so many it is not known how they go on. */
START_TEST(many_changes)
{
	check_parts(NULL,
	            (const char *const[]){ "x Firs", "t", "", "", "-", "v", "al.111/an", " x\ny\n",
	                                   NULL },
	            "x ******************\ny\n");
}
END_TEST

/* At every place of the text the second rule takes the place of the first; with the same set of bytes, or another. */
static void
replace_rule(const char *body)
{
	static const char in[] = "a one-0123456789abcdef01234567, two-0123456789abcdef01234567, "
				 "one-0123456789abcdef01234567\n";
	const struct ks_rule first = { .id = "one", .trigger = "one-", .body = "a-z0-9", .min = 8 };
	const struct ks_rule second = { .id = "two", .trigger = "two-", .body = body, .min = 8 };
	const struct ks_stream_options options = { .known = NULL };
	struct framed f, g;

	framed_init_with(&f, &first, 1);
	framed_init_with(&g, &second, 1);
	f.frame = KS_FRAME_RAW;
	for (size_t at = 0; at < strlen(in); at++) {
		struct ks_redactor *redactor = framed_open(&f);

		framed_feed(&f, redactor, (const uint8_t *)in, at);
		ck_assert_int_eq(ks_redactor_change(redactor, f.pair.scratch, g.pair.set, &options),
		                 KS_OK);
		ck_assert_int_eq(ks_redactor_feed(redactor, g.pair.scratch,
		                                  (const uint8_t *)in + at, strlen(in) - at),
		                 KS_OK);
		ck_assert_int_eq(ks_redactor_end(redactor, g.pair.scratch), KS_OK);
		ks_redactor_free(redactor);
		for (size_t i = 0; i < strlen(in); i++) {
			bool is_first = i >= 6 && i < 30 && at > 6;
			bool is_second = i >= 36 && i < 60 && i >= at;
			bool is_third = i >= 66 && i < 90 && at > 66;

			ck_assert_msg((f.out.at[i] == '*') == (is_first || is_second || is_third),
			              "changed at %zu: %zu", at, i);
		}
	}
	framed_done(&f);
	framed_done(&g);
}

START_TEST(former_rules)
{
	replace_rule("0-9a-z");
	replace_rule("0-9a-f");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("frame values");
	TCase *tcase = tcase_create("changes");

	tcase_set_timeout(tcase, 300);
	tcase_add_loop_test(tcase, every_place, 0, RUNTIME_COUNT);
	tcase_add_test(tcase, what_goes_on_otherwise);
	tcase_add_test(tcase, former_rules);
	tcase_add_test(tcase, some_changes);
	tcase_add_test(tcase, many_changes);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
