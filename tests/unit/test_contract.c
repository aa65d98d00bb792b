/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The contract, on small sets of rules that between them use every feature, and inputs thrown
 * together from the pieces that matter to them: triggers and parts of them, body bytes, and what
 * ends a run.
 */
#include <stdio.h>
#include <string.h>

#include "harness.h"
#include "suite.h"

#define PIECE_MAX 48

struct world {
	const char *name;
	struct ks_rule rules[8];
	const char *pieces[PIECE_MAX];
};

static const struct world
	worlds[] = {
		{ "settings",
	          { { .id = "wide",
	              .trigger = "(?i)acme{name}{separator}",
	              .body = "A-Za-z0-9+/_-",
	              .min = 8,
	              .kind = KS_KIND_CARRIER },
	            { .id = "bounded",
	              .trigger = "(?i)(?:api|app)[_-]?(?:key|token){separator}",
	              .body = "A-Za-z0-9",
	              .min = 4,
	              .kind = KS_KIND_CARRIER,
	              .boundary = KS_BOUNDARY_ALNUM,
	              .conditions = KS_REQUIRE_DIGIT },
	            { .id = "mid-word",
	              .trigger = "[A-Z]_TOKEN{separator}",
	              .body = "a-z0-9=",
	              .min = 5,
	              .kind = KS_KIND_CARRIER },
	            { .id = "whole",
	              .trigger = "(?i)auth[0-9]?{separator}basic ",
	              .body = "a-z0-9/",
	              .min = 3,
	              .kind = KS_KIND_CARRIER },
	            { .id = "key", .trigger = "k-", .body = "a-z0-9", .min = 6 } },
	          { "acme",         "_",       " ",        "key",       "token", "api",
	            "API_KEY",      "X_TOKEN", "=",        ":",         ": ",    "\"",
	            "\\\"",         "'",       "b'",       " => ",      "%3D",   "%22",
	            "&quot;",       "\\u003d", "\x1b[36m", "\x1b[0m",   "Some(", "[]string{",
	            "keys",         "_2",      "12",       " provided", ", ",    "abc1defg",
	            "k-",           "abcd2",   "auth",     "basic ",    "\\/",   "\n",
	            "            ", "-",       "secret",   "pat" } },
		{ "escaped body bytes",
	          { { .id = "base64", .trigger = "b-", .body = "A-Za-z0-9+/=", .min = 6 },
	            { .id = "percent", .trigger = "p-", .body = "A-Za-z0-9+%", .min = 6 },
	            { .id = "backslash", .trigger = "s-", .body = "A-Za-z0-9/\\\\", .min = 6 },
	            { .id = "letters", .trigger = "l-", .body = "a-z/", .min = 4 },
	            { .id = "most",
	              .trigger = "m-",
	              .body = "A-Fa-f0-9:u",
	              .min = 3,
	              .max = 9,
	              .boundary = KS_BOUNDARY_ALNUM },
	            { .id = "carrier",
	              .trigger = "c=",
	              .body = "A-Za-z0-9+_-",
	              .min = 5,
	              .kind = KS_KIND_CARRIER,
	              .conditions = KS_REQUIRE_DIGIT } },
	          { "b-",
	            "p-",
	            "s-",
	            "l-",
	            "m-",
	            "c=",
	            "%2B",
	            "%2b",
	            "%2F",
	            "%3D",
	            "%3",
	            "%",
	            "B",
	            "\\u002B",
	            "\\u003d",
	            "\\u00",
	            "\\u",
	            "2F",
	            "\\/",
	            "\\",
	            "%3A",
	            "%26",
	            "%22",
	            "abcd",
	            "ABCDEF01234567890123456789abcdefABCDEF01234567890123456789",
	            " ",
	            "/",
	            "+",
	            "\n" } },
		{ "names of settings",
	          { { .id = "one",
	              .trigger = "(?i)acme{name}{separator}",
	              .body = "A-Z0-9",
	              .min = 4,
	              .kind = KS_KIND_CARRIER,
	              .boundary = KS_BOUNDARY_TOKEN },
	            { .id = "two",
	              .trigger = "(?i)[a-z]{20,60}_pat{separator}",
	              .body = "A-Z0-9",
	              .min = 4,
	              .kind = KS_KIND_CARRIER },
	            { .id = "stranger",
	              .trigger = "[a-z]{25,30};z_pat{separator}",
	              .body = "A-Z0-9",
	              .min = 4,
	              .kind = KS_KIND_CARRIER },
	            { .id = "three",
	              .trigger = "[A-Z]key{separator}",
	              .body = "A-Z0-9",
	              .min = 4,
	              .kind = KS_KIND_CARRIER } },
	          { "acme",
	            "Acme",
	            "_0_",
	            "01234567",
	            "abcdefghijklmnopqr",
	            "_pat",
	            "abcdefghijklmnopqrabcdefghijkl;z_pat=ABCD1",
	            ";z_pat",
	            "X",
	            "key",
	            "token=",
	            "=",
	            "ABCD12",
	            " = ",
	            ":Optional(",
	            "\\u003E",
	            "\\\\u0022",
	            "%27",
	            "KEYS",
	            ">",
	            "\n",
	            "\x1b[01;32m",
	            "\\033[0m",
	            "%3a",
	            "+",
	            "-",
	            " ",
	            ": |\n  ",
	            ">\r\n\t",
	            " += ",
	            "SecretStr('",
	            " api " } },
		{ "least lengths",
	          { { .id = "four", .trigger = "ab", .body = "a-d", .min = 4 },
	            { .id = "wide", .trigger = "xyz-", .body = "A-Za-z0-9_-", .min = 20 },
	            { .id = "most", .trigger = "q:", .body = "0-9a-d", .min = 64 } },
	          { "a", "b", "ab", "c", "d", " ", "abcd", "xyz-", "xy", "z-", "q:", "q",
	            "0123456789012345678901234567890123456789", "abcdabcdabcdabcdabcd", "\n" } },
		{ "greatest lengths",
	          { { .id = "three", .trigger = "#", .body = "0-9", .min = 3, .max = 3 },
	            { .id = "some", .trigger = "##", .body = "0-9a-z", .min = 2, .max = 12 },
	            { .id = "full", .trigger = "=", .body = "0-9a-z", .min = 60, .max = 64 } },
	          { "#", "##", "1", "12", "123", "1234", "a", "b2", "=", " ",
	            "012345678901234567890123456789012345678901234567890123456789" } },
		{ "required kinds",
	          { { .id = "digit",
	              .trigger = "d_",
	              .body = "A-Za-z0-9",
	              .min = 3,
	              .conditions = KS_REQUIRE_DIGIT },
	            { .id = "mixed",
	              .trigger = "m_",
	              .body = "A-Za-z0-9",
	              .min = 3,
	              .conditions = KS_REQUIRE_UPPER | KS_REQUIRE_LOWER },
	            { .id = "all",
	              .trigger = "[dm]_x",
	              .body = "A-Za-z0-9_",
	              .min = 5,
	              .conditions = KS_REQUIRE_UPPER | KS_REQUIRE_LOWER | KS_REQUIRE_DIGIT } },
	          { "d_", "m_", "x", "_", "a", "A", "7", "abc", "ABC", "456", "-",
	            "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijkl" } },
		{ "boundaries",
	          { { .id = "alnum",
	              .trigger = "sk-",
	              .body = "a-zA-Z0-9",
	              .min = 4,
	              .boundary = KS_BOUNDARY_ALNUM },
	            { .id = "word",
	              .trigger = "hf_",
	              .body = "a-zA-Z0-9",
	              .min = 4,
	              .boundary = KS_BOUNDARY_WORD },
	            { .id = "token",
	              .trigger = "al-{1,2}",
	              .body = "a-zA-Z0-9",
	              .min = 4,
	              .boundary = KS_BOUNDARY_TOKEN },
	            { .id = "none", .trigger = "gsk_", .body = "a-zA-Z0-9_", .min = 6 } },
	          { "sk-",
	            "hf_",
	            "al-",
	            "al--",
	            "gsk_",
	            "abcd",
	            "task-",
	            "di",
	            "_",
	            "-",
	            "\\n",
	            "\\",
	            "n",
	            "%3D",
	            "%25",
	            "%",
	            "3D",
	            "\\u003d",
	            "\\x3",
	            "\x1b[1;31m",
	            "[",
	            "0;1",
	            "m",
	            "#012",
	            "\\012",
	            "K",
	            "[0123456789012345m",
	            "[01234567890123456m",
	            " ",
	            "4",
	            "=" } },
		{ "carriers",
	          { { .id = "bearer",
	              .kind = KS_KIND_CARRIER,
	              .trigger = "(?i)bearer[ =]{1,2}",
	              .body = "A-Za-z0-9._/-",
	              .min = 6 },
	            { .id = "query",
	              .kind = KS_KIND_CARRIER,
	              .trigger = "[?&]key=",
	              .body = "A-Za-z0-9_%-",
	              .min = 4,
	              .conditions = KS_REQUIRE_DIGIT },
	            { .id = "ant",
	              .trigger = "sk-ant-[a-z0-9]{3,5}-",
	              .body = "A-Za-z0-9_-",
	              .min = 8 },
	            { .id = "sk",
	              .trigger = "sk-",
	              .body = "A-Za-z0-9",
	              .min = 10,
	              .boundary = KS_BOUNDARY_ALNUM },
	            { .id = "short", .trigger = "k8", .body = "a-f0-9", .min = 3, .max = 5 } },
	          { "Bearer ",
	            "Bearer sk-ant-api03-\\",
	            "\\",
	            "/",
	            "**",
	            "bearer=",
	            "bear",
	            "er ",
	            "?key=",
	            "&key=",
	            "key=",
	            "sk-",
	            "ant-",
	            "api03-",
	            "sk-ant-api03-",
	            "sk-ant-a-",
	            "k8",
	            "abc",
	            "0",
	            "9f",
	            "-",
	            "_",
	            ".",
	            "%",
	            " ",
	            "\n",
	            "abcdefghij0123456789abcdefghij0123456789abcdefghij0123456789abcd" } },
		{ "follow and placeholder",
	          { { .id = "userinfo",
	              .kind = KS_KIND_CARRIER,
	              .trigger = "://[a-z]{0,8}:",
	              .body = "^\\s/@?#\"",
	              .follow = "@",
	              .min = 3,
	              .conditions = KS_REFUSE_PLACEHOLDER },
	            { .id = "password",
	              .kind = KS_KIND_CARRIER,
	              .trigger = "pw=",
	              .body = "^\\s\"",
	              .min = 3,
	              .conditions = KS_REFUSE_PLACEHOLDER },
	            { .id = "close", .trigger = "<<", .body = "a-z", .follow = ">x-z", .min = 2 } },
	          { "://",
	            "user",
	            ":",
	            "@",
	            "/",
	            "pw=",
	            "pw",
	            "***",
	            "*",
	            "ab",
	            "cdefgh",
	            "$",
	            "{",
	            "}",
	            "<<",
	            "<",
	            ">",
	            "[",
	            "]",
	            "%",
	            "NAME",
	            "(",
	            ")",
	            " ",
	            "\"",
	            "x",
	            "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmn" } },
		{ "leads",
	          { { .id = "plain", .trigger = "[xy]:/[a-z]{0,6}:", .body = "a-z0-9", .min = 3 },
	            { .id = "nested", .trigger = "a[ab]{2,5}!", .body = "0-9", .min = 2, .max = 9 },
	            { .id = "follow",
	              .kind = KS_KIND_CARRIER,
	              .trigger = "://[^\\s:/@]{1,64}:",
	              .body = "^\\s/@",
	              .min = 2,
	              .follow = "@" },
	            { .id = "bare",
	              .kind = KS_KIND_CARRIER,
	              .trigger = "://",
	              .body = "^\\s:/@",
	              .min = 2,
	              .follow = "@" },
	            { .id = "bound",
	              .trigger = "k=[0-9]{1,3}~",
	              .body = "a-z",
	              .min = 2,
	              .boundary = KS_BOUNDARY_ALNUM } },
	          { "x:/",         "y:/",        ":",       "/", "a",
	            "b",           "ab",         "aa",      "!", "12",
	            "345",         "://",        "user",    "@", "k=",
	            "~",           "xk=",        "\\n",     " ", "long-user-name-of-thirty-bytes-x",
	            "x:/abcdefg:", "y:/abcdef:", "k=1234~", "7" } },
		{ "infix",
	          { { .id = "azure",
	              .trigger = "JQ[QJ]9",
	              .before = "[A-Za-z0-9]{12}",
	              .body = "A-Za-z0-9",
	              .min = 6 },
	            { .id = "dash",
	              .trigger = "--",
	              .before = "[a-f-]{5}",
	              .body = "0-9/",
	              .min = 3,
	              .max = 9,
	              .conditions = KS_REQUIRE_DIGIT },
	            { .id = "plain", .trigger = "key:", .body = "A-Za-z0-9", .min = 5 } },
	          { "J",
	            "Q",
	            "9",
	            "JQQ9",
	            "JQJ9",
	            "JQ",
	            "-",
	            "--",
	            "a",
	            "b",
	            "f",
	            "0",
	            "77",
	            "\\/",
	            "\\",
	            "/",
	            "Z",
	            "abcdefabcdef",
	            "zyxwvutsrqpo",
	            "key:",
	            " ",
	            "." } },
		{ "escaped slashes and lines",
	          { { .id = "base64", .trigger = "b64:", .body = "A-Za-z0-9+/=", .min = 8 },
	            { .id = "pem",
	              .trigger = "-----BEGIN( RSA)? KEY-----",
	              .body = "A-Za-z0-9+/=\\s\\\\",
	              .min = 10 },
	            { .id = "slash",
	              .kind = KS_KIND_CARRIER,
	              .trigger = "t=",
	              .body = "a-z/",
	              .min = 4 },
	            { .id = "tiny", .trigger = "\\\\", .body = "/x", .min = 1, .max = 3 } },
	          { "b64:", "t=", "a", "b", "xyz", "/", "\\", "\\/", "\\n", "\n", "\r\n", "=", "+",
	            "-----BEGIN KEY-----", "-----BEGIN RSA KEY-----", "-----END", "MIIEvAIB", " ",
	            "\"" } },
	};

