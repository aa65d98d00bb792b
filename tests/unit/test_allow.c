/* SPDX-License-Identifier: Apache-2.0 */
/* Allow-lists of rule files: what they let through, and what is wrong with some. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keysieve.h"
#include "suite.h"

#define RULES                                                                                     \
	"rules:\n"                                                                                \
	"- {id: one, trigger: 'one-', body: 'a-z0-9', length: 8.., examples: ['one-{body:9}']}\n" \
	"- {id: two, trigger: 'two=', kind: carrier, body: 'a-z0-9-', length: 8..,"               \
	" examples: ['two={body:9}']}\n"

static const char run[] = "sample0123";

struct output {
	char text[400];
	size_t len;
};

static int
on_bytes(void *ctx, const uint8_t *data, size_t len)
{
	struct output *out = ctx;

	ck_assert_uint_lt(out->len + len, sizeof(out->text));
	memcpy(out->text + out->len, data, len);
	out->len += len;
	return 0;
}

static struct ks_catalog *
load(const char *text)
{
	struct ks_catalog *catalog = ks_catalog_new();
	struct ks_error error;

	ck_assert_msg(ks_catalog_add_text(catalog, "f", text, strlen(text), &error) == KS_OK, "%s",
	              error.text);
	return catalog;
}

/* Mask in byte by byte, with the catalog's rules and allow-list. */
static void
mask(const struct ks_catalog *catalog, const struct ks_key *key, const char *in, struct output *out)
{
	struct ks_stream_options options = { .sink = on_bytes, .sink_ctx = out };
	struct ks_allowlist *list;
	struct ks_scratch *scratch;
	struct ks_stream *stream;
	struct ks_ruleset *set;
	size_t index[2];

	*out = (struct output){ .len = 0 };
	ck_assert_int_eq(ks_catalog_compile(catalog, &set, index, NULL), KS_OK);
	ck_assert_int_eq(ks_catalog_compile_allowlist(catalog, index, ks_ruleset_count(set), key,
	                                              &list, NULL),
	                 KS_OK);
	options.is_allowed = list ? ks_allowlist_has : NULL;
	options.allow_ctx = list;
	ck_assert_int_eq(ks_scratch_new(set, &scratch), KS_OK);
	ck_assert_int_eq(ks_stream_new(set, &options, &stream), KS_OK);
	for (; *in; in++)
		ck_assert_int_eq(ks_stream_feed(stream, scratch, (const uint8_t *)in, 1), KS_OK);
	ck_assert_int_eq(ks_stream_feed_end(stream, scratch), KS_OK);
	ks_stream_free(stream);
	ks_scratch_free(scratch);
	ks_allowlist_free(list);
	ks_ruleset_free(set);
}

static void
check(const char *text, const struct ks_key *key, const char *in, const char *expected)
{
	struct ks_catalog *catalog = load(text);
	struct output out;

	mask(catalog, key, in, &out);
	out.text[out.len] = '\0';
	ck_assert_str_eq(out.text, expected);
	ks_catalog_free(catalog);
}

START_TEST(hashes)
{
	char hash[KS_HASH_TEXT_SIZE], text[800];

	ck_assert_int_eq(
		ks_allow_hash_text(NULL, (const uint8_t *)run, strlen(run), hash, sizeof(hash)),
		KS_OK);
	(void)snprintf(text, sizeof(text), RULES "allow:\n- hash: '%s'\n  comment: a sample\n",
	               hash);
	check(text, NULL, "one-sample0123 one-sample01234 one-sample012",
	      "one-sample0123 one-*********** one-*********");
	check(text, NULL, "two=sample0123 two=one-sample0123 two=one-sample0124",
	      "two=sample0123 two=one-sample0123 two=one-**********");
	(void)snprintf(text, sizeof(text), RULES "allow:\n- {hash: '%s', rule: two}\n", hash);
	check(text, NULL, "one-sample0123 two=sample0123", "one-********** two=sample0123");
}
END_TEST

START_TEST(expressions)
{
	check(RULES "allow:\n- {run: 'sample.*'}\n", NULL,
	      "one-sample0123 one-xsample0123 two=sample-----x",
	      "one-sample0123 one-*********** two=sample-----x");
	check(RULES "allow:\n- {run: 'a{8}|.*z', rule: one}\n", NULL,
	      "one-aaaaaaaa one-aaaaaaaaa one-bbbbbbbbz two=aaaaaaaa",
	      "one-aaaaaaaa one-********* one-bbbbbbbbz two=********");
	check(RULES "disable: [two]\nallow:\n- {run: '.*', rule: two}\n", NULL,
	      "one-aaaaaaaa two=aaaaaaaa", "one-******** two=aaaaaaaa");
}
END_TEST

