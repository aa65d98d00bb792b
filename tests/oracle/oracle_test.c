/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The oracle against expectations worked out by hand from docs/definition.md, and against itself.
 *
 * Inputs are templates, so that nothing here looks like a live key: {24} is 24 bytes "aB3aB3...",
 * {x:24} is 24 times 'x'; other braces stand for themselves.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oracle.h"

#define MAX_RULES    6
#define MAX_TEXT     1024
#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))
#ifndef ROUNDS
#define ROUNDS 300 /* random inputs; each is looked at after each of its bytes */
#endif

/* ---------------------------------------------------------------- rules ---- */

static const struct ks_rule ANT = {
	.id = "ant",
	.trigger = "sk-ant-[a-z0-9]{3,10}-",
	.body = "A-Za-z0-9_-",
	.min = 20,
};
static const struct ks_rule SK = {
	.id = "sk",
	.trigger = "sk-",
	.body = "A-Za-z0-9",
	.min = 20,
	.boundary = KS_BOUNDARY_ALNUM,
};
static const struct ks_rule SKWORD = {
	.id = "sk",
	.trigger = "sk-",
	.body = "A-Za-z0-9",
	.min = 20,
	.boundary = KS_BOUNDARY_WORD,
};
static const struct ks_rule SKTOKEN = {
	.id = "sk",
	.trigger = "sk-",
	.body = "A-Za-z0-9",
	.min = 20,
	.boundary = KS_BOUNDARY_TOKEN,
};
static const struct ks_rule WIDE = {
	.id = "wide",
	.trigger = "sk-",
	.body = "A-Za-z0-9_-",
	.min = 20,
};
static const struct ks_rule BEARER = {
	.id = "bearer",
	.trigger = "(?i)bearer ",
	.body = "A-Za-z0-9._~+/=-",
	.min = 8,
	.kind = KS_KIND_CARRIER,
};
static const struct ks_rule TOK = {
	.id = "tok",
	.trigger = "tok=",
	.body = "a-z0-9-",
	.min = 8,
	.kind = KS_KIND_CARRIER,
};
static const struct ks_rule PIN = {
	.id = "pin",
	.trigger = "pin-",
	.body = "A-Z0-9",
	.min = 16,
	.max = 16,
};
static const struct ks_rule USERINFO = {
	.id = "userinfo",
	.trigger = "//[a-z]{1,8}:",
	.body = "^@/\\s",
	.min = 4,
	.follow = "@",
	.kind = KS_KIND_CARRIER,
};
static const struct ks_rule AZURE = {
	.id = "azure",
	.trigger = "JQQJ9[9DH]",
	.before = "[A-Za-z0-9]{52}",
	.body = "A-Za-z0-9",
	.min = 20,
};
static const struct ks_rule PEM = {
	.id = "pem",
	.trigger = "-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----",
	.body = "A-Za-z0-9+/=\\r\\n\\\\",
	.min = 40,
};
static const struct ks_rule MANY = {
	.id = "many",
	.trigger = "t=[0-9]{0,3}",
	.body = "0-9",
	.min = 2,
};
static const struct ks_rule SLASH = {
	.id = "slash",
	.trigger = "ab:",
	.body = "a-z/",
	.min = 3,
};
static const struct ks_rule BACKSLASH = {
	.id = "backslash",
	.trigger = "ab:",
	.body = "a-z/\\\\",
	.min = 3,
};
static const struct ks_rule SETTING = {
	.id = "setting",
	.trigger = "key\\s?=\\s?",
	.body = "^\\s",
	.min = 1,
	.kind = KS_KIND_CARRIER,
	.conditions = KS_REFUSE_PLACEHOLDER,
};
static const struct ks_rule MIXED = {
	.id = "mixed",
	.trigger = "nk_",
	.body = "A-Za-z0-9",
	.min = 8,
	.conditions = KS_REQUIRE_DIGIT | KS_REQUIRE_UPPER | KS_REQUIRE_LOWER,
};
static const struct ks_rule ABC = { .id = "abc", .trigger = "p:", .body = "a-c", .min = 2 };
static const struct ks_rule DEF = { .id = "def", .trigger = "c", .body = "d-f", .min = 2 };
static const struct ks_rule ABC2 = { .id = "abc2", .trigger = "p:", .body = "a-c", .min = 2 };
static const struct ks_rule CABC = {
	.id = "cabc",
	.trigger = "p:",
	.body = "a-c",
	.min = 2,
	.kind = KS_KIND_CARRIER,
};

