/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger's bounds against a model that has none; what was seen; how often something may happen. */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "ledger.h"
#include "rate.h"
#include "seen.h"
#include "suite.h"

#define KEYS    8U
#define SOURCES 3U
#define ALL     40U /* keys, at each source */

/* What has come out of a ledger. */
struct written {
	unsigned findings[SOURCES][ALL], repeats[SOURCES][ALL];
	uint64_t suppressed, lines;
	bool fails;
};

static uint64_t
number_of(const char *line, const char *name)
{
	const char *at = strstr(line, name);

	ck_assert_ptr_nonnull(at);
	return strtoull(at + strlen(name), NULL, 10);
}

static int
take_line(void *ctx, const char *line, size_t len)
{
	struct written *w = ctx;
	unsigned source, key;

	ck_assert_uint_gt(len, 0);
	ck_assert_int_eq(line[len - 1], '\n');
	ck_assert_ptr_eq(memchr(line, '\n', len), line + len - 1);
	if (w->fails)
		return -1;
	w->lines++;
	if (strstr(line, "\"event\":\"suppressed\"")) {
		w->suppressed += number_of(line, "\"count\":");
		return 0;
	}
	source = (unsigned)number_of(line, "\"source\":\"s");
	key = (unsigned)number_of(line, "\"fingerprint\":\"");
	if (strstr(line, "\"event\":\"finding\""))
		w->findings[source][key]++;
	else
		w->repeats[source][key] += (unsigned)number_of(line, "\"count\":");
	return 0;
}

static struct ledger *
new_ledger(struct written *w, unsigned a_minute, unsigned burst)
{
	const struct ledger_options options = { .write = take_line,
		                                .write_ctx = w,
		                                .interval = 1000,
		                                .keys = KEYS,
		                                .a_minute = a_minute,
		                                .burst = burst };
	struct ledger *ledger = ks_ledger_new(&options);

	ck_assert_ptr_nonnull(ledger);
	return ledger;
}

static void
note(struct ledger *ledger, unsigned source, unsigned key, uint64_t now)
{
	char name[16], fingerprint[32];
	const struct sighting sighting = { .source = name,
		                           .rule = "r",
		                           .title = "t",
		                           .fingerprint = fingerprint,
		                           .identity = fingerprint,
		                           .time = (int64_t)now };

	(void)snprintf(name, sizeof(name), "s%u", source);
	(void)snprintf(fingerprint, sizeof(fingerprint), "%02u", key);
	ks_ledger_note(ledger, &sighting, now);
}

/* ----------------------------------------------------------------------- ledger ---- */

/* Whatever is forgotten on the way, every sighting is told of, at its source, or counted as suppressed. */
START_TEST(nothing_is_lost)
{
	struct written w = { .lines = 0 };
	bool is_limited = _i & 1, fails = _i & 2;
	struct ledger *ledger = new_ledger(&w, is_limited ? 600 : 1000000,
	                                   is_limited ? 5 : 1000000);
	unsigned want[SOURCES][ALL] = { 0 }, got = 0, all = 20000;

	srand((unsigned)_i + 1);
	for (unsigned i = 0; i < all; i++) {
		unsigned source = (unsigned)rand() % SOURCES;
		unsigned key = (unsigned)rand() % (rand() % 4 ? 4 : ALL);

		w.fails = fails && i % 1000 < 100 && i + 1000 < all;
		want[source][key]++;
		note(ledger, source, key, i);
		ks_ledger_tick(ledger, i);
	}
	w.fails = false;
	ks_ledger_flush(ledger);
	ks_ledger_free(ledger);
	for (unsigned s = 0; s < SOURCES; s++) {
		for (unsigned k = 0; k < ALL; k++) {
			unsigned told = w.findings[s][k] + w.repeats[s][k];

			ck_assert_uint_le(told, want[s][k]);
			if (!is_limited && !fails)
				ck_assert_uint_eq(told, want[s][k]);
			got += told;
		}
	}
	ck_assert_uint_eq(got + w.suppressed, all);
	if (is_limited) /* 10 a second for 20 seconds, each forgotten once at most, and 20 summaries */
		ck_assert_uint_le(w.lines, 2 * (5 + 200) + 21 * (KEYS + 1));
	else if (!fails) /* else of keys that made room for others while nothing could be written */
		ck_assert_uint_eq(w.suppressed, 0);
}
END_TEST

