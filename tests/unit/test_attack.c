/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whoever can write lines of a log cannot make a key in another line readable, nor one in the same line from a distance:
 * no comment, no mask that was planted, no placeholder, no beginning of something else switches masking off. The
 * examples of all built-in rules are tried, with each plant before, behind and around them. Bytes that are
 * masked without a plant are masked with it.
 */
#include <stdio.h>
#include <string.h>

#include "example.h"
#include "keysieve.h"
#include "suite.h"

#define TEXT_MAX    (1U << 20)
#define EXAMPLE_MAX 8192U
#define FILL        0x01 /* in no example and no plant */

/* What is to look like a reason to leave a key alone, or to bring the matcher out of step. */
static const char *const plants[] = {
	"[REDACTED]",
	"[REDACTED:anthropic-api-key]",
	"[REDACTED",
	"****",
	"********************************************************************",
	"${NAME}",
	"$API_KEY",
	"%API_KEY%",
	"<your-api-key>",
	"{{ secret }}",
	"xxxxxxxx",
	"# gitleaks:allow",
	"// gitleaks:allow",
	"#gitleaks:ignore",
	"# noqa: S105",
	"# nosec",
	"# keysieve:ignore",
	"keysieve:off",
	"# pragma: allowlist secret",
	"trufflehog:ignore",
	"EXAMPLE placeholder dummy test fake",
	"-----BEGIN PRIVATE KEY-----",
	"-----END PRIVATE KEY-----",
	"Authorization: Bearer ",
	"Authorization: Bearer ****",
	"password=",
	"api_key: |",
	"api_key=\"",
	"\"api_key\": \"",
	"'",
	"\"",
	"`",
	"\\",
	"\\\\\\",
	"%",
	"%2",
	"\\u00",
	"\\u004",
	"https://user:",
	"?key=",
	"<![CDATA[",
	"<!--",
	"/*",
	"\x1b[31m",
	"\x1b]8;;",
	"\x1b[8m",
	"\xff\xfe",
	"\xe2\x80",
	"\xe2\x80\x8b",
	"{\"log\":\"",
	"2026-11-22T10:00:00.000000000Z stdout P ",
	"MESSAGE=",
};

#define PLANTS (sizeof(plants) / sizeof(plants[0]))

/* Where a plant is put. */
static const struct {
	const char *before_plant, *between, *after;
	bool is_plant_first;
} places[] = {
	{ "", "\n", "\n", true },         /* in the line before */
	{ "", "\n", "\n", false },        /* in the line behind */
	{ "x=", " ; ", "\n", true },      /* in the same line, before it */
	{ "", " ", "\n", false },         /* behind it */
	{ "\r\n", "\r\n", "\r\n", true }, /* with other line ends */
	{ "", "\0", "\n", true },         /* with a NUL between */
};

struct bench {
	struct ks_catalog *catalog;
	struct ks_ruleset *set;
	struct ks_scratch *scratch;
};

static void
open_bench(struct bench *bench)
{
	struct ks_error error;

	bench->catalog = ks_catalog_new();
	ck_assert_int_eq(ks_catalog_add_builtin(bench->catalog, &error), KS_OK);
	ck_assert_int_eq(ks_catalog_enable(bench->catalog, "generic", &error), KS_OK);
	ck_assert_int_eq(ks_catalog_compile(bench->catalog, &bench->set, NULL, &error), KS_OK);
	ck_assert_int_eq(ks_scratch_new(bench->set, &bench->scratch), KS_OK);
}

static void
close_bench(struct bench *bench)
{
	ks_scratch_free(bench->scratch);
	ks_ruleset_free(bench->set);
	ks_catalog_free(bench->catalog);
}