/* Small ones for held bytes. */
static const struct ks_rule KEY = { .id = "key", .trigger = "ab-", .body = "a-z", .min = 3 };
static const struct ks_rule CARRIER = {
	.id = "carrier",
	.trigger = "ab-",
	.body = "a-z",
	.min = 3,
	.kind = KS_KIND_CARRIER,
};
static const struct ks_rule UPTO3 = {
	.id = "upto3",
	.trigger = "ab-",
	.body = "a-z",
	.min = 1,
	.max = 3,
};
static const struct ks_rule ATSIGN = {
	.id = "atsign",
	.trigger = "ab-",
	.body = "a-z",
	.min = 1,
	.follow = "@",
};
static const struct ks_rule DIGIT = {
	.id = "digit",
	.trigger = "ab-",
	.body = "a-z0-9",
	.min = 2,
	.conditions = KS_REQUIRE_DIGIT,
};
static const struct ks_rule PLACE = {
	.id = "place",
	.trigger = "ab-",
	.body = "^\\s",
	.min = 2,
	.conditions = KS_REFUSE_PLACEHOLDER,
};
static const struct ks_rule UPTO64 = {
	.id = "upto64",
	.trigger = "ab:",
	.body = "a-z/",
	.min = 3,
	.max = 64,
};
static const struct ks_rule INFIX = {
	.id = "infix",
	.trigger = "xy",
	.before = "[a-z]{3}",
	.body = "0-9",
	.min = 2,
};
static const struct ks_rule KCARRIER = {
	.id = "kcarrier",
	.trigger = "k=",
	.body = "a-z-",
	.min = 2,
	.kind = KS_KIND_CARRIER,
};
static const struct ks_rule STARRED = {
	.id = "starred",
	.trigger = "k=",
	.body = "a-z*-",
	.min = 2,
	.kind = KS_KIND_CARRIER,
};
static const struct ks_rule PDIGITS = { .id = "pdigits", .trigger = "p-", .body = "0-9", .min = 3 };
static const struct ks_rule PFOLLOW = {
	.id = "pfollow",
	.trigger = "p-",
	.body = "a-z",
	.min = 3,
	.follow = "@",
};
static const struct ks_rule KLETTERS = {
	.id = "kletters",
	.trigger = "k=",
	.body = "a-z",
	.min = 2,
	.kind = KS_KIND_CARRIER,
};
static const struct ks_rule PPDIGITS = {
	.id = "ppdigits",
	.trigger = "pp-",
	.body = "0-9",
	.min = 3,
};
static const struct ks_rule PQ = { .id = "pq", .trigger = "p-", .body = "q", .min = 1 };
static const struct ks_rule PQX = { .id = "pqx", .trigger = "p-qx-", .body = "0-9", .min = 3 };
/* Unusual ones, for random inputs. */
static const struct ks_rule ODD1 = {
	.id = "odd1",
	.trigger = "ab:",
	.body = "a-z/<>",
	.min = 2,
	.follow = "\\\\@",
	.kind = KS_KIND_CARRIER,
	.conditions = KS_REFUSE_PLACEHOLDER,
};
static const struct ks_rule ODD2 = {
	.id = "odd2",
	.trigger = "p?-",
	.body = "^\\s\\\\",
	.min = 3,
	.conditions = KS_REQUIRE_DIGIT,
	.boundary = KS_BOUNDARY_TOKEN,
};
static const struct ks_rule ODD3 = {
	.id = "odd3",
	.trigger = "xy",
	.before = "[a-z]{3}",
	.body = "0-9/",
	.min = 1,
	.follow = "@ ",
	.conditions = KS_REFUSE_PLACEHOLDER,
};
static const struct ks_rule ODD4 = {
	.id = "odd4",
	.trigger = "k=?",
	.body = "^\\s\\\\",
	.min = 2,
	.max = 63,
	.kind = KS_KIND_CARRIER,
	.conditions = KS_REQUIRE_LOWER,
};

/* -------------------------------------------------------------- helpers ---- */

/* If text begins with {n} or {c:n}: its length, and the n and c (0: the cycle) it holds. Else 0. */
static size_t
parse_placeholder(const char *text, size_t *ret_n, char *ret_c)
{
	int length = 0;

	*ret_c = 0;
	if (sscanf(text, "{%zu}%n", ret_n, &length) == 1 && length > 0)
		return (size_t)length;
	length = 0;
	if (sscanf(text, "{%c:%zu}%n", ret_c, ret_n, &length) == 2 && length > 0)
		return (size_t)length;
	return 0;
}

/* Returns the length of the text; ret_text ends with a NUL besides. */
static size_t
expand(const char *pattern, char ret_text[MAX_TEXT])
{
	size_t len = 0, n, skip;
	char c;

	while (*pattern) {
		skip = parse_placeholder(pattern, &n, &c);
		if (skip == 0) {
			ret_text[len++] = *pattern++;
			continue;
		}
		for (size_t i = 0; i < n; i++)
			ret_text[len++] = c ? c : "aB3"[i % 3];
		pattern += skip;
	}
	ck_assert_uint_lt(len, MAX_TEXT);
	ret_text[len] = '\0';
	return len;
}

/* rules ends with NULL. */
static struct oracle *
new_oracle(const struct ks_rule *const rules[])
{
	struct ks_rule list[MAX_RULES];
	struct oracle *o;
	char err[200];
	size_t count = 0;

	while (count < MAX_RULES && rules[count]) {
		list[count] = *rules[count];
		count++;
	}
	o = oracle_new(list, count, err, sizeof(err));
	ck_assert_msg(o != NULL, "%s", err);
	return o;
}

/* Findings as "id@offset+length id@offset+length". */
static void
show_findings(const struct ks_rule *const rules[], const struct ks_finding *findings, size_t count,
              char ret_text[MAX_TEXT])
{
	size_t len = 0;

	ret_text[0] = '\0';
	for (size_t i = 0; i < count; i++)
		len += (size_t)snprintf(ret_text + len, MAX_TEXT - len, "%s%s@%u+%u", i ? " " : "",
		                        rules[findings[i].rule]->id, (unsigned)findings[i].offset,
		                        (unsigned)findings[i].length);
}

