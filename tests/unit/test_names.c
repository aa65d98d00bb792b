/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names, and the memory of them: what it says of a text is what a search of the text finds, whatever came before. Texts are made
 * of a few parts, so that many end alike and differ further ahead.
 */
#include <string.h>

#include "harness.h"
#include "name_memo.h"
#include "ruleset.h"
#include "suite.h"

#define ROUNDS    200000
#define TEXT_MAX  400
#define RULES_MAX 400

#define RULE(name, expression, edge)                                                         \
	{                                                                                    \
		.id = name, .trigger = expression "{separator}", .body = "0-9a-f", .min = 8, \
		.kind = KS_KIND_CARRIER, .boundary = edge                                    \
	}

static const struct ks_rule rules[] = {
	RULE("named", "(?i)acme{name}", KS_BOUNDARY_ALNUM),
	RULE("sets", "(?i)(?:ac|mistral)[_. -]?api[_. -]?key", KS_BOUNDARY_WORD),
	RULE("head", "(?i)mistral{name}", KS_BOUNDARY_TOKEN),
	RULE("plain", "(?i)api[_-]?key", KS_BOUNDARY_ALNUM),
	RULE("repeat", "(?i)any[a-z_]{0,12}key", KS_BOUNDARY_NONE),
	RULE("wide", "(?i)(?:[a-dg-z]|[^r]e|[^a]re|[^w]are)[_.-]?token", KS_BOUNDARY_NONE),
	RULE("wide-head", "(?i)bear[^0-9]token", KS_BOUNDARY_ALNUM),
	RULE("case", "X-Key", KS_BOUNDARY_WORD),
};

static const char *const parts[] = {
	"acme",
	"ACME",
	"mistral",
	"ac",
	"api",
	"any",
	"bear",
	"\xc3",
	"ware",
	"are",
	"re",
	"_",
	"-",
	".",
	" ",
	"=",
	"\"",
	"x",
	"X-",
	"7",
	"\\n",
	"%3D",
	"\n",
	"\x1b[1",
	";31m",
	"\\u00",
	"3d",
	"auth",
	"key",
	"some_thing_",
	"zz",
	"#012",
	"[1;2;3;4;5;6m",
	"1;2;3;4;5;6m",
};

static const char *const nouns[] = { "key", "token", "Key", "KEY" };

/* A text of at least NAME_TEXT_MAX bytes, and some that a stream begins with. */
static size_t
make_text(uint64_t *random, uint8_t *text)
{
	size_t least = random_next(random) % 4 ? NAME_TEXT_MAX : 1 + random_next(random) % 20,
	       len = 0;
	const char *noun = nouns[random_next(random) % (sizeof(nouns) / sizeof(*nouns))];

	while (len < least) {
		const char *part = parts[random_next(random) % (sizeof(parts) / sizeof(*parts))];

		len = (size_t)((uint8_t *)mempcpy(text + len, part, strlen(part)) - text);
	}
	memcpy(text + len, noun, strlen(noun));
	return len + strlen(noun);
}

static bool
is_right(struct name_memo *memo, const struct names *names, const uint8_t *text, size_t len)
{
	struct name_stretch stretch = ks_names_stretch(names, text, len);
	uint32_t found[RULES_MAX], remembered[RULES_MAX];
	size_t depth, count = ks_names_find(names, text, len, &stretch, found, &depth);

	return (len < NAME_TEXT_MAX || depth <= NAME_TEXT_MAX) &&
	       ks_name_memo_find(memo, names, text, len, remembered) == count &&
	       memcmp(remembered, found, count * sizeof(*found)) == 0;
}

static size_t
count_names(const struct ks_ruleset *set, const char *text)
{
	const uint8_t *bytes = (const uint8_t *)text;
	struct name_stretch stretch = ks_names_stretch(&set->names, bytes, strlen(text));
	uint32_t found[RULES_MAX];
	size_t depth;

	return ks_names_find(&set->names, bytes, strlen(text), &stretch, found, &depth);
}

/* Such a byte may be in no other name. */
START_TEST(a_name_may_have_any_byte_in_it)
{
	struct ks_ruleset *set = NULL;

	ck_assert_int_eq(ks_ruleset_new(rules, sizeof(rules) / sizeof(*rules), &set, NULL), KS_OK);
	ck_assert_uint_eq(count_names(set, "bear\xc3token"), 1);
	ck_assert_uint_eq(count_names(set, "bear\ntoken"), 1);
	ck_assert_uint_eq(count_names(set, "bear7token"), 0);
	ks_ruleset_free(set);
}
END_TEST

START_TEST(what_is_remembered_is_what_is_found)
{
	static struct name_memo memo;
	struct ks_ruleset *set = NULL;
	uint8_t text[TEXT_MAX];
	uint64_t random = 1;
	int round = 0, rounds = test_rounds(ROUNDS);

	ck_assert_int_eq(ks_ruleset_new(rules, sizeof(rules) / sizeof(*rules), &set, NULL), KS_OK);
	ck_assert_uint_eq(set->named_count, sizeof(rules) / sizeof(*rules));
	for (; round < rounds; round++) {
		size_t len = make_text(&random, text);
		size_t from = len > NAME_TEXT_MAX ? len - NAME_TEXT_MAX : 0;

		if (!is_right(&memo, &set->names, text + from, len - from))
			break;
	}
	ck_assert_int_eq(round, rounds);
	ks_ruleset_free(set);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("names");
	TCase *cases = tcase_create("names");

	tcase_add_test(cases, what_is_remembered_is_what_is_found);
	tcase_add_test(cases, a_name_may_have_any_byte_in_it);
	suite_add_tcase(suite, cases);
	return suite_main(suite);
}