/* A run of 64 bytes is decided before its end may be known: it cannot be allowed. */
START_TEST(long_runs)
{
	char in[200], expected[200];

	(void)snprintf(in, sizeof(in), "one-%063d one-%064d", 7, 7);
	(void)snprintf(expected, sizeof(expected), "one-%063d one-%.64s", 7,
	               "****************************************************************");
	check(RULES "allow:\n- {run: '.*'}\n", NULL, in, expected);
}
END_TEST

START_TEST(keys)
{
	char dir[] = "/tmp/keysieve-test-XXXXXX", path[64], hash[KS_HASH_TEXT_SIZE], text[800];
	struct ks_key *key, *again;
	struct ks_error error;
	struct stat info;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/key", dir);
	ck_assert_int_eq(ks_key_create_file(path, NULL), KS_OK);
	ck_assert_int_eq(stat(path, &info), 0);
	ck_assert_int_eq(info.st_mode & 07777, 0600);
	ck_assert_int_eq(ks_key_create_file(path, &error), KS_ERROR_FILE);
	ck_assert_int_eq(ks_key_read_file(path, &key, NULL), KS_OK);
	ck_assert_int_eq(ks_key_read_file(path, &again, NULL), KS_OK);
	ck_assert_str_eq(ks_key_id(key), ks_key_id(again));
	ck_assert_int_eq(
		ks_allow_hash_text(key, (const uint8_t *)run, strlen(run), hash, sizeof(hash)),
		KS_OK);
	(void)snprintf(text, sizeof(text), RULES "allow:\n- hash: '%s'\n", hash);
	check(text, again, "one-sample0123 one-sample01234", "one-sample0123 one-***********");
	ks_key_free(again);
	ck_assert_int_eq(truncate(path, 40), 0);
	ck_assert_int_eq(ks_key_read_file(path, &again, &error), KS_ERROR_FILE);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(ks_key_read_file(path, &again, &error), KS_ERROR_FILE);
	ck_assert_int_eq(rmdir(dir), 0);
	ks_key_free(key);
}
END_TEST

static const struct wrong {
	const char *allow;
	int status;
	unsigned line;
} wrongs[] = {
	{ "allow: yes\n", KS_ERROR_SYNTAX, 4 },
	{ "allow:\n- {comment: x}\n", KS_ERROR_SYNTAX, 5 },
	{ "allow:\n- {run: a, hash: 'blake2b:00'}\n", KS_ERROR_SYNTAX, 5 },
	{ "allow:\n- {run: a}\n- {run: a, run: b}\n", KS_ERROR_SYNTAX, 6 },
	{ "allow:\n- {run: a}\n- {regex: b}\n", KS_ERROR_SYNTAX, 6 },
	{ "allow:\n- {hash: 'sha256:00'}\n", KS_ERROR_SYNTAX, 5 },
	{ "allow:\n- {run: 'a('}\n", KS_ERROR_RULE, 5 },
	{ "allow:\n- {run: a, rule: three}\n", KS_ERROR_RULE, 5 },
	{ "allow:\n- {hash: 'blake2b-keyed:01234567:"
	  "0000000000000000000000000000000000000000000000000000000000000000'}\n",
	  KS_ERROR_RULE, 5 },
};

START_TEST(mistakes)
{
	const struct wrong *wrong = &wrongs[_i];
	struct ks_catalog *catalog = ks_catalog_new();
	struct ks_allowlist *list;
	struct ks_error error = { .status = 0 };
	size_t index[2] = { 0, 1 };
	char text[800];
	int r;

	(void)snprintf(text, sizeof(text), RULES "%s", wrong->allow);
	r = ks_catalog_add_text(catalog, "f", text, strlen(text), &error);
	if (r == KS_OK)
		r = ks_catalog_compile_allowlist(catalog, index, 2, NULL, &list, &error);
	ck_assert_int_eq(r, wrong->status);
	ck_assert_str_eq(error.file, "f");
	ck_assert_uint_eq(error.line, wrong->line);
	ks_catalog_free(catalog);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("allow-list");
	TCase *tcase = tcase_create("files");

	tcase_add_test(tcase, hashes);
	tcase_add_test(tcase, expressions);
	tcase_add_test(tcase, long_runs);
	tcase_add_test(tcase, keys);
	tcase_add_loop_test(tcase, mistakes, 0, sizeof(wrongs) / sizeof(wrongs[0]));
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
