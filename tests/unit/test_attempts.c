/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attempts: each match is told of once, with the right reason, and with the same one however the input
 * is cut.
 */
#include <stdio.h>
#include <string.h>

#include "harness.h"
#include "suite.h"

#define INPUT_MAX   400
#define ATTEMPT_MAX 4096

enum { PLAIN, LIMITED, KINDS, CARRIER, FOLLOWED, INFIX, RULE_COUNT };

static const struct ks_rule rules[RULE_COUNT] = {
	[PLAIN] = { .id = "plain", .trigger = "sk-", .body = "A-Za-z0-9_-", .min = 8 },
	[LIMITED] = { .id = "limited", .trigger = "ab#", .body = "0-9a-d", .min = 4, .max = 6 },
	[KINDS] = { .id = "kinds",
	            .trigger = "all:",
	            .body = "A-Za-z0-9",
	            .min = 3,
	            .conditions = KS_REQUIRE_DIGIT | KS_REQUIRE_UPPER | KS_REQUIRE_LOWER },
	[CARRIER] = { .id = "carrier",
	              .trigger = "key=",
	              .body = "!-~",
	              .min = 3,
	              .kind = KS_KIND_CARRIER,
	              .conditions = KS_REFUSE_PLACEHOLDER },
	[FOLLOWED] = { .id = "followed", .trigger = "//", .body = "a-z", .min = 2, .follow = "@" },
	[INFIX] = { .id = "infix",
	            .trigger = "XY",
	            .before = "[A-Z0-9]{6}",
	            .body = "A-Z0-9",
	            .min = 4 },
};

static const char *const pieces[] = {
	"sk-",     "sk-sk-",   "ab#",
	"all:",    "key=",     "//",
	"XY",      "@",        " ",
	"\n",      "*",        "***",
	"${NAME}", "abcdefgh", "0123",
	"ABCDEF",  "a",        "Z",
	"7",       "<x>",      "0123456789012345678901234567890123456789",
	"QQQQQQ",  "allowed",  "\\/",
};

struct attempts {
	struct ks_attempt items[ATTEMPT_MAX];
	size_t count;
	size_t finding_count;
	struct ks_finding findings[INPUT_MAX];
};

static void
keep_attempt(void *ctx, const struct ks_attempt *attempt)
{
	struct attempts *attempts = ctx;

	ck_assert_uint_lt(attempts->count, ATTEMPT_MAX);
	attempts->items[attempts->count++] = *attempt;
}

static void
keep_finding(void *ctx, const struct ks_finding *finding)
{
	struct attempts *attempts = ctx;

	attempts->findings[attempts->finding_count++] = *finding;
}

static int
is_allowed(void *ctx, size_t rule, const uint8_t *run, size_t len)
{
	(void)ctx;
	return rule == PLAIN && len >= 7 && memcmp(run, "allowed", 7) == 0;
}

static int
by_place(const void *a, const void *b)
{
	const struct ks_attempt *x = a, *y = b;

	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	return x->rule < y->rule ? -1 : x->rule > y->rule;
}

struct fixture {
	struct ks_ruleset *set;
	struct ks_scratch *scratch;
	ks_allow_fn is_allowed;
};

static struct fixture
open_fixture(ks_allow_fn allow)
{
	struct fixture f = { .is_allowed = allow };
	struct ks_error error = { .text = "" };

	ck_assert_msg(ks_ruleset_new(rules, RULE_COUNT, &f.set, &error) == KS_OK, "%s", error.text);
	ck_assert_int_eq(ks_scratch_new(f.set, &f.scratch), KS_OK);
	return f;
}

static void
close_fixture(struct fixture *f)
{
	ks_scratch_free(f->scratch);
	ks_ruleset_free(f->set);
}

/* The attempts on in[0, len), in order, if it is cut after every step bytes and first at first. */
static void
run(const struct fixture *f, const char *in, size_t len, size_t first, size_t step,
    struct attempts *ret)
{
	struct ks_stream_options options = { .on_finding = keep_finding,
		                             .finding_ctx = ret,
		                             .is_allowed = f->is_allowed,
		                             .on_attempt = keep_attempt,
		                             .attempt_ctx = ret };
	uint8_t buf[INPUT_MAX];
	size_t settled = 0, more, at = first;
	struct ks_stream *stream;

	ret->count = ret->finding_count = 0;
	memcpy(buf, in, len);
	ck_assert_int_eq(ks_stream_new(f->set, &options, &stream), KS_OK);
	for (;; at += step) {
		size_t to = at < len ? at : len;

		ck_assert_int_eq(
			ks_stream_mask(stream, f->scratch, buf + settled, to - settled, &more),
			KS_OK);
		settled += more;
		if (to == len)
			break;
	}
	ck_assert_int_eq(ks_stream_mask_end(stream, f->scratch, buf + settled, len - settled),
	                 KS_OK);
	ks_stream_free(stream);
	qsort(ret->items, ret->count, sizeof(ret->items[0]), by_place);
}

static void
check_equal(const struct attempts *got, const struct attempts *wanted, const char *in, size_t len)
{
	ck_assert_msg(got->count == wanted->count, "%zu attempts for %zu on '%.*s'", got->count,
	              wanted->count, (int)len, in);
	for (size_t i = 0; i < got->count; i++) {
		const struct ks_attempt *g = &got->items[i], *w = &wanted->items[i];

		ck_assert_msg(g->rule == w->rule && g->offset == w->offset &&
		                      g->reason == w->reason,
		              "rule %zu at %zu, reason %d, for rule %zu at %zu, reason %d, on "
		              "'%.*s'",
		              g->rule, (size_t)g->offset, (int)g->reason, w->rule,
		              (size_t)w->offset, (int)w->reason, (int)len, in);
		ck_assert(g->reason != KS_REASON_MASKED || g->masked_from == w->masked_from);
	}
}