#define WORLD_COUNT (sizeof(worlds) / sizeof(worlds[0]))

static size_t
count_rules(const struct world *w)
{
	size_t n = 0;

	while (n < 8 && w->rules[n].id)
		n++;
	return n;
}

static size_t
throw_together(const struct world *w, uint64_t *random, uint8_t *buf, size_t max)
{
	size_t count = 0, len = 0, want = 2 + random_next(random) % 30;

	while (count < PIECE_MAX && w->pieces[count])
		count++;
	for (size_t i = 0; i < want; i++) {
		const char *piece = w->pieces[random_next(random) % count];
		size_t n = strlen(piece);

		if (len + n > max)
			break;
		memcpy(buf + len, piece, n);
		len += n;
	}
	return len;
}

START_TEST(generated_inputs)
{
	const struct world *w = &worlds[_i];
	uint64_t random = 1 + (uint64_t)_i;
	struct bench_pair pair;
	uint8_t buf[700];
	char name[80];

	pair_init(&pair, w->rules, count_rules(w));
	for (int round = 0; round < 800; round++) {
		size_t len = throw_together(w, &random, buf, sizeof(buf));

		if (round == 600)
			pair_allow(&pair);

		(void)snprintf(name, sizeof(name), "%s, input %d", w->name, round);
		check_input(&pair, buf, len, CUT_ALL, name);
	}
	pair_done(&pair);
}
END_TEST

