/* SPDX-License-Identifier: Apache-2.0 */
/* Sources of known values that cannot be read, or not all of them; and what is shown of a name that is none. */
#include <stdbool.h>
#include <string.h>

#include "directory.h"
#include "known_source.h"
#include "plain_name.h"
#include "suite.h"

static void
put(const char *name, const char *value)
{
	(void)remove(name);
	file_append(name, value);
}

/* Others may write to it. */
static void
spoil(const char *name)
{
	put(name, "");
	ck_assert_int_eq(chmod(name, 0666), 0);
}

/* Reads the directory anew, in the place of what was read before. */
static void
read_again(struct known_source *s, unsigned reading)
{
	struct known_source former = *s;
	struct ks_error error;

	if (ks_known_source_read(s, KNOWN_DIRECTORY, ".", &error) != KS_OK) {
		ck_assert_int_eq(error.status, KS_ERROR_FILE);
		ks_known_source_compare(s, &former, reading);
		ck_assert_int_eq(ks_known_source_keep(s, &former), KS_OK);
	} else {
		ks_known_source_compare(s, &former, reading);
	}
	ks_known_source_done(&former);
}

/* The values as one text: "NAME=VALUE,READING ", in the order of names and values. */
static void
source_is(const struct known_source *s, const char *wanted)
{
	char text[512] = "", one[100];
	size_t len = 0;

	for (size_t i = 0; i < s->count; i++) {
		const struct known_value *value = &s->values[i];

		len += (size_t)snprintf(one, sizeof(one), "%s=%.*s,%u ",
		                        ks_known_source_place(s, value) + 2, (int)value->len,
		                        (const char *)ks_known_source_bytes(s, value),
		                        value->changed);
		ck_assert_uint_lt(len, sizeof(text));
		(void)strcat(text, one);
		ck_assert(strstr(wanted, one));
	}
	ck_assert_uint_eq(len, strlen(wanted));
}

START_TEST(test_a_file_cannot_be_read)
{
	struct known_source s = { 0 };

	put("a", "a1");
	put("b", "b1");
	put("c", "c1");
	read_again(&s, 1);
	source_is(&s, "a=a1,1 b=b1,1 c=c1,1 ");
	spoil("c");
	read_again(&s, 2);
	source_is(&s, "a=a1,1 b=b1,1 c=c1,1 ");
	put("b", "b2");
	read_again(&s, 3);
	source_is(&s, "a=a1,1 b=b1,1 b=b2,3 c=c1,1 ");
	read_again(&s, 4);
	source_is(&s, "a=a1,1 b=b1,1 b=b2,3 c=c1,1 ");
	put("b", "b3");
	read_again(&s, 5);
	source_is(&s, "a=a1,1 b=b1,1 b=b3,5 c=c1,1 ");
	spoil("b");
	(void)remove("a");
	put("d", "d1");
	read_again(&s, 6);
	source_is(&s, "a=a1,1 b=b1,1 b=b3,5 c=c1,1 d=d1,6 ");
	put("b", "b1");
	read_again(&s, 7);
	source_is(&s, "a=a1,1 b=b1,1 c=c1,1 d=d1,6 ");
	put("c", "c2");
	read_again(&s, 8);
	source_is(&s, "b=b1,1 c=c2,8 d=d1,6 ");
	spoil("d");
	put("c", "c3");
	read_again(&s, 9);
	source_is(&s, "b=b1,1 c=c2,8 c=c3,9 d=d1,6 ");
	ks_known_source_done(&s);
}
END_TEST

START_TEST(test_none_can_be_read)
{
	struct known_source s = { 0 };

	put("a", "a1");
	put("b", "b1");
	read_again(&s, 1);
	spoil("a");
	spoil("b");
	read_again(&s, 2);
	source_is(&s, "a=a1,1 b=b1,1 ");
	put("b", "b2");
	read_again(&s, 3);
	source_is(&s, "a=a1,1 b=b1,1 b=b2,3 ");
	ks_known_source_done(&s);
}
END_TEST

START_TEST(test_names)
{
	static const char *const plain[] = { "DB_PASSWORD", "S3_KEY", "*_SECRET",
		                             "OAUTH2_?",    "A",      "AUTHENTICATIONS",
		                             "DB_" };
	static const char *const others[] = {
		"db_password",
		"AUTHENTICATIONSX",
		"A1B_KEY",
		"A123",
		"1A",
		"DB-PASSWORD",
		"DB=X",
		"DB KEY",
		"A_A_A_A_A_A_A_A_A_A_A_A_A_A_A_A_A_A_A_A_A_A_A_A_A_A_A_A_A_A_A_A_A"
	};

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		ck_assert_msg(ks_plain_name(plain[i], KS_UPPER, "_*?"), "%s", plain[i]);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		ck_assert_msg(!ks_plain_name(others[i], KS_UPPER, "_*?"), "%s", others[i]);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("known source");
	TCase *cases = tcase_create("known source");

	tcase_add_checked_fixture(cases, directory_make, directory_remove);
	tcase_add_test(cases, test_a_file_cannot_be_read);
	tcase_add_test(cases, test_none_can_be_read);
	tcase_add_test(cases, test_names);
	suite_add_tcase(suite, cases);
	return suite_main(suite);
}