/* --------------------------------------------------------------- output ---- */

struct output_row {
	const struct ks_rule *rules[MAX_RULES];
	const char *in, *out; /* out NULL: as in */
	const char *findings;
};

static const struct output_row output_rows[] = {
	/* Length: at least min, then to the end, however far that is. */
	{ { &ANT },
	  "x-api-key: sk-ant-api03-{24}\n",
	  "x-api-key: sk-ant-api03-{*:24}\n",
	  "ant@24+24" },
	{ { &ANT }, "flasksk-ant-api03-{24}\"", "flasksk-ant-api03-{*:24}\"", "ant@18+24" },
	{ { &ANT }, "sk-ant-api03-{19}", NULL, "" },
	{ { &ANT }, "sk-ant-api03-{20}", "sk-ant-api03-{*:20}", "ant@13+20" },
	{ { &ANT }, "sk-ant-api03-{300}.", "sk-ant-api03-{*:300}.", "ant@13+300" },
	{ { &ANT }, "sk-ant-api03-{24}\\nB=1", "sk-ant-api03-{*:24}\\nB=1", "ant@13+24" },
	{ { &ANT }, "sk-ant-ab-{24}", NULL, "" },
	{ { &ANT }, "sk-ant-abcdefghijk-{24}", NULL, "" },
	{ { &ANT },
	  "sk-ant-abc-{20} sk-ant-abc-{20}",
	  "sk-ant-abc-{*:20} sk-ant-abc-{*:20}",
	  "ant@11+20 ant@43+20" },
	/* All ends of a trigger count: here those after "t=", "t=1", "t=12" and "t=123". */
	{ { &MANY }, "t=12345 t=12 t=1", "t=***** t=** t=1", "many@2+5 many@10+2" },
	{ { &PIN },
	  "pin-{A:15} pin-{A:16} pin-{A:17}",
	  "pin-{A:15} pin-{*:16} pin-{A:17}",
	  "pin@24+16" },

	/* Boundaries: refused bytes. */
	{ { &SK }, "task-{24} disk-{24} 4sk-{24} Ask-{24}", NULL, "" },
	{ { &SK }, "sk-{24} =sk-{24}", "sk-{*:24} =sk-{*:24}", "sk@3+24 sk@32+24" },
	{ { &SK }, "_sk-{24}", "_sk-{*:24}", "sk@4+24" },
	{ { &SKWORD }, "_sk-{24}", NULL, "" },
	{ { &SKWORD }, "-sk-{24}", "-sk-{*:24}", "sk@4+24" },
	{ { &SKTOKEN }, "-sk-{24} _sk-{24}", NULL, "" },
	/* Boundaries: escapes. */
	{ { &SK }, "\\nsk-{24}", "\\nsk-{*:24}", "sk@5+24" },
	{ { &SK }, "\\dsk-{24}", NULL, "" },
	{ { &SK }, "k%3Dsk-{24}", "k%3Dsk-{*:24}", "sk@7+24" },
	{ { &SK }, "k%3dsk-{24}", "k%3dsk-{*:24}", "sk@7+24" },
	{ { &SK }, "k%253Dsk-{24}", "k%253Dsk-{*:24}", "sk@9+24" },
	{ { &SK }, "k%Dsk-{24} 3Dsk-{24} %2Gsk-{24}", NULL, "" },
	{ { &SK }, "\\x3dsk-{24}", "\\x3dsk-{*:24}", "sk@7+24" },
	{ { &SK }, "\\u003dsk-{24}", "\\u003dsk-{*:24}", "sk@9+24" },
	{ { &SK }, "\\u03dsk-{24} u003dsk-{24}", NULL, "" },
	{ { &SK }, "\\012sk-{24}", "\\012sk-{*:24}", "sk@7+24" },
	{ { &SK }, "#012sk-{24}", "#012sk-{*:24}", "sk@7+24" },
	{ { &SK }, "#12sk-{24} #812sk-{24} 012sk-{24}", NULL, "" },
	{ { &SK }, "\x1b[93msk-{24}", "\x1b[93msk-{*:24}", "sk@8+24" },
	{ { &SK }, "[msk-{24}", "[msk-{*:24}", "sk@5+24" },
	{ { &SK }, "[?25lsk-{24}", "[?25lsk-{*:24}", "sk@8+24" },
	{ { &SK }, "[1;2Ksk-{24}", "[1;2Ksk-{*:24}", "sk@8+24" },
	{ { &SK }, "[{1:16}msk-{24}", "[{1:16}msk-{*:24}", "sk@21+24" },
	{ { &SK }, "[{1:17}msk-{24}", NULL, "" },
	{ { &SK }, "[93xsk-{24} [9.3msk-{24} 93msk-{24}", NULL, "" },
	{ { &SKTOKEN }, "\\nsk-{24}", "\\nsk-{*:24}", "sk@5+24" },

	/* Carriers, and a provider's key in one. */
	{ { &BEARER }, "bEaReR {12}", "bEaReR {*:12}", "bearer@7+12" },
	{ { &BEARER, &ANT },
	  "Authorization: Bearer sk-ant-api03-{24}\"",
	  "Authorization: Bearer sk-ant-api03-{*:24}\"",
	  "ant@35+24" },
	{ { &BEARER, &ANT }, "Bearer sk-ant-api03-{10}", "Bearer {*:23}", "bearer@7+23" },
	{ { &BEARER, &ANT }, "Bearer x.sk-ant-api03-{24}", "Bearer {*:39}", "ant@7+39" },
	{ { &BEARER, &ANT },
	  "Bearer sk-ant-api03-{24}.{5}",
	  "Bearer sk-ant-api03-{*:30}",
	  "ant@20+30" },
	{ { &BEARER, &WIDE, &ANT }, "Bearer sk-ant-api03-{24}", "Bearer sk-{*:34}", "wide@10+34" },
	{ { &BEARER, &SKTOKEN, &ANT }, "Bearer sk-{24}", "Bearer sk-{*:24}", "sk@10+24" },
	{ { &TOK, &ANT }, "tok=sk-ant-api03-{A:20}", "tok=sk-ant-api03-{*:20}", "ant@17+20" },
	{ { &TOK, &ANT }, "tok=sk-ant-api03-{A:19}", NULL, "" },
	/* The key's trigger is longer than the carrier's run: it is not in it. */
	{ { &KLETTERS, &PPDIGITS }, "k=pp-123", "k=**-***", "kletters@2+2 ppdigits@5+3" },
	/* Two keys begin there: the longer trigger stays, but for what the other key masks. */
	{ { &KCARRIER, &PQX, &PQ }, "k=p-qx-123", "k=p-*x-***", "pq@4+1 pqx@7+3" },

	/* A key that has been masked already, with body bytes of the carrier's. */
	{ { &STARRED, &PDIGITS }, "k=p-*** ", NULL, "" },
	{ { &STARRED, &PDIGITS }, "k=p-***abcd", NULL, "" },
	{ { &STARRED, &PDIGITS }, "k=p-***abcde", "k={*:10}", "starred@2+10" },
	{ { &STARRED, &PDIGITS }, "k=p-**", "k={*:4}", "starred@2+4" },
	{ { &STARRED, &PDIGITS }, "k=p-{*:62}", NULL, "" },
	{ { &STARRED, &PDIGITS }, "k=p-{*:70}abcdef", NULL, "" },
	{ { &STARRED, &PDIGITS }, "k=p-{*:61}ab", "k={*:65}", "starred@2+65" },
	{ { &STARRED, &PDIGITS }, "k=xp-***", "k={*:6}", "starred@2+6" },
	{ { &SETTING }, "key={*:64}", NULL, "" },
	{ { &SETTING }, "key={*:90}abc", NULL, "" },
	{ { &SETTING }, "key={*:63}x{*:9}", "key={*:73}", "setting@4+73" },

	/* What follows. */
	{ { &USERINFO }, "https://joe:{10}@host", "https://joe:{*:10}@host", "userinfo@12+10" },
	{ { &USERINFO }, "https://joe:{10}/host", NULL, "" },
	{ { &USERINFO }, "https://joe:{10}", NULL, "" },
	{ { &USERINFO }, "//joe:{63} ", NULL, "" },
	{ { &USERINFO }, "//joe:{64} ", "//joe:{*:64} ", "userinfo@6+64" },
	{ { &USERINFO }, "//joe:{64}", "//joe:{*:64}", "userinfo@6+64" },

	/* Infix rules. */
	{ { &AZURE }, "{52}JQQJ99{20}", "{*:78}", "azure@0+78" },
	{ { &AZURE }, "k={60}JQQJ9D{20};", "k={8}{*:78};", "azure@10+78" },
	{ { &AZURE, &DEF }, "{A:3}c{A:48}JQQJ99{20}", "{*:78}", "azure@0+78" },
	{ { &AZURE }, "{51}JQQJ99{20}", NULL, "" },
	{ { &AZURE }, "{20}-{51}JQQJ99{20}", NULL, "" },
	{ { &AZURE }, "{52}JQQJ99{19}", NULL, "" },
	{ { &AZURE }, "{52}JQQJ9E{20}", NULL, "" },
	{ { &AZURE }, "{52}JQQJ99{44}JQQJ99{20} ", "{*:128} ", "azure@0+128" },

	/* Lines and escapes inside of a run. */
	{ { &PEM },
	  "-----BEGIN RSA PRIVATE KEY-----\n{40}\r\n{24}\n-----END",
	  "-----BEGIN RSA PRIVATE KEY-----\n{*:40}\r\n{*:24}\n-----END",
	  "pem@31+68" },
	{ { &PEM },
	  "-----BEGIN PRIVATE KEY-----\\n{40}\\n-----END",
	  "-----BEGIN PRIVATE KEY-----{*:44}-----END",
	  "pem@27+44" },
	{ { &SLASH }, "ab:cd\\/ef ", "ab:{*:6} ", "slash@3+6" },
	{ { &SLASH }, "ab:cd\\ef", NULL, "" },
	{ { &SLASH }, "ab:c\\/\\/\\", "ab:{*:5}\\", "slash@3+5" },
	{ { &SLASH }, "ab:cde\\\\/x", "ab:***\\\\/x", "slash@3+3" },
	{ { &BACKSLASH }, "ab:cde\\\\x\\1", "ab:{*:7}1", "backslash@3+7" },

	/* Conditions. */
	{ { &MIXED }, "nk_{8}", "nk_{*:8}", "mixed@3+8" },
	{ { &MIXED }, "nk_{a:8} nk_{A:8} nk_{1:8} nk_aaaaaaA nk_aaaaaaa1 nk_AAAAAAA1", NULL, "" },
	{ { &MIXED }, "nk_{a:62}A1", "nk_{*:64}", "mixed@3+64" },
	{ { &MIXED }, "nk_{a:63}A1", NULL, "" },
	/* Each way to match the trigger: before the blank the run is empty. */
	{ { &SETTING },
	  "key = abc key=abc key =abc",
	  "key = *** key=*** key =***",
	  "setting@6+3 setting@14+3 setting@23+3" },
	{ { &SETTING }, "key=*** key=******* key=***abcd", NULL, "" },
	{ { &SETTING },
	  "key=** key=**abc key=***abcde",
	  "key=** key=***** key=********",
	  "setting@4+2 setting@11+5 setting@21+8" },
	{ { &SETTING }, "key=$N_1 key=%N_1% key=${a-b} key=$(a) key={} key=<a> key=[]", NULL, "" },
	{ { &SETTING }, "key=$", "key=*", "setting@4+1" },
	{ { &SETTING }, "key=$a-b", "key=****", "setting@4+4" },
	{ { &SETTING }, "key=%%", "key=**", "setting@4+2" },
	{ { &SETTING }, "key=%a", "key=**", "setting@4+2" },
	{ { &SETTING }, "key={", "key=*", "setting@4+1" },
	{ { &SETTING }, "key=${a}b", "key=*****", "setting@4+5" },
	{ { &SETTING }, "key=<a}", "key=***", "setting@4+3" },
	{ { &SETTING }, "key=<{a:61}>", NULL, "" },
	/* 64 bytes: see ORACLE_PLACEHOLDER_MAX. */
	{ { &SETTING }, "key=<{a:62}>", "key={*:64}", "setting@4+64" },
	{ { &SETTING }, "key=<{a:63}>", "key={*:65}", "setting@4+65" },

	/* Regions: one for adjacent and overlapping ranges; whose it is. */
	{ { &ABC, &DEF }, "p:abcdef", "p:******", "abc@2+6" },
	{ { &DEF, &ABC }, "p:abcdef", "p:******", "abc@2+6" },
	{ { &CABC, &DEF }, "p:abcdef", "p:******", "def@2+6" },
	{ { &ABC, &DEF }, "p:aacxcdef", "p:***xc***", "abc@2+3 def@7+3" },
	{ { &ABC, &ABC2 }, "p:aac", "p:***", "abc@2+3" },
	{ { &ABC2, &ABC }, "p:aac", "p:***", "abc2@2+3" },
	{ { &CABC, &ABC2 }, "p:aac", "p:***", "abc2@2+3" },
	{ { &WIDE, &ANT }, "sk-ant-api03-{24}", "sk-{*:34}", "wide@3+34" },
	{ { &ANT, &SK },
	  "sk-ant-api03-{24} sk-{20}",
	  "sk-ant-api03-{*:24} sk-{*:20}",
	  "ant@13+24 sk@41+20" },
	{ { &ANT, &AZURE }, "sk-ant-api03-{52}JQQJ99{20}", "sk-ant-api03-{*:78}", "ant@13+78" },
	{ { &ANT, &AZURE },
	  "sk-ant-api03-{9}.{52}JQQJ99{20}",
	  "sk-ant-api03-{9}.{*:78}",
	  "azure@23+78" },
};