/* No match is told of twice; a match that masks lies in a finding, and a finding's rule has one. */
static void
check_attempts(const struct attempts *attempts)
{
	bool has_match[INPUT_MAX] = { false };

	for (size_t i = 0; i < attempts->count; i++) {
		const struct ks_attempt *a = &attempts->items[i];
		bool is_in = false;

		ck_assert(i == 0 || by_place(a - 1, a) < 0);
		for (size_t n = 0; a->reason == KS_REASON_MASKED && n < attempts->finding_count;
		     n++) {
			const struct ks_finding *f = &attempts->findings[n];
			bool is_here = a->masked_from >= f->offset &&
			               a->offset + a->length <= f->offset + f->length;

			is_in |= is_here;
			has_match[n] |= is_here && a->rule == f->rule;
		}
		ck_assert(is_in || a->reason != KS_REASON_MASKED);
	}
	for (size_t n = 0; n < attempts->finding_count; n++)
		ck_assert(has_match[n]);
}

static void
check_all_cuts(const struct fixture *f, const char *in, size_t len)
{
	static struct attempts whole, cut;

	run(f, in, len, len, 1, &whole);
	check_attempts(&whole);
	for (size_t at = 0; at <= len; at++) {
		run(f, in, len, at, len + 1, &cut);
		check_equal(&cut, &whole, in, len);
	}
	run(f, in, len, 1, 1, &cut);
	check_equal(&cut, &whole, in, len);
	check_attempts(&cut);
}

static void
check_random_inputs(ks_allow_fn allow)
{
	struct fixture f = open_fixture(allow);
	uint64_t random = 99;
	char in[INPUT_MAX];

	for (int round = 0; round < test_rounds(1000); round++) {
		size_t len = 0, count = 1 + random_next(&random) % 9;

		for (size_t i = 0; i < count; i++) {
			const char *piece =
				pieces[random_next(&random) % (sizeof(pieces) / sizeof(pieces[0]))];
			memcpy(in + len, piece, strlen(piece));
			len += strlen(piece);
		}
		check_all_cuts(&f, in, len);
	}
	close_fixture(&f);
}

START_TEST(each_match_is_told_of_once)
{
	check_random_inputs(NULL);
}
END_TEST

START_TEST(each_match_is_told_of_once_with_an_allow_list)
{
	check_random_inputs(is_allowed);
}
END_TEST

static const struct {
	const char *in;
	size_t rule, offset, masked_from;
	enum ks_reason reason;
} cases[] = {
	{ "sk-abcdefgh", PLAIN, 3, 3, KS_REASON_MASKED },
	{ "sk-abcdefg", PLAIN, 3, 0, KS_REASON_SHORT },
	{ "sk-", PLAIN, 3, 0, KS_REASON_SHORT },
	{ "sk-allowed-to-stay", PLAIN, 3, 0, KS_REASON_ALLOWED },
	{ "ab#0123", LIMITED, 3, 3, KS_REASON_MASKED },
	{ "ab#0123012", LIMITED, 3, 0, KS_REASON_LONG },
	{ "all:Abc", KINDS, 4, 0, KS_REASON_DIGIT },
	{ "all:7bc", KINDS, 4, 0, KS_REASON_UPPER },
	{ "all:7BC", KINDS, 4, 0, KS_REASON_LOWER },
	{ "all:7bC", KINDS, 4, 4, KS_REASON_MASKED },
	{ "key=${NAME}", CARRIER, 4, 0, KS_REASON_PLACEHOLDER },
	{ "key=abc", CARRIER, 4, 4, KS_REASON_MASKED },
	{ "key=sk-abcdefgh", CARRIER, 4, 7, KS_REASON_MASKED },
	{ "key=sk-", CARRIER, 4, 0, KS_REASON_BARE },
	{ "//abc@", FOLLOWED, 2, 2, KS_REASON_MASKED },
	{ "//abc ", FOLLOWED, 2, 0, KS_REASON_FOLLOW },
	{ "//abc", FOLLOWED, 2, 0, KS_REASON_FOLLOW },
	{ "QQQQQQXY1234", INFIX, 8, 0, KS_REASON_MASKED },
	{ " QQQQQXY1234", INFIX, 8, 0, KS_REASON_BEFORE },
	{ "QQQQQQXY123", INFIX, 8, 0, KS_REASON_SHORT },
};

START_TEST(reasons)
{
	size_t len = strlen(cases[_i].in);
	struct fixture f = open_fixture(is_allowed);
	static struct attempts attempts;
	size_t found = 0;

	run(&f, cases[_i].in, len, len, 1, &attempts);
	for (size_t i = 0; i < attempts.count; i++) {
		const struct ks_attempt *a = &attempts.items[i];

		if (a->rule != cases[_i].rule || a->offset != cases[_i].offset)
			continue;
		found++;
		ck_assert_int_eq(a->reason, cases[_i].reason);
		if (a->reason == KS_REASON_MASKED)
			ck_assert_uint_eq(a->masked_from, cases[_i].masked_from);
	}
	ck_assert_uint_eq(found, 1);
	close_fixture(&f);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("attempts");
	TCase *tcase = tcase_create("attempts");

	tcase_set_timeout(tcase, 300);
	tcase_add_test(tcase, each_match_is_told_of_once);
	tcase_add_test(tcase, each_match_is_told_of_once_with_an_allow_list);
	tcase_add_loop_test(tcase, reasons, 0, sizeof(cases) / sizeof(cases[0]));
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
