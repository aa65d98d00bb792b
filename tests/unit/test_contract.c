/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The contract, on small sets of rules (worlds.h) and inputs thrown together from the pieces that
 * matter to them: triggers and parts of them, body bytes, and what ends a run.
 */
#include <stdio.h>
#include <string.h>

#include "harness.h"
#include "suite.h"
#include "worlds.h"

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

	pair_init(&pair, w->rules, world_rule_count(w));
	for (int round = 0; round < test_rounds(800); round++) {
		size_t len = throw_together(w, &random, buf, sizeof(buf));

		if (round == test_rounds(600))
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

	pair_init(&pair, w->rules, world_rule_count(w));
	for (int round = 0; round < test_rounds(30); round++) {
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

	pair_init(&pair, w->rules, world_rule_count(w));
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
	size_t count = world_rule_count(w), len;
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
	tcase_add_loop_test(tcase, generated_inputs, 0, (int)world_count);
	tcase_add_loop_test(tcase, lengths_about_64, 0, (int)world_count);
	tcase_add_loop_test(tcase, binary_inputs, 0, (int)world_count);
	tcase_add_test(tcase, prepared_bytes);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