START_TEST(output_is_as_defined)
{
	const struct output_row *row = &output_rows[_i];
	struct oracle *o = new_oracle(row->rules);
	struct ks_finding findings[8];
	char in[MAX_TEXT], want[MAX_TEXT], out[MAX_TEXT], text[MAX_TEXT];
	size_t len = expand(row->in, in), count;

	expand(row->out ? row->out : row->in, want);
	ck_assert_int_eq(
		oracle_run(o, (const uint8_t *)in, len, '*', (uint8_t *)out, findings, 8, &count),
		0);
	out[len] = '\0';
	ck_assert_str_eq(out, want);
	ck_assert_uint_le(count, 8);
	show_findings(row->rules, findings, count, text);
	ck_assert_str_eq(text, row->findings);
	oracle_free(o);
}
END_TEST

START_TEST(bytes_of_any_value_are_bytes)
{
	static const uint8_t in[] = "\0ab:cde\0//j:\xff\x80\0\x7f@\0";
	static const uint8_t want[] = "\0ab:###\0//j:####@\0";
	const struct ks_rule *rules[] = { &SLASH, &USERINFO, NULL };
	struct oracle *o = new_oracle(rules);
	uint8_t out[sizeof(in)];
	struct ks_finding findings[1];
	size_t count;

	ck_assert_int_eq(oracle_run(o, in, sizeof(in), '#', out, findings, 1, &count), 0);
	ck_assert_mem_eq(out, want, sizeof(in));
	ck_assert_uint_eq(count, 2); /* only one of them was stored */
	ck_assert_uint_eq(findings[0].rule, 0);
	ck_assert_uint_eq(findings[0].offset, 4);
	oracle_free(o);
}
END_TEST

