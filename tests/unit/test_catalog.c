/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The built-in rules: what their files promise of themselves, and the contract on their examples,
 * which the oracle judges without knowing what they should come to.
 */
#include <stdio.h>
#include <string.h>

#include "example.h"
#include "harness.h"
#include "selftest.h"
#include "suite.h"

static struct ks_catalog *
open_catalog(void)
{
	struct ks_error error;
	struct ks_catalog *catalog = ks_catalog_new();

	ck_assert_msg(ks_catalog_add_builtin(catalog, &error) == KS_OK, "%s:%u: %s", error.file,
	              error.line, error.text);
	return catalog;
}

static void
show_failure(void *ctx, const struct ks_error *error)
{
	(void)ctx;
	(void)fprintf(stderr, "# %s:%u: %s\n", error->file, error->line, error->text);
}

/* pack is the name of a pack, or NULL for all. */
static bool
is_of_pack(void *pack, const struct ks_catalog_entry *entry)
{
	return !pack || strcmp(entry->pack, pack) == 0;
}

static void
run_selftest(const char *pack)
{
	struct ks_catalog *catalog = open_catalog();
	size_t *index = calloc(ks_catalog_count(catalog), sizeof(*index));
	struct selftest_result result;
	struct ks_ruleset *set;
	struct ks_error error;

	if (pack)
		ck_assert_int_eq(ks_catalog_enable(catalog, pack, &error), KS_OK);
	ck_assert_msg(ks_catalog_compile(catalog, &set, index, &error) == KS_OK, "%s", error.text);
	ck_assert_int_eq(ks_selftest_run(catalog, (struct selftest_set){ set, index }, is_of_pack,
	                                 show_failure, (void *)pack, &result),
	                 KS_OK);
	ck_assert_uint_gt(result.texts, 0);
	ck_assert_uint_eq(result.failures, 0);
	ks_ruleset_free(set);
	free(index);
	ks_catalog_free(catalog);
}

START_TEST(default_rules_keep_their_promises)
{
	run_selftest(NULL);
}
END_TEST

START_TEST(generic_rules_keep_their_promises)
{
	run_selftest("generic");
}
END_TEST

/* The default rules with an oracle. */
static struct ks_rule *
open_pair(struct ks_catalog *catalog, struct bench_pair *pair)
{
	size_t count = ks_catalog_count(catalog), n = 0;
	struct ks_rule *rules = calloc(count, sizeof(*rules));
	struct ks_catalog_entry entry;

	for (size_t i = 0; i < count; i++) {
		ks_catalog_get(catalog, i, &entry);
		if (entry.enabled)
			rules[n++] = entry.rule;
	}
	pair_init(pair, rules, n);
	return rules;
}

/* Every builtin rule is right by itself: start-up relies on it. */
START_TEST(each_rule_is_right)
{
	struct ks_catalog *catalog = open_catalog();
	struct ks_catalog_entry entry;
	struct ks_error error;

	for (size_t i = 0; i < ks_catalog_count(catalog); i++) {
		ks_catalog_get(catalog, i, &entry);
		ck_assert_msg(ks_rule_check(&entry.rule, &error) == KS_OK, "%s:%u: %s", entry.file,
		              entry.line, error.text);
	}
	ks_catalog_free(catalog);
}
END_TEST

START_TEST(examples_against_the_oracle)
{
	struct ks_catalog *catalog = open_catalog();
	struct ks_catalog_entry entry;
	struct example example;
	struct bench_pair pair;
	struct ks_rule *rules = open_pair(catalog, &pair);

	for (size_t i = 0; i < ks_catalog_count(catalog); i++) {
		ks_catalog_get(catalog, i, &entry);
		for (size_t n = 0; entry.enabled && entry.examples[n]; n++) {
			ck_assert_int_eq(
				ks_example_expand(&entry.rule, entry.examples[n], &example, NULL),
				KS_OK);
			check_input(&pair, example.text, example.len, CUT_ALL, entry.rule.id);
			ks_example_done(&example);
		}
	}
	free(rules);
	pair_done(&pair);
	ks_catalog_free(catalog);
}
END_TEST

/* Add a random piece of a random example to buf. Returns the new length. */
static size_t
add_piece(const struct ks_catalog *catalog, uint64_t *random, uint8_t *buf, size_t len, size_t max)
{
	struct ks_catalog_entry entry;
	struct example example;
	size_t from, n;

	ks_catalog_get(catalog, random_next(random) % ks_catalog_count(catalog), &entry);
	if (ks_example_expand(&entry.rule, entry.examples[0], &example, NULL) != KS_OK)
		return len;
	from = random_next(random) % 2 ? 0 : random_next(random) % example.len;
	n = 1 + random_next(random) % (example.len - from);
	if (n > max - len)
		n = max - len;
	memcpy(buf + len, example.text + from, n);
	ks_example_done(&example);
	return len + n;
}

/* Pieces of examples, cut anywhere and put side by side: runs within runs, triggers within runs. */
START_TEST(pieces_against_the_oracle)
{
	struct ks_catalog *catalog = open_catalog();
	struct bench_pair pair;
	struct ks_rule *rules = open_pair(catalog, &pair);
	uint64_t random = 4711;
	uint8_t buf[400];
	char name[40];

	for (int round = 0; round < test_rounds(300); round++) {
		size_t len = 0, pieces = 1 + random_next(&random) % 8;

		for (size_t i = 0; i < pieces; i++)
			len = add_piece(catalog, &random, buf, len, sizeof(buf));
		(void)snprintf(name, sizeof(name), "pieces %d", round);
		check_input(&pair, buf, len, CUT_ALL, name);
	}
	free(rules);
	pair_done(&pair);
	ks_catalog_free(catalog);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("catalog");
	TCase *tcase = tcase_create("built-in rules");

	tcase_set_timeout(tcase, 600);
	tcase_add_test(tcase, each_rule_is_right);
	tcase_add_test(tcase, default_rules_keep_their_promises);
	tcase_add_test(tcase, generic_rules_keep_their_promises);
	tcase_add_test(tcase, examples_against_the_oracle);
	tcase_add_test(tcase, pieces_against_the_oracle);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