/* Any bytes at all: NUL, invalid UTF-8, control bytes, with a few pieces strewn in. */
START_TEST(binary_inputs)
{
	const struct world *w = &worlds[_i];
	uint64_t random = 77 + (uint64_t)_i;
	struct bench_pair pair;
	uint8_t buf[300];
	char name[80];

	pair_init(&pair, w->rules, count_rules(w));
	for (int round = 0; round < 30; round++) {
		for (size_t i = 0; i < sizeof(buf); i++)
			buf[i] = (uint8_t)random_next(&random);
		(void)throw_together(w, &random, buf + random_next(&random) % 200, 90);
		(void)snprintf(name, sizeof(name), "%s, bytes %d", w->name, round);
		check_input(&pair, buf, sizeof(buf), CUT_ALL, name);
	}
	pair_done(&pair);
}
END_TEST

/* Runs whose length is about the 64 bytes at which everything is decided, after every piece. */
START_TEST(lengths_about_64)
{
	static const char *const ends[] = { " ", "> ", "@ ", "\\/", "" };
	const struct world *w = &worlds[_i];
	struct bench_pair pair;
	char buf[200], name[80];

	pair_init(&pair, w->rules, count_rules(w));
	if (_i & 1)
		pair_allow(&pair);
	for (size_t i = 0; i < PIECE_MAX && w->pieces[i]; i++) {
		for (int n = 58; n < 68; n++) {
			for (size_t end = 0; end < 5; end++) {
				const char *open = end == 1 ? "<" : "";
				int len = snprintf(buf, sizeof(buf), "%.60s%s%0*d%s", w->pieces[i],
				                   open, n, 7, ends[end]);

				(void)snprintf(name, sizeof(name), "%s, piece %zu, %d", w->name, i,
				               n);
				check_input(&pair, (uint8_t *)buf, (size_t)len, CUT_ALL, name);
			}
		}
	}
	pair_done(&pair);
}
END_TEST