/* ----------------------------------------------------------- held bytes ---- */

/* held[i]: how many bytes are held after the byte in[i] was given. */
struct held_row {
	const struct ks_rule *rules[MAX_RULES];
	const char *in, *held;
};

static const struct held_row held_rows[] = {
	/* A provider's run is decided at its least length, a carrier's when it ends. */
	{ { &KEY }, "xab-cde f ab-", "0000120000000" },
	{ { &CARRIER }, "xab-cde f", "000012300" },
	/* max, follow, a required digit, a refused placeholder. */
	{ { &UPTO3 }, "ab-cd ab-cdefg", "00012000012300" },
	{ { &ATSIGN }, "ab-cd@x", "0001200" },
	{ { &DIGIT }, "ab-cde1f", "00012300" },
	{ { &PLACE }, "ab-cde f", "00012300" },
	/* A backslash that may begin "\/": alone when the run is decided, else with the run. */
	{ { &SLASH },
	  "ab:cde\\/e\\x\\",
	  "00012010010"
	  "0" },
	{ { &SLASH }, "ab:cd\\x", "0001230" },
	{ { &SLASH }, "ab:cd\\/e", "00012300" },
	{ { &SLASH }, "ab:\\x\\", "000100" },
	{ { &BACKSLASH }, "ab:cde\\", "0001200" },
	/* Infix: a `before` that may have begun, one and a part of the trigger, an open run. */
	{ { &INFIX }, "ab1cdexy12 ", "12012345600" },
	{ { &INFIX }, "abcdefg", "1233333" },
	{ { &INFIX }, "abxxyz", "123453" },
	{ { &INFIX }, /* no `before`: the match fails condition 5 and holds nothing */
	  "abxy1",
	  "12330" },
	/* A carrier that is decided waits for the key in it. */
	{ { &KCARRIER, &PDIGITS }, "k=p-12 k=p-123", "00123400012340" },
	{ { &KCARRIER, &PDIGITS }, /* the provider's trigger does not begin with the run */
	  "k=ap-123",
	  "00123120" },
	{ { &KLETTERS, &PPDIGITS }, /* nor does it end in it */
	  "k=pp-123",
	  "00120120" },
	{ { &KEY, &CARRIER, &ATSIGN }, "ab-cdef@", "00012340" },
};