static void
mask(const struct bench *bench, uint8_t *text, size_t len)
{
	const struct ks_stream_options options = { .fill = FILL, .fills_only = 1 };
	struct ks_stream *stream;
	size_t settled;

	ck_assert_int_eq(ks_stream_new(bench->set, &options, &stream), KS_OK);
	ck_assert_int_eq(ks_stream_mask(stream, bench->scratch, text, len, &settled), KS_OK);
	ck_assert_int_eq(ks_stream_mask_end(stream, bench->scratch, text + settled, len - settled),
	                 KS_OK);
	ks_stream_free(stream);
}

struct text {
	uint8_t bytes[TEXT_MAX];
	size_t len;
};

static void
put(struct text *text, const void *bytes, size_t len)
{
	if (len > TEXT_MAX - text->len)
		ck_abort_msg("a text that is too long");
	memcpy(text->bytes + text->len, bytes, len);
	text->len += len;
}

static void
put_between(struct text *text, size_t place)
{
	if (*places[place].between)
		put(text, places[place].between, strlen(places[place].between));
	else
		put(text, "\0", 1);
}

/* Add an example with a plant. Returns where the example begins. */
static size_t
compose(struct text *text, size_t place, const char *plant, const struct text *example)
{
	size_t at;

	put(text, places[place].before_plant, strlen(places[place].before_plant));
	if (places[place].is_plant_first) {
		put(text, plant, strlen(plant));
		put_between(text, place);
	}
	at = text->len;
	put(text, example->bytes, example->len);
	if (!places[place].is_plant_first) {
		put_between(text, place);
		put(text, plant, strlen(plant));
	}
	put(text, places[place].after, strlen(places[place].after));
	return at;
}

/* What was masked of the example by itself is masked in text, where it begins at at. */
static void
check(const struct text *text, size_t at, const struct text *alone, const char *id,
      const char *plant, size_t place)
{
	for (size_t i = 0; i < alone->len; i++) {
		if (alone->bytes[i] == FILL && text->bytes[at + i] != FILL)
			ck_abort_msg("%s: byte %zu is readable with '%s', place %zu", id, i, plant,
			             place);
	}
}

/* All plants, one after the other, in one text. */
static void
try_place(const struct bench *bench, const char *id, const struct text *plain,
          const struct text *alone, size_t place)
{
	static struct text text;
	size_t at[PLANTS];

	text.len = 0;
	for (size_t i = 0; i < PLANTS; i++)
		at[i] = compose(&text, place, plants[i], plain);
	mask(bench, text.bytes, text.len);
	for (size_t i = 0; i < PLANTS; i++)
		check(&text, at[i], alone, id, plants[i], place);
}

static void
try_example(const struct bench *bench, const char *id, const struct example *example)
{
	static struct text plain, alone;

	plain.len = alone.len = 0;
	put(&plain, example->text, example->len);
	put(&alone, example->text, example->len);
	mask(bench, alone.bytes, alone.len);
	for (size_t place = 0; place < sizeof(places) / sizeof(places[0]); place++)
		try_place(bench, id, &plain, &alone, place);
}

START_TEST(no_plant_makes_a_key_readable)
{
	struct ks_catalog_entry entry;
	struct bench bench;
	size_t tried = 0;

	open_bench(&bench);
	for (size_t i = 0; i < ks_catalog_count(bench.catalog); i++) {
		ks_catalog_get(bench.catalog, i, &entry);
		for (size_t n = 0; entry.examples[n]; n++) {
			struct example example;

			ck_assert_int_eq(
				ks_example_expand(&entry.rule, entry.examples[n], &example, NULL),
				KS_OK);
			if (example.len <= EXAMPLE_MAX) {
				try_example(&bench, entry.rule.id, &example);
				tried++;
			}
			ks_example_done(&example);
		}
	}
	ck_assert_uint_gt(tried, 200);
	close_bench(&bench);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("attack");
	TCase *tcase = tcase_create("plants");

	tcase_set_timeout(tcase, 600);
	tcase_add_test(tcase, no_plant_makes_a_key_readable);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