/* Prepared bytes that do not fit are not used, whatever is wrong with them. */
START_TEST(prepared_bytes)
{
	const struct world *w = &worlds[0];
	size_t count = count_rules(w), len;
	struct ks_ruleset *set, *again;
	struct ks_prepared prepared;
	uint8_t *bytes;

	ck_assert_int_eq(ks_ruleset_new(w->rules, count, &set, NULL), KS_OK);
	ck_assert_int_eq(ks_ruleset_save(set, &bytes, &len), KS_OK);
	for (size_t cut = 0; cut <= len; cut += cut < 64 ? 8 : len / 8) {
		prepared = (struct ks_prepared){ bytes, cut };
		ck_assert_int_eq(ks_ruleset_new_prepared(w->rules, count, &prepared, &again, NULL),
		                 KS_OK);
		ks_ruleset_free(again);
	}
	prepared.len = len;
	for (size_t i = 0; i < 48; i += 4) {
		bytes[i] ^= 0xff;
		ck_assert_int_eq(ks_ruleset_new_prepared(w->rules, count, &prepared, &again, NULL),
		                 KS_OK);
		ks_ruleset_free(again);
		bytes[i] ^= 0xff;
	}
	ck_assert_int_eq(ks_ruleset_new_prepared(w->rules, count - 1, &prepared, &again, NULL),
	                 KS_OK);
	ck_assert_uint_eq(ks_ruleset_count(again), count - 1);
	ks_ruleset_free(again);
	ks_ruleset_free(set);
	free(bytes);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("contract");
	TCase *tcase = tcase_create("small worlds");

	tcase_set_timeout(tcase, 300);
	tcase_add_loop_test(tcase, generated_inputs, 0, WORLD_COUNT);
	tcase_add_loop_test(tcase, lengths_about_64, 0, WORLD_COUNT);
	tcase_add_loop_test(tcase, binary_inputs, 0, WORLD_COUNT);
	tcase_add_test(tcase, prepared_bytes);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