START_TEST(held_bytes_are_as_defined)
{
	const struct held_row *row = &held_rows[_i];
	struct oracle *o = new_oracle(row->rules);
	size_t len = strlen(row->in);
	char held[MAX_TEXT];

	ck_assert_int_eq(oracle_load(o, (const uint8_t *)row->in, len), 0);
	ck_assert_uint_eq(oracle_held_at(o, 0), 0);
	for (size_t m = 1; m <= len; m++)
		held[m - 1] = (char)('0' + oracle_held_at(o, m));
	held[len] = '\0';
	ck_assert_str_eq(held, row->held);
	oracle_free(o);
}
END_TEST

/* Longer ones: held after the first m bytes of a template. */
struct held_at_row {
	const struct ks_rule *rules[MAX_RULES];
	const char *in;
	size_t m, held;
};

static const struct held_at_row held_at_rows[] = {
	{ { &CARRIER }, "ab-{c:70}", 3 + 63, 63 },
	{ { &CARRIER }, "ab-{c:70}", 3 + 64, 0 },
	{ { &CARRIER }, "ab-{c:70}", 3 + 65, 0 },
	{ { &PLACE }, "ab-<{c:61}>", 3 + 63, 63 },
	{ { &PLACE }, "ab-<{c:61}>c", 3 + 64, 0 },
	{ { &UPTO64 }, "ab:{c:70}", 3 + 64, 64 },
	{ { &UPTO64 }, "ab:{c:64}\\", 3 + 65, 65 },
	{ { &UPTO64 }, "ab:{c:64}\\/", 3 + 66, 0 },
	{ { &UPTO64 }, "ab:{c:65}\\", 3 + 66, 0 },
	{ { &MIXED }, "nk_{a:70}", 3 + 63, 63 },
	{ { &MIXED }, "nk_{a:70}", 3 + 64, 0 },
	{ { &SLASH }, "ab:{c:100}\\", 3 + 101, 1 },
	/* 64 bytes of the carrier's run, and then of the key's run in it. */
	{ { &KCARRIER, &PFOLLOW }, "k=p-{c:70}", 2 + 64, 64 },
	{ { &KCARRIER, &PFOLLOW }, "k=p-{c:70}", 2 + 65, 65 },
	{ { &KCARRIER, &PFOLLOW }, "k=p-{c:70}", 2 + 66, 0 },
	/* Azure: 52 bytes at any time, part of the trigger, all of it and the run. */
	{ { &AZURE }, "{51}", 51, 51 },
	{ { &AZURE }, "{200}", 200, 52 },
	{ { &AZURE }, "{60}JQQ", 63, 55 },
	{ { &AZURE }, "{60}JQQJ99", 66, 58 },
	{ { &AZURE }, "{60}JQQJ99{19}", 85, 77 },
	{ { &AZURE }, "{60}JQQJ99{20}", 86, 52 },
	{ { &AZURE }, "{60}JQQJ99{19}-", 86, 0 },
};

