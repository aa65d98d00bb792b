/* SPDX-License-Identifier: Apache-2.0 */
/* Streams that break off, or begin in the middle: nothing leaks, and little else is masked. */
#include <stdbool.h>
#include <string.h>

#include "keysieve.h"
#include "suite.h"

#define TEXT_MAX 1024

static const struct ks_rule rules[] = {
	{ .id = "provider",
	  .trigger = "pk-[a-z]{2}-",
	  .body = "A-Za-z0-9_-",
	  .min = 20,
	  .boundary = KS_BOUNDARY_ALNUM },
	{ .id = "carrier",
	  .trigger = "[?&]key=",
	  .body = "A-Za-z0-9+/_-",
	  .min = 8,
	  .kind = KS_KIND_CARRIER },
	{ .id = "named",
	  .trigger = "acme{name}{separator}",
	  .body = "A-Z0-9",
	  .min = 12,
	  .kind = KS_KIND_CARRIER },
	{ .id = "infix",
	  .trigger = "JQQJ99",
	  .before = "[A-Za-z0-9]{24}",
	  .body = "A-Za-z0-9",
	  .min = 6 },
	{ .id = "followed",
	  .trigger = "://user:",
	  .body = "a-z0-9",
	  .follow = "@",
	  .min = 3,
	  .kind = KS_KIND_CARRIER },
};

#define RULE_COUNT (sizeof(rules) / sizeof(rules[0]))

/* '0' stands for a byte of a secret, so that the file has none. */
static const char *const templates[] = {
	"log pk-ab-000000000000000000000000000000000000 and more",
	"pk-ab-0000000000000000000000000000000000000000000000000000000000000000000000000000000",
	"GET /?key=000000000000 HTTP/1.1\nGET /?key=pk-ab-000000000000000000000000 x",
	"GET /?key=0000%2B000000\\/0000 and \\u002B00 &key=00000%2F",
	"{\"acme_token\": \"00000000000000000000\", \"x\":1}",
	"key 000000000000000000000000JQQJ9900000000000000000000 and words",
	"00000000000000000000000000000000000000000JQQJ99000000JQQJ990000000",
	"redis://user:000000000000@host redis://user:000@",
};

struct fixture {
	struct ks_ruleset *set;
	struct ks_scratch *scratch;
};

static void
fixture_init(struct fixture *f)
{
	ck_assert_int_eq(ks_ruleset_new(rules, RULE_COUNT, &f->set, NULL), KS_OK);
	ck_assert_int_eq(ks_scratch_new(f->set, &f->scratch), KS_OK);
}

static void
fixture_done(struct fixture *f)
{
	ks_scratch_free(f->scratch);
	ks_ruleset_free(f->set);
}

static size_t
fill_template(const char *template, char *text)
{
	size_t n = strlen(template);

	for (size_t i = 0; i < n; i++)
		text[i] = template[i] == '0' ? "A7B3C9D1"[i % 8] : template[i];
	for (size_t i = 0; strstr(template, "://") && i < n; i++) /* a body of small letters */
		text[i] = template[i] == '0' ? "a7b3c9d1"[i % 8] : template[i];
	return n;
}

/* Put text[0, len) through, giving up behind text[0, at); at > len: never. Tells what was given up. */
static void
mask(const struct fixture *f, char *text, size_t len, size_t at, int begins_in_run,
     size_t *ret_held)
{
	struct ks_stream_options options = { .begins_in_run = begins_in_run };
	struct ks_stream *stream;
	uint8_t *buf = (uint8_t *)text;
	size_t settled = 0, part, first = at < len ? at : len;

	*ret_held = 0;
	ck_assert_int_eq(ks_stream_new(f->set, &options, &stream), KS_OK);
	ck_assert_int_eq(ks_stream_mask(stream, f->scratch, buf, first, &settled), KS_OK);
	if (at <= len) {
		*ret_held = first - settled;
		ck_assert_uint_eq(ks_stream_held(stream), *ret_held);
		ck_assert_int_eq(ks_stream_mask_held(stream, f->scratch, buf + settled, *ret_held),
		                 KS_OK);
		ck_assert_uint_eq(ks_stream_held(stream), 0);
		settled = first;
	}
	ck_assert_int_eq(ks_stream_mask(stream, f->scratch, buf + settled, len - settled, &part),
	                 KS_OK);
	settled += part;
	ck_assert_int_eq(ks_stream_mask_end(stream, f->scratch, buf + settled, len - settled),
	                 KS_OK);
	ks_stream_free(stream);
}