START_TEST(one_key_very_often)
{
	struct written w = { .lines = 0 };
	struct ledger *ledger = new_ledger(&w, 0, 0);

	for (uint64_t now = 0; now < 10000; now++) {
		note(ledger, 1, 2, now);
		note(ledger, 1, 2, now);
		ks_ledger_tick(ledger, now);
	}
	ks_ledger_flush(ledger);
	ck_assert_uint_eq(w.findings[1][2], 1);
	ck_assert_uint_eq(w.repeats[1][2], 19999);
	ck_assert_uint_eq(w.lines, 1 + 10);
	ks_ledger_flush(ledger);
	ck_assert_uint_eq(w.lines, 1 + 10);
	ks_ledger_free(ledger);
}
END_TEST

/* A key that is seen all the time is not forgotten for others that come once. */
START_TEST(the_oldest_is_forgotten)
{
	struct written w = { .lines = 0 };
	struct ledger *ledger = new_ledger(&w, 0, 0);

	for (unsigned i = 0; i < ALL - 1; i++) {
		note(ledger, 0, ALL - 1, i);
		note(ledger, 0, i, i);
	}
	note(ledger, 0, ALL - 2, ALL);
	note(ledger, 0, 0, ALL);
	ck_assert_uint_eq(w.findings[0][ALL - 1], 1);
	ck_assert_uint_eq(w.findings[0][ALL - 2], 1);
	ck_assert_uint_eq(w.findings[0][0], 2);
	ks_ledger_free(ledger);
}
END_TEST

START_TEST(what_cannot_be_written_is_told_later)
{
	struct written w = { .fails = true };
	struct ledger *ledger = new_ledger(&w, 0, 0);

	note(ledger, 2, 3, 0);
	note(ledger, 2, 3, 1);
	ks_ledger_tick(ledger, 0);
	ks_ledger_tick(ledger, 5000);
	w.fails = false;
	ks_ledger_tick(ledger, 10000);
	ck_assert_uint_eq(w.lines, 1);
	ck_assert_uint_eq(w.repeats[2][3], 2);
	ks_ledger_free(ledger);
}
END_TEST

/* ------------------------------------------------------------------ seen, and rate ---- */

START_TEST(the_last_are_known)
{
	struct seen *seen = ks_seen_new();
	char text[32];
	unsigned all = 3 * SEEN_HALF;

	ck_assert_ptr_nonnull(seen);
	for (unsigned i = 0; i < all; i++) {
		(void)snprintf(text, sizeof(text), "%08x", i);
		ck_assert(!ks_seen_has(seen, text));
		ks_seen_add(seen, text);
		ks_seen_add(seen, text);
		ck_assert(ks_seen_has(seen, text));
		if (i < SEEN_HALF)
			continue;
		(void)snprintf(text, sizeof(text), "%08x", i - SEEN_HALF + 1);
		ck_assert(ks_seen_has(seen, text));
	}
	ck_assert(!ks_seen_has(seen, "00000000"));
	ks_seen_free(seen);
}
END_TEST

START_TEST(so_often_a_minute)
{
	struct rate rate = { .a_minute = 10, .burst = 3 };
	unsigned taken = 0;

	for (uint64_t now = 0; now <= 60000; now += 100)
		taken += ks_rate_take(&rate, 1000000 + now);
	ck_assert_uint_eq(taken, 3 + 10);
	for (unsigned i = 0; i < 10; i++)
		taken += ks_rate_take(&rate, UINT64_MAX / 2);
	ck_assert_uint_eq(taken, 3 + 10 + 3);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("ledger");
	TCase *tcase = tcase_create("ledger");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, nothing_is_lost, 0, 4);
	tcase_add_test(tcase, one_key_very_often);
	tcase_add_test(tcase, the_oldest_is_forgotten);
	tcase_add_test(tcase, what_cannot_be_written_is_told_later);
	tcase_add_test(tcase, the_last_are_known);
	tcase_add_test(tcase, so_often_a_minute);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