START_TEST(held_bytes_of_long_runs)
{
	const struct held_at_row *row = &held_at_rows[_i];
	struct oracle *o = new_oracle(row->rules);
	char in[MAX_TEXT];
	size_t len = expand(row->in, in);

	ck_assert_uint_le(row->m, len);
	ck_assert_uint_eq(oracle_held(o, (const uint8_t *)in, row->m), row->held);
	oracle_free(o);
}
END_TEST

/* ---------------------------------------------------- self-consistency ---- */

static const struct ks_rule *const mixes[][MAX_RULES] = {
	{ &ANT, &SK, &BEARER, &SETTING, &USERINFO },
	{ &BEARER, &TOK, &ANT, &WIDE, &MANY },
	{ &SLASH, &UPTO64, &UPTO3, &KCARRIER, &PDIGITS },
	{ &STARRED, &PDIGITS, &PFOLLOW, &INFIX, &PLACE },
	{ &KCARRIER, &PFOLLOW, &INFIX, &PLACE, &CARRIER },
	{ &AZURE, &ANT, &WIDE, &MIXED, &PIN },
	{ &BACKSLASH, &ATSIGN, &DIGIT, &ABC, &DEF },
	{ &ODD1, &ODD2, &ODD3, &ODD4, &KLETTERS },
	{ &PQ, &PQX, &KCARRIER, &PLACE, &ODD2 },
};

static unsigned
next_random(unsigned *state)
{
	*state = *state * 1103515245U + 12345U;
	return *state >> 16 & 0x7fff;
}

/* One to four sentences of a trigger, a mark, a run and a mark; most marks are nothing. */
static size_t
random_input(unsigned *state, char ret_in[MAX_TEXT])
{
	static const char *const triggers[] = {
		"sk-", "sk-ant-api03-", "Bearer ", "key=", "tok=", "//j:", "ab:", "ab-", "k=", "p-",
		"xy",  "JQQJ99",        "nk_",     "pin-", "p:",   "t=1",  "",
	};
	static const char *const marks[] = {
		"\\", "/", "@", " ", "\n", "<", ">", "***", "\\n", "", "", "", "", "", "", "",
	};
	static const char *const runs[] = {
		"{3}",    "{20}",   "{52}",   "{c:1}",  "{c:2}", "{c:9}",  "{c:61}",
		"{c:62}", "{c:63}", "{c:64}", "{c:65}", "{1:2}", "{A:16}", "",
	};
	char pattern[MAX_TEXT] = "";
	size_t count = 1 + next_random(state) % 4;

	while (count-- > 0) {
		strcat(pattern, triggers[next_random(state) % COUNT(triggers)]);
		strcat(pattern, marks[next_random(state) % COUNT(marks)]);
		strcat(pattern, runs[next_random(state) % COUNT(runs)]);
		strcat(pattern, marks[next_random(state) % COUNT(marks)]);
	}
	return expand(pattern, ret_in);
}

/*
 * What has left after m bytes must be right whatever follows: so it is the same in the output of
 * the whole input and in that of its first m bytes. And what has left stays so.
 */
static void
check_input(struct oracle *o, const char *in, size_t len)
{
	uint8_t all[MAX_TEXT], part[MAX_TEXT];
	size_t count, gone = 0;

	ck_assert_int_eq(oracle_load(o, (const uint8_t *)in, len), 0);
	oracle_output(o, len, '*', all, NULL, 0, &count);
	for (size_t m = 0; m <= len; m++) {
		size_t held = oracle_held_at(o, m);

		ck_assert_msg(held <= m && m - held >= gone, "taken back at %zu: '%s'", m, in);
		gone = m - held;
		oracle_output(o, m, '*', part, NULL, 0, &count);
		ck_assert_msg(memcmp(all, part, gone) == 0, "left too soon at %zu: '%s'", m, in);
	}
}

START_TEST(held_bytes_suffice)
{
	struct oracle *o = new_oracle(mixes[_i]);
	unsigned state = 7;
	char in[MAX_TEXT];

	for (int round = 0; round < ROUNDS; round++) {
		size_t len = random_input(&state, in);

		check_input(o, in, len);
	}
	oracle_free(o);
}
END_TEST

/* The same for inputs that chance hardly makes. */
static const struct {
	const struct ks_rule *rules[MAX_RULES];
	const char *in;
} tight_rows[] = {
	{ { &PLACE }, "ab-<{c:61}>cc" },
	{ { &PLACE }, "ab-<{c:62}>cc" }, /* see ORACLE_PLACEHOLDER_MAX */
	{ { &PLACE }, "ab-<{c:63}>cc" },
	{ { &SETTING }, "key=***{a:61}aaaa" },
	{ { &UPTO64 }, "ab:{c:64}\\/" },
	{ { &UPTO64 }, "ab:{c:63}\\/" },
	{ { &USERINFO }, "//j:{63}\\/" },
	{ { &USERINFO }, "//j:{64}a@" },
	{ { &MIXED }, "nk_{a:62}A1 nk_{a:63}A1" },
	{ { &KCARRIER, &PFOLLOW }, "k=p-{c:62}c@" },
	{ { &KCARRIER, &PFOLLOW }, "k=p-{c:63}c@" },
	{ { &AZURE, &ANT }, "sk-ant-api03-{60}JQQJJQQJ99{20}" },
};