/* Does a run go on behind the given-up bytes, as far as text[i]? */
static bool
is_behind(const char *given_up, size_t at, size_t i)
{
	for (size_t k = at; k < i; k++) {
		if (given_up[k] != '*')
			return false;
	}
	return true;
}

START_TEST(nothing_leaks_where_a_stream_gives_up)
{
	struct fixture f;
	char plain[TEXT_MAX], whole[TEXT_MAX], text[TEXT_MAX];
	size_t len = fill_template(templates[_i], plain), held;

	fixture_init(&f);
	memcpy(whole, plain, len);
	mask(&f, whole, len, len + 1, 0, &held);
	ck_assert(memcmp(whole, plain, len) != 0);
	for (size_t at = 0; at <= len; at++) {
		memcpy(text, plain, len);
		mask(&f, text, len, at, 0, &held);
		for (size_t i = 0; i < len; i++) {
			ck_assert_msg(whole[i] == plain[i] || text[i] == '*',
			              "template %d, given up at %zu: byte %zu is readable", _i, at,
			              i);
			ck_assert_msg(
				text[i] == plain[i] || whole[i] != plain[i] ||
					(i >= at - held && (i < at || is_behind(text, at, i))),
				"template %d, given up at %zu: byte %zu is masked", _i, at, i);
		}
	}
	fixture_done(&f);
}
END_TEST

/* In the middle of a run, however long it went on before. */
START_TEST(nothing_leaks_where_a_stream_begins_in_a_run)
{
	struct fixture f;
	char plain[TEXT_MAX], whole[TEXT_MAX], text[TEXT_MAX];
	size_t len = fill_template(templates[_i], plain), held;

	fixture_init(&f);
	memcpy(whole, plain, len);
	mask(&f, whole, len, len + 1, 0, &held);
	for (size_t from = 1; from < len; from++) {
		if (whole[from - 1] == plain[from - 1])
			continue;
		memcpy(text, plain, len);
		mask(&f, text + from, len - from, len + 1, 1, &held);
		for (size_t i = from; i < len && whole[i] != plain[i]; i++)
			ck_assert_msg(text[i] == '*', "template %d, from %zu: byte %zu is readable",
			              _i, from, i);
		ck_assert(text[len - 1] == plain[len - 1] || whole[len - 1] != plain[len - 1]);
	}
	fixture_done(&f);
}
END_TEST

START_TEST(idle_means_that_nothing_is_open)
{
	struct fixture f;
	struct ks_stream *stream;
	size_t settled;
	uint8_t text[] = "words\npk-ab-A7B3-7B3A-B3A7-3A7B-A7B3 \n";

	fixture_init(&f);
	ck_assert_int_eq(ks_stream_new(f.set, NULL, &stream), KS_OK);
	ck_assert(ks_stream_is_idle(stream));
	ck_assert_int_eq(ks_stream_mask(stream, f.scratch, text, 6, &settled), KS_OK);
	ck_assert(ks_stream_is_idle(stream));
	ck_assert_int_eq(ks_stream_mask(stream, f.scratch, text + 6, 6, &settled), KS_OK);
	ck_assert_uint_eq(settled, 6);
	ck_assert(!ks_stream_is_idle(stream)); /* a trigger whose run comes */
	ck_assert_int_eq(ks_stream_mask(stream, f.scratch, text + 12, 24, &settled), KS_OK);
	ck_assert_uint_eq(settled, 20);        /* the rest could be what stands before an infix */
	ck_assert(!ks_stream_is_idle(stream)); /* a run that may go on */
	ck_assert_int_eq(ks_stream_mask(stream, f.scratch, text + 32, 6, &settled), KS_OK);
	ck_assert(ks_stream_is_idle(stream));
	ks_stream_free(stream);
	fixture_done(&f);
}
END_TEST

int
main(void)
{
	int count = (int)(sizeof(templates) / sizeof(templates[0]));
	Suite *suite = suite_create("give-up");
	TCase *tcase = tcase_create("streams that break off");

	tcase_add_loop_test(tcase, nothing_leaks_where_a_stream_gives_up, 0, count);
	tcase_add_loop_test(tcase, nothing_leaks_where_a_stream_begins_in_a_run, 0, count);
	tcase_add_test(tcase, idle_means_that_nothing_is_open);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