START_TEST(held_bytes_suffice_at_limits)
{
	struct oracle *o = new_oracle(tight_rows[_i].rules);
	char in[MAX_TEXT];
	size_t len = expand(tight_rows[_i].in, in);

	check_input(o, in, len);
	oracle_free(o);
}
END_TEST

/* A prefix of a loaded input is worth as much as that prefix, loaded. */
START_TEST(prefixes_need_no_load)
{
	struct oracle *whole = new_oracle(mixes[_i]), *fresh = new_oracle(mixes[_i]);
	uint8_t a[MAX_TEXT], b[MAX_TEXT];
	struct ks_finding fa[8], fb[8];
	size_t ca, cb;
	unsigned state = 11;
	char in[MAX_TEXT];

	for (int round = 0; round < ROUNDS / 20; round++) {
		size_t len = random_input(&state, in);

		ck_assert_int_eq(oracle_load(whole, (const uint8_t *)in, len), 0);
		for (size_t m = 0; m <= len; m++) {
			ck_assert_uint_eq(oracle_held_at(whole, m),
			                  oracle_held(fresh, (const uint8_t *)in, m));
			oracle_output(whole, m, '*', a, fa, 8, &ca);
			oracle_output(fresh, m, '*', b, fb, 8, &cb);
			ck_assert_mem_eq(a, b, m);
			ck_assert_uint_eq(ca, cb);
			for (size_t i = 0; i < ca && i < 8; i++)
				ck_assert(fa[i].rule == fb[i].rule &&
				          fa[i].offset == fb[i].offset &&
				          fa[i].length == fb[i].length);
		}
	}
	oracle_free(whole);
	oracle_free(fresh);
}
END_TEST

/* ---------------------------------------------------------- wrong rules ---- */

static const struct ks_rule wrong_rules[] = {
	{ .id = "wrong", .trigger = "a(", .body = "a", .min = 1 },
	{ .id = "wrong", .trigger = "a", .body = "a]", .min = 1 },
	{ .id = "wrong", .trigger = "a", .body = "\\d", .min = 1 },
	{ .id = "wrong", .trigger = "a", .body = "\\x1", .min = 1 },
	{ .id = "wrong", .trigger = "a", .body = "a\\", .min = 1 },
	{ .id = "wrong", .trigger = "a", .body = "z-a", .min = 1 },
	{ .id = "wrong", .trigger = "a", .body = "", .min = 1 },
	{ .id = "wrong", .trigger = "a", .body = "a", .min = 1, .follow = "" },
	{ .id = "wrong", .trigger = "a", .body = "a", .min = 0 },
	{ .id = "wrong", .trigger = "a", .body = "a", .min = 65 },
	{ .id = "wrong", .trigger = "a", .body = "a", .min = 3, .max = 2 },
	{ .id = "wrong", .trigger = "a", .body = "a", .min = 1, .before = "[a]{65}" },
	{ .id = "wrong", .trigger = "a", .body = "a", .min = 1, .before = "[a]{}" },
	{ .id = "wrong", .trigger = "a", .body = "a", .min = 1, .before = "[a]" },
	{ .id = "wrong", .trigger = "a", .body = "a", .min = 1, .before = "a{3}" },
	{ .id = "wrong", .trigger = "ab", .body = "a", .min = 1, .before = "[a]{3}" },
	{ .id = "wrong", .trigger = "a?", .body = "a", .min = 1, .before = "[a]{3}" },
	{ .id = "wrong", .trigger = "a[a", .body = "a", .min = 1, .before = "[a]{3}" },
};

START_TEST(wrong_rules_are_refused)
{
	struct ks_rule rules[2] = { KEY, wrong_rules[_i] };
	char err[200] = "";

	ck_assert_ptr_null(oracle_new(rules, 2, err, sizeof(err)));
	ck_assert_msg(strncmp(err, "oracle: rule 'wrong': ", 22) == 0, "%s", err);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("oracle");
	TCase *tcase = tcase_create("oracle");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tcase);
	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, output_is_as_defined, 0, COUNT(output_rows));
	tcase_add_test(tcase, bytes_of_any_value_are_bytes);
	tcase_add_loop_test(tcase, held_bytes_are_as_defined, 0, COUNT(held_rows));
	tcase_add_loop_test(tcase, held_bytes_of_long_runs, 0, COUNT(held_at_rows));
	tcase_add_loop_test(tcase, held_bytes_suffice, 0, COUNT(mixes));
	tcase_add_loop_test(tcase, held_bytes_suffice_at_limits, 0, COUNT(tight_rows));
	tcase_add_loop_test(tcase, prefixes_need_no_load, 0, COUNT(mixes));
	tcase_add_loop_test(tcase, wrong_rules_are_refused, 0, COUNT(wrong_rules));
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed > 0 && !getenv("CK_TAP_LOG_FILE_NAME");
}
