/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames, case by case: what is unusual, malformed or broken off. In these texts '#' stands for a byte of a
 * secret that must be masked, '~' for one that must not, '@' for "\/" and '$' for "\u0041" that must.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "application.h"
#include "framed.h"
#include "suite.h"

struct frames {
	struct bytes in, expected;
	uint64_t random;
};

static void
add_byte(struct frames *t, uint8_t byte)
{
	struct bytes secret = { NULL };

	switch (byte) {
	case '#':
	case '~':
		application_fill(&secret, "#", &t->random);
		bytes_add(&t->in, secret.at, 1);
		bytes_add(&t->expected, byte == '#' ? (const uint8_t *)"*" : secret.at, 1);
		bytes_free(&secret);
		break;
	case '@':
		bytes_add_text(&t->in, "\\/");
		bytes_add_text(&t->expected, "**");
		break;
	case '$':
		bytes_add_text(&t->in, "\\u0041");
		bytes_add_text(&t->expected, "******");
		break;
	default:
		bytes_add(&t->in, &byte, 1);
		bytes_add(&t->expected, &byte, 1);
	}
}

static void
add(struct frames *t, const char *template, size_t len)
{
	for (size_t i = 0; i < len; i++)
		add_byte(t, (uint8_t) template[i]);
}

static void
frames_done(struct frames *t)
{
	bytes_free(&t->in);
	bytes_free(&t->expected);
}

struct frame_case {
	const char *name;
	const char *text;
	size_t len;
};

#define CASE(name, text)                     \
	{                                    \
		name, text, sizeof(text) - 1 \
	}

static void
check_cases(enum ks_frame frame, const struct frame_case *cases, size_t count)
{
	struct framed f;

	framed_init(&f);
	f.frame = frame;
	for (size_t i = 0; i < count; i++) {
		struct frames t = { .random = i };

		f.name = cases[i].name;
		f.seed = i;
		add(&t, cases[i].text, cases[i].len);
		framed_check(&f, &t.in, &t.expected);
		frames_done(&t);
	}
	framed_done(&f);
}

#define KEY  "pk-ab-####################"
#define TIME "\"time\":\"2026-11-22T10:00:01.123456789Z\""
#define OUT  "\",\"stream\":\"stdout\"," TIME "}\n"
#define ERR  "\",\"stream\":\"stderr\"," TIME "}\n"
#define LOG  "{\"log\":\""

START_TEST(docker_cases)
{
	static const struct frame_case cases[] = {
		CASE("order and blanks",
		     " { \"stream\" : \"stderr\",\t" TIME " , \"log\" : \"" KEY "\\n\" } \r\n"),
		CASE("pieces", LOG "pk-ab-##########" OUT LOG "?key=########" ERR LOG
		                   "############ x\\n" OUT LOG "#### y\\n" ERR),
		CASE("no stream is the other", LOG "pk-ab-~~~~~~~~~~" OUT LOG "~~~~~~~~~~\\n" ERR),
		CASE("a line's end ends",
		     LOG "pk-ab-"
		         "####################\\n" OUT LOG "~~~~~~~~~~\\n" OUT),
		CASE("raw in between",
		     LOG "pk-ab-##########" OUT "raw " KEY " text\n\n" LOG "##########\\n" OUT),
		CASE("raw runs end at line ends", "pk-ab-####################\n~~~~~~~~~~\n"),
		CASE("another stream", LOG KEY "\",\"stream\":\"console\"}\n"),
		CASE("no stream", LOG KEY "\"}\n"),
		CASE("two streams", LOG KEY "\",\"stream\":\"stdout\",\"stream\":\"stderr\"}\n"),
		CASE("two logs", LOG KEY "\",\"log\":\"" KEY "\",\"stream\":\"stdout\"}\n"),
		CASE("no string", "{\"log\":[\"" KEY "\"],\"stream\":\"stdout\"}\n"),
		CASE("a wrong escape", LOG "\\q " KEY OUT),
		CASE("a wrong escape of hexadecimal digits", LOG "\\u00g1 " KEY OUT),
		CASE("no comma", LOG KEY "\" \"stream\":\"stdout\"}\n"),
		CASE("no colon", "{\"log\" \"" KEY "\",\"stream\":\"stdout\"}\n"),
		CASE("something behind", LOG KEY "\",\"stream\":\"stdout\"} x\n"),
		CASE("two objects", LOG KEY "\",\"stream\":\"stdout\"}{}\n"),
		CASE("an array", "[\"log\",\"" KEY "\"]\n"),
		CASE("escapes", LOG "b64:####@####$####@##\\n" OUT),
		CASE("a backslash before n", LOG "pk-ab-####################\\\\n~~~~\\n" OUT),
		CASE("surrogates", LOG "\\ud83d\\ude00" KEY "\\ud83d " KEY "\\ude00\\n" OUT),
		CASE("NUL", LOG KEY "\\u0000~~~~\\n" OUT),
		CASE("control bytes", LOG "\t\x1b[1m" KEY "\\n" OUT),
		CASE("lines in a line", LOG "-----BEGIN THING-----\\n####################\\n"
		                            "####################" OUT LOG "####\\n####\\n" OUT LOG
		                            "-----END~~~~\\n" OUT),
		CASE("attributes",
		     LOG "x\\n\",\"attrs\":{\"acme_token\":\"################\",\"" KEY
		         "\":{\"x\":[\"" KEY "\",12,null,true,-1.5e3]}},"
		         "\"stream\":\"stdout\"," TIME "}\n"),
		CASE("one attribute is not the next",
		     LOG "x\\n\",\"attrs\":{\"a\":\"b64:############\",\"~~~~\":\"~~~~\","
		         "\"acme_token\":[1],\"~~~~~~~~~~~~\":\"acme_token\",\"c\":[\"~~~~~~~~~~~~"
		         "\",\"b64:############\",\"~~~~\"]},"
		         "\"stream\":\"stdout\"," TIME "}\n"),
		CASE("a time that is none",
		     LOG "x\\n\",\"stream\":\"stdout\",\"time\":\"" KEY "\"}\n"),
		CASE("names in names", LOG "x\\n\",\"attrs\":{\"log\":\"" KEY "\",\"stream\":\"" KEY
		                           "\"},\"stream\":\"stdout\"}\n"),
		CASE("broken off in a piece", LOG "?key=####" ERR LOG "########"),
		CASE("broken off in a piece of either",
		     LOG "abc " OUT LOG "?key=####" ERR LOG "########"),
		CASE("broken off, a key of each",
		     LOG "pk-ab-##########" OUT LOG "?key=####" ERR LOG "##########"),
		CASE("broken off behind attributes",
		     LOG "?key=####\",\"attrs\":{\"a\":\"b\\n\"},\"stream\":\"stderr\"}\n" LOG
		         "########"),
		CASE("broken off in an escape", LOG KEY "\\u00"),
		CASE("broken off behind it", LOG "pk-ab-##########" OUT LOG "############\",\"str"),
		CASE("broken off before it", LOG "x\\n" OUT "{\"lo"),
		CASE("broken off in an attribute",
		     LOG "x\\n\",\"stream\":\"stdout\",\"attrs\":{\"x\":\"" KEY),
		CASE("broken off in a name", LOG "x\\n\",\"stream\":\"stdout\",\"attrs\":{\"" KEY),
		CASE("no newline", LOG KEY "\\n\",\"stream\":\"stdout\"}"),
		CASE("a member before the stream",
		     LOG "pk-ab-##########\",\"x\":\"y" OUT LOG "##########\\n" OUT),
		CASE("a wrong escape before the stream", LOG "pk-ab-~~~~~~~~~~\\" OUT KEY "\n"),
		CASE("an empty piece", LOG "pk-ab-##########" OUT LOG OUT LOG "##########\\n" OUT),
		CASE("two streams, the second as usual",
		     LOG KEY "\",\"stream\":\"stderr" OUT LOG "~~~~~~~~~~\\n" OUT),
	};

	check_cases(KS_FRAME_DOCKER, cases, sizeof(cases) / sizeof(cases[0]));
}
END_TEST

/*
 * The last four bytes stay readable, once it is known which these are. Until then others wait that turn out to be
 * masked, with a border in the middle of an escape.
 */
START_TEST(borders_in_escapes)
{
	static const struct ks_rule rules[] = {
		{ .id = "word", .trigger = "word:", .body = "^\\s", .min = 8 },
	};
	static const char *const characters[] = { "\\u00e9", "\\u20ac", "\\ud83d\\ude00" };
	const char *character = characters[_i];
	struct framed f;

	framed_init_with(&f, rules, 1);
	f.frame = KS_FRAME_DOCKER;
	f.name = "borders in escapes";
	f.keep_last = 4;
	for (f.seed = 1; f.seed <= 20; f.seed++) {
		struct bytes in = { NULL }, expected = { NULL };
		size_t count = 20 + (size_t)f.seed, kept = _i == 0 ? 2 : 1;

		bytes_add_text(&in, LOG "word:");
		for (size_t i = 0; i < count; i++) {
			bytes_add_text(&in, i % f.seed ? character : OUT LOG);
			bytes_add_text(&in, i % f.seed ? "" : character);
		}
		bytes_add_text(&in, " x\\n" OUT);
		bytes_add(&expected, in.at, in.len);
		for (size_t i = 0, at = 0; i < count - kept; i++) {
			at = (size_t)((uint8_t *)strstr((char *)expected.at + at, character) -
			              expected.at);
			memset(expected.at + at, '*', strlen(character));
		}
		framed_check(&f, &in, &expected);
		bytes_free(&in);
		bytes_free(&expected);
	}
	framed_done(&f);
}
END_TEST

#define CHARACTER_COUNT 3

#define STREAM_A  "_STREAM_ID=0a\n"
#define STREAM_B  "_STREAM_ID=0b\n"
#define CONTAINER "CONTAINER_ID_FULL=00ff\nPRIORITY=6\n"
#define NUMBER(n) n "\0\0\0\0\0\0\0"

START_TEST(journal_cases)
{
	static const struct frame_case cases[] = {
		CASE("pieces",
		     "MESSAGE=pk-ab-##########\n" STREAM_A "_LINE_BREAK=line-max\n\n"
		     "_LINE_BREAK=line-max\n" STREAM_B "MESSAGE=?key=########\n\n" STREAM_A
		     "MESSAGE=########## x\n\nMESSAGE=#### y\n" STREAM_B "\n"),
		CASE("not a piece", "MESSAGE=pk-ab-~~~~~~~~~~\n" STREAM_A "\n"
		                    "MESSAGE=~~~~~~~~~~\n" STREAM_A "\n"),
		CASE("lines of one stream", "MESSAGE=-----BEGIN THING-----\n" STREAM_A "\n"
		                            "MESSAGE=########################\n" STREAM_A "\n"
		                            "MESSAGE=########################\n" STREAM_A "\n"
		                            "MESSAGE=-----END~~~~\n" STREAM_A "\n"),
		CASE("nobody's", "MESSAGE=" KEY "\n\nMESSAGE=~~~~~~~~~~\n\nMESSAGE=" KEY "\n\n"),
		CASE("another process", "MESSAGE=?key=\n" STREAM_A "_LINE_BREAK=pid-change\n\n"
		                        "MESSAGE=########\n" STREAM_A "\n"),
		CASE("NUL", "MESSAGE=" KEY "\n" STREAM_A "_LINE_BREAK=nul\n\n"
		            "MESSAGE=~~~~~~~~\n" STREAM_A "\n"),
		CASE("a container",
		     "MESSAGE=pk-ab-##########\nCONTAINER_PARTIAL_MESSAGE=true\n" CONTAINER
		     "\nMESSAGE=~~~~~~~~~~\nCONTAINER_ID_FULL=00ff\n"
		     "PRIORITY=3\n\nMESSAGE=##########\n" CONTAINER "\n"),
		CASE("a line's end in the message", "MESSAGE\n" NUMBER("\x1b") KEY
		     "\n\n" CONTAINER "\n"
		     "MESSAGE=pk-ab-####################\n" CONTAINER "\n"),
		CASE("binary", "MESSAGE\n" NUMBER("\x25") "\n" KEY "\0\xff\n\n\nx=123\n\n\n"),
		CASE("no bytes", "MESSAGE\n" NUMBER("\0") "\nOTHER=" KEY "\n\n"),
		CASE("more than there is",
		     "MESSAGE\n\xff\xff\xff\0\0\0\0\0" KEY "\n" KEY "\n\n" KEY),
		CASE("far too much", "MESSAGE\n\xff\xff\xff\xff\xff\xff\xff\xff" KEY "\n" KEY
		                     "\nMESSAGE=" KEY "\n\n"),
		CASE("no length", "MESSAGE=x\nMESSAGE\n12345"),
		CASE("no newline behind", "MESSAGE\n" NUMBER("\x1a") KEY "OTHER=" KEY "\n\n"),
		CASE("names of fields", "acme_token=\n~~~~~~~~~~~~=1\nACME_TOKEN=~~~~\n\n"
		                        "TOKEN=acme_token\nX=~~~~~~~~~~~~\n\n"),
		CASE("one field is not the next", "A=b64:############\n~~~~=~~~~\n\n"),
		CASE("underscores", "__CURSOR=?key=############\n__X\n" NUMBER("\x1a") KEY
		     "\n__Y=" KEY "\n_X=?key=########\n\n"),
		CASE("no names",
		     "raw " KEY "\n=" KEY "\nlower=" KEY "\nA-B=" KEY "\nMESSAGE=" KEY "\n\n"),
		CASE("long names",
		     "A23456789012345678901234567890123456789012345678901234567890123=" KEY "\n"
		     "A234567890123456789012345678901234567890123456789012345678901234=" KEY "\n"
		     "A2345678901234567890123456789012345678901234567890123456789012345=" KEY "\n"
		     "A2345678901234567890123456789012345678901234567890123456789012345\n" KEY
		     "\n\n"),
		CASE("raw in between",
		     "MESSAGE=pk-ab-##########\nraw " KEY "\n" STREAM_A
		     "_LINE_BREAK=line-max\n\nMESSAGE=##########\n" STREAM_A "\n"),
		CASE("empty lines", "\n\n\nMESSAGE=" KEY "\n\n\n\nMESSAGE=" KEY "\n"),
		CASE("two messages", "MESSAGE=" KEY "\nMESSAGE=" KEY "\n" STREAM_A "\n"),
		CASE("broken off", "MESSAGE=pk-ab-##########\n" STREAM_A "_LINE_BREAK=line-max\n\n"
		                   "MESSAGE=?key=####\n" STREAM_B "_LINE_BREAK=line-max\n\n"
		                   "MESSAGE=####\n_STREA"),
		CASE("broken off in a value", "MESSAGE=x\nOTHER=" KEY),
		CASE("an id that is too long",
		     "MESSAGE=" KEY "\n_STREAM_ID=012345678901234567890123456789012345678901234567"
		     "89012345678901234\n\n"),
	};

	check_cases(KS_FRAME_JOURNAL, cases, sizeof(cases) / sizeof(cases[0]));
}
END_TEST

#define STAMP "2026-11-22T10:00:01.123456789Z "

START_TEST(cri_cases)
{
	static const struct frame_case cases[] = {
		CASE("pieces",
		     STAMP "stdout P pk-ab-##########\n" STAMP "stderr F ~~~~~~~~~~\n" STAMP
		           "stdout F ########## x\n" STAMP "stdout F ~~~~~~~~~~\n"),
		CASE("never finished", STAMP "stdout P " KEY "\n"),
		CASE("more tags",
		     STAMP "stdout P:x:y pk-ab-##########\n" STAMP "stdout F:z ########## x\n"),
		CASE("raw in between", STAMP "stdout P pk-ab-##########\nraw " KEY "\n" STAMP
		                             "stdout F ##########\n"),
		CASE("keys in tags", STAMP "stdout F:" KEY " x\n" STAMP "stdout P:x:" KEY "\n" STAMP
		                           "stdout F:pk-ab-~~~~~~~~~~ ~~~~~~~~~~\n"),
		CASE("tags do not part pieces", STAMP "stdout P:?key= pk-ab-##########\n" STAMP
		                                      "stdout F:~~~~~~~~ ##########\n"),
		CASE("a key in the place of a zone",
		     "2026-11-22T10:00:01?key=######## stdout F x\n"
		     "2026-11-22T10:00:01.1Z?key=######## stdout F x\n"
		     "2026-11-22T10:00:01.?key=######## stdout F x\n"),
		CASE("other zones", "2026-11-22T10:00:01+01:00 stdout P pk-ab-##########\n"
		                    "2026-11-22T10:00:01.1-01:30 stdout F ##########\n"),
		CASE("a zone that is none",
		     "2026-11-22T10:00:01+0100 stdout P pk-ab-~~~~~~~~~~\n"
		     "2026-11-22T10:00:01.1234567890Z stdout F ~~~~~~~~~~\n"),
	};

	check_cases(KS_FRAME_CRI, cases, sizeof(cases) / sizeof(cases[0]));
}
END_TEST

/* ----------------------------------------------------- what passes, and what does not ---- */

/* They find what has the form of frames, as a known value may have. */
static const struct ks_rule digit_rules[] = {
	{ .id = "cursor", .trigger = "s=", .body = "0-9a-f", .min = 3 },
	{ .id = "stamp", .trigger = "STAMP=", .body = "0-9a-f", .min = 3 },
	{ .id = "number", .trigger = "NUM=", .body = "0-9a-f", .min = 3 },
	{ .id = "id", .trigger = "ID=", .body = "0-9a-f", .min = 3 },
	{ .id = "name", .trigger = "KEY_", .body = "A-Z0-9=", .min = 8 },
	{ .id = "pin", .trigger = "pin\":\"", .body = "0-9", .min = 8 },
	{ .id = "time", .trigger = "T-T-", .body = "0-9", .min = 8 },
};

#define DIGIT_RULES (sizeof(digit_rules) / sizeof(digit_rules[0]))

#define ID      "0123456789abcdef0123456789abcdef"
#define CURSOR  "__CURSOR=s=" ID ";i=1f;b=" ID ";m=3fa;t=62526e1182354;x=930dc44b370963b7\n"
#define INSTANT "__REALTIME_TIMESTAMP=1700000000000000\n"
#define UPTIME  "__MONOTONIC_TIMESTAMP=206357648416\n"
#define SEQNUM  "__SEQNUM=7942\n__SEQNUM_ID=" ID "\n"

START_TEST(addresses)
{
	static const char *const heads[] = {
		CURSOR INSTANT UPTIME SEQNUM "MESSAGE=x\n\n" CURSOR INSTANT "MESSAGE=y\n\n",
		INSTANT UPTIME "_BOOT_ID=x\n\n",
		"__SEQNUM=18446744073709551615\n" UPTIME "\n",
		"\n\n" SEQNUM "\n" CURSOR,
		"__CURSOR=s=" ID ";i=ffffffffffffffff;b=" ID
		";m=0;t=ffffffffffffffff;x=ffffffffffffffff\nMESSAGE=x\n\n",
	};
	struct framed f;

	framed_init_with(&f, digit_rules, DIGIT_RULES);
	f.frame = KS_FRAME_JOURNAL;
	f.name = "addresses";
	for (f.seed = 0; f.seed < sizeof(heads) / sizeof(heads[0]); f.seed++) {
		struct bytes in = { NULL };

		bytes_add_text(&in, heads[f.seed]);
		framed_check(&f, &in, &in);
		for (f.limit = 64; f.limit < 400; f.limit++)
			framed_check(&f, &in, &in);
		f.limit = 0;
		bytes_free(&in);
	}
	framed_done(&f);
}
END_TEST

/* A line that is masked as it would be in text, behind others that pass. */
static void
check_masked_line(struct framed *f, const char *before, const char *line, const char *after)
{
	struct bytes in = { NULL }, expected = { NULL }, text = { NULL };
	uint8_t *masked;

	bytes_add_text(&text, line);
	masked = framed_mask(f, &text);
	ck_assert_msg(memcmp(masked, line, text.len) != 0, "nothing to mask");
	bytes_add_text(&in, before);
	bytes_add_text(&expected, before);
	bytes_add_text(&in, line);
	bytes_add(&expected, masked, text.len);
	bytes_add_text(&in, after);
	bytes_add_text(&expected, after);
	f->name = line;
	framed_check(f, &in, &expected);
	free(masked);
	bytes_free(&text);
	bytes_free(&in);
	bytes_free(&expected);
}

START_TEST(no_addresses)
{
	static const char *const lines[] = {
		"__CURSOR=s=0123456789ABCDEF0123456789ABCDEF;i=1;b=" ID ";m=1;t=2;x=3\n",
		"__CURSOR=s=0123456789abcdef0123456789abcde;i=1;b=" ID ";m=1;t=2;x=3\n",
		"__CURSOR=s=0123456789abcdef0123456789abcdef0;i=1;b=" ID ";m=1;t=2;x=3\n",
		"__CURSOR=s=" ID ";i=;b=" ID ";m=1;t=2;x=3\n",
		"__CURSOR=s=" ID ";i=0123456789abcdef0;b=" ID ";m=1;t=2;x=3\n",
		"__CURSOR=s=" ID ";i=1;b=" ID ";m=1;t=2\n",
		"__CURSOR=s=" ID ";i=1;b=" ID ";m=1;t=2;x=3;p=word\n",
		"__CURSOR=s=" ID ";i=1;b=" ID ";m=1;t=2;x=3 \n",
		"__CURSOR=s=" ID "\n",
		"__REALTIME_TIMESTAMP=1700000000000abc\n",
		"__REALTIME_TIMESTAMP=123456789012345678901\n",
		"__MONOTONIC_TIMESTAMP=1700000000000 \n",
		"__SEQNUM=0xNUM=12345\n",
		"__SEQNUM_ID=" ID "0\n",
		"__SEQNUM_ID=0123\n",
		"__XNUM=1234567\n",
		"__ID=" ID "\n",
		"_BOOT_ID=" ID "\n",
		"_MACHINE_ID=" ID "\n",
		"KEY_ABCDEFGH=x\n",
		"KEY_ABCD=EFGH\n",
	};
	struct framed f;

	framed_init_with(&f, digit_rules, DIGIT_RULES);
	f.frame = KS_FRAME_JOURNAL;
	for (f.seed = 0; f.seed < sizeof(lines) / sizeof(lines[0]); f.seed++) {
		check_masked_line(&f, "", lines[f.seed], "MESSAGE=x\n\n");
		check_masked_line(&f, CURSOR INSTANT, lines[f.seed], "\n");
		f.limit = 100;
		check_masked_line(&f, CURSOR INSTANT, lines[f.seed], "MESSAGE=x\n\n");
		f.limit = 0;
	}
	framed_done(&f);
}
END_TEST

/* Of the right form, but not where systemd writes them: before all other fields. */
START_TEST(addresses_elsewhere)
{
	static const char *const before[] = { "MESSAGE=x\n", CURSOR "A=x\n", "some text\n", "=\n",
		                              CURSOR "A\n" };
	static const char *const lines[] = { CURSOR, INSTANT, UPTIME, "__SEQNUM_ID=" ID "\n" };
	struct framed f;

	framed_init_with(&f, digit_rules, DIGIT_RULES);
	f.frame = KS_FRAME_JOURNAL;
	for (f.seed = 0; f.seed < sizeof(before) / sizeof(before[0]); f.seed++) {
		for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
			check_masked_line(&f, before[f.seed], lines[i], "\n");
	}
	framed_done(&f);
}
END_TEST

struct pair_case {
	enum ks_frame frame;
	const char *in, *expected;
	size_t len;
};

#define PAIR(frame, in, expected)                   \
	{                                           \
		frame, in, expected, sizeof(in) - 1 \
	}

/* What else passes in frames that are right, and would be taken for such in text. */
START_TEST(little_passes)
{
	static const struct pair_case cases[] = {
		PAIR(KS_FRAME_DOCKER,
		     LOG "x\\n\",\"pin\":1234567890,\"b\":[12345678]"
		         ",\"stream\":\"stdout\"}\n",
		     LOG "x\\n\",\"pin\":**********,\"b\":[12345678]"
		         ",\"stream\":\"stdout\"}\n"),
		PAIR(KS_FRAME_DOCKER,
		     LOG "x\\n\",\"stream\":\"stdout\",\"attrs\":{\"pin\":12345678",
		     LOG "x\\n\",\"stream\":\"stdout\",\"attrs\":{\"pin\":********"),
		PAIR(KS_FRAME_DOCKER,
		     LOG "x\\n\",\"stream\":\"stdout\",\"time\":\"T-T-12345678\"}\n",
		     LOG "x\\n\",\"stream\":\"stdout\",\"time\":\"T-T-********\"}\n"),
		PAIR(KS_FRAME_DOCKER,
		     "{\"time\":\"T-T-12345678\",\"log\":\"\",\"stream\":\"stdout\"}\n",
		     "{\"time\":\"T-T-********\",\"log\":\"\",\"stream\":\"stdout\"}\n"),
		PAIR(KS_FRAME_JOURNAL, "KEY_ABCDEFGH\n" NUMBER("\x3") "abc\n\n",
		     "KEY_********\n" NUMBER("\x3") "abc\n\n"),
		PAIR(KS_FRAME_JOURNAL, "__SEQNUM_ID\n" NUMBER("\x20") ID "\n\n",
		     "__SEQNUM_ID\n" NUMBER("\x20") "********************************\n\n"),
		PAIR(KS_FRAME_JOURNAL, CURSOR "__SEQNUM_ID=" ID,
		     CURSOR "__SEQNUM_ID=********************************"),
	};
	struct framed f;

	framed_init_with(&f, digit_rules, DIGIT_RULES);
	for (f.seed = 0; f.seed < sizeof(cases) / sizeof(cases[0]); f.seed++) {
		struct bytes in = { NULL }, expected = { NULL };

		f.frame = cases[f.seed].frame;
		f.name = cases[f.seed].in;
		bytes_add(&in, cases[f.seed].in, cases[f.seed].len);
		bytes_add(&expected, cases[f.seed].expected, cases[f.seed].len);
		framed_check(&f, &in, &expected);
		bytes_free(&in);
		bytes_free(&expected);
	}
	framed_done(&f);
}
END_TEST

/* ------------------------------------------------------------------------- guesses ---- */

/* How much of text is needed to tell, and that the first byte that cannot stand there is enough. */
static void
check_beginning(const char *text, enum ks_frame frame)
{
	uint8_t copy[256];
	size_t len = strlen(text);

	ck_assert_uint_le(len, 192);
	memcpy(copy, text, len);
	for (size_t i = 0; i < len; i++) {
		ck_assert_int_eq(ks_frame_detect(copy, i, 0), KS_FRAME_AUTO);
		ck_assert_int_eq(ks_frame_detect(copy, i, 1), KS_FRAME_RAW);
		copy[i] = '!';
		ck_assert_int_eq(ks_frame_detect(copy, i + 1, 0), KS_FRAME_RAW);
		ck_assert_int_eq(ks_frame_detect(copy, len, 0), KS_FRAME_RAW);
		copy[i] = (uint8_t)text[i];
	}
	ck_assert_int_eq(ks_frame_detect(copy, len, 0), frame);
	ck_assert_int_eq(ks_frame_detect(copy, len, 1), frame);
}

START_TEST(beginnings)
{
	check_beginning("{\"log\":\"", KS_FRAME_DOCKER);
	check_beginning("2026-11-22T10:00:01Z stderr F\n", KS_FRAME_CRI);
	check_beginning("2026-11-22T10:00:01.123456789+01:00 stdout P ", KS_FRAME_CRI);
	check_beginning(CURSOR "__REALTIME_TIMESTAMP=", KS_FRAME_JOURNAL);
	check_beginning("__CURSOR=s=" ID ";i=ffffffffffffffff;b=" ID ";m=ffffffffffffffff;"
	                "t=ffffffffffffffff;x=ffffffffffffffff\n__REALTIME_TIMESTAMP=",
	                KS_FRAME_JOURNAL);
}
END_TEST

START_TEST(no_beginnings)
{
	static const char *const texts[] = {
		"__CURSOR=x",
		"__CURSOR=GET /",
		"__CURSOR=s=" ID "\n",
		CURSOR "MESSAGE=",
		CURSOR "\n",
		CURSOR "__MONOTONIC_TIMESTAMP=",
		INSTANT,
		"\n" CURSOR,
		"2026-11-22T10:00:01 ",
		"2026-11-22T10:00:01Zx",
		"2026-11-22T10:00:01.Z",
		"2026-11-22T10:00:01.1234567890",
		"2026-11-22T10:00:01,1",
		"{\"log\":{",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ck_assert_int_eq(ks_frame_detect((const uint8_t *)texts[i], strlen(texts[i]), 0),
		                 KS_FRAME_RAW);
}
END_TEST

/*
 * What is longer than the limit is looked at in another way. Cuts must not matter; nor may a key pass that
 * is in one piece.
 */
START_TEST(exact_limits)
{
	static const struct {
		enum ks_frame frame;
		struct frame_case text;
	} cases[] = {
		{ KS_FRAME_DOCKER, CASE("lines at the limit", LOG KEY
		                        " x" OUT LOG "b64:####@####@####\\n" OUT LOG KEY OUT) },
		{ KS_FRAME_JOURNAL, CASE("an entry at the limit", "OTHER\n" NUMBER("\x1a") KEY
		                         "\nMESSAGE=" KEY "\nB=" KEY "\nMESSAGE\n" NUMBER("\x1a")
		                                 KEY "\n" STREAM_A "\nMESSAGE=" KEY "\n\n") },
	};
	struct framed f;

	framed_init(&f);
	f.frame = cases[_i].frame;
	f.name = cases[_i].text.name;
	for (f.limit = 64; f.limit < 400; f.limit++) {
		struct frames t = { .random = f.limit };

		f.seed = f.limit;
		add(&t, cases[_i].text.text, cases[_i].text.len);
		framed_check(&f, &t.in, &t.expected);
		frames_done(&t);
	}
	framed_done(&f);
}
END_TEST

#define LIMIT_COUNT 2

/* Whether the halves of a key are found may depend on the limit, but not on the cuts. */
START_TEST(halves_at_limits)
{
	static const struct {
		enum ks_frame frame;
		const char *first, *second;
	} cases[] = {
		{ KS_FRAME_DOCKER, LOG "pk-ab-##########" OUT LOG "##########\\n",
		  OUT LOG "pk-ab-##########" ERR LOG "##########" ERR },
		{ KS_FRAME_JOURNAL,
		  "MESSAGE=?key=####\n" STREAM_A "_LINE_BREAK=line-max\n\nMESSAGE=####\n",
		  STREAM_A "\nMESSAGE=?key=####\n" STREAM_A "\n" },
	};
	struct framed f;

	framed_init(&f);
	f.frame = cases[_i].frame;
	f.name = "halves";
	f.limit = 300;
	for (f.seed = 0; f.seed < 300; f.seed++) {
		struct frames t = { .random = f.seed };

		add(&t, cases[_i].first, strlen(cases[_i].first));
		if (f.frame == KS_FRAME_JOURNAL)
			add(&t, "FILL=", 5);
		for (uint64_t i = 0; i < f.seed; i++)
			add(&t, " ", 1);
		if (f.frame == KS_FRAME_JOURNAL)
			add(&t, "\n", 1);
		add(&t, cases[_i].second, strlen(cases[_i].second));
		framed_check_same(&f, &t.in);
		frames_done(&t);
	}
	framed_done(&f);
}
END_TEST

/* More sources than there are streams: the one that was quiet for longest is forgotten, and masked. */
START_TEST(many_sources)
{
	struct frames t = { .random = 1 };
	struct framed f;
	char text[128];

	framed_init(&f);
	f.frame = KS_FRAME_JOURNAL;
	f.name = "sources";
	for (int i = 0; i < 70; i++) {
		int n = snprintf(text, sizeof(text),
		                 "MESSAGE=pk-ab-##########\n_STREAM_ID=%d\n"
		                 "_LINE_BREAK=line-max\n\n",
		                 i);

		add(&t, text, (size_t)n);
	}
	for (int i = 69; i >= 0; i--) {
		const char *rest = i < 70 - 61 ? "~~~~~~~~~~" : "##########";
		int n = snprintf(text, sizeof(text), "MESSAGE=%s\n_STREAM_ID=%d\n\n", rest, i);

		add(&t, text, (size_t)n);
	}
	framed_check(&f, &t.in, &t.expected);
	frames_done(&t);
	framed_done(&f);
}
END_TEST

static void
feed_case(struct framed *f, struct ks_redactor *redactor, struct frames *t,
          const struct frame_case *c)
{
	size_t from = t->in.len;

	add(t, c->text, c->len);
	framed_feed(f, redactor, t->in.at + from, t->in.len - from);
}

/* Another file: an unfinished frame is over, the streams go on. */
START_TEST(breaks)
{
	static const struct {
		enum ks_frame frame;
		struct frame_case first, second;
	} cases[] = {
		{ KS_FRAME_DOCKER, CASE("", LOG "pk-ab-##########" OUT),
		  CASE("", LOG "##########\\n" OUT) },
		{ KS_FRAME_DOCKER, CASE("", LOG "pk-ab-##########"),
		  CASE("", LOG "##########\\n" OUT) },
		{ KS_FRAME_DOCKER, CASE("", "raw"), CASE("", KEY "\n") },
		{ KS_FRAME_CRI, CASE("", STAMP "stdout P pk-ab-##########\n"),
		  CASE("", STAMP "stdout F ##########\n") },
		{ KS_FRAME_JOURNAL,
		  CASE("", "MESSAGE=pk-ab-##########\n" STREAM_A "_LINE_BREAK=line-max\n\n"),
		  CASE("", "MESSAGE=##########\n" STREAM_A "\n") },
		{ KS_FRAME_JOURNAL, CASE("", "MESSAGE=" KEY), CASE("", "~~~~=1\nMESSAGE=x\n\n") },
		{ KS_FRAME_JOURNAL, CASE("", "A\n" NUMBER("\x30") KEY),
		  CASE("", "MESSAGE=" KEY "\n\n") },
		{ KS_FRAME_JOURNAL, CASE("", "raw"), CASE("", KEY "\n") },
	};
	struct frames t = { .random = 1 };
	struct ks_redactor *redactor;
	struct framed f;

	framed_init(&f);
	f.frame = cases[_i].frame;
	redactor = framed_open(&f);
	feed_case(&f, redactor, &t, &cases[_i].first);
	ck_assert_int_eq(ks_redactor_break(redactor, f.pair.scratch), KS_OK);
	feed_case(&f, redactor, &t, &cases[_i].second);
	ck_assert_int_eq(ks_redactor_end(redactor, f.pair.scratch), KS_OK);
	ck_assert_uint_eq(f.out.len, t.expected.len);
	ck_assert(memcmp(f.out.at, t.expected.at, t.expected.len) == 0);
	ks_redactor_free(redactor);
	frames_done(&t);
	framed_done(&f);
}
END_TEST

#define BREAK_COUNT 8

/* Halves that never come do not make memory grow. */
START_TEST(flat_memory)
{
	static const struct {
		enum ks_frame frame;
		struct frame_case begin, again;
	} cases[] = {
		{ KS_FRAME_CRI, CASE("", STAMP "stdout P pk-ab-ABC\n"),
		  CASE("", STAMP "stderr F x\n") },
		{ KS_FRAME_CRI, CASE("", STAMP "stdout P pk-ab-ABC\n"), CASE("", "xxxxxxxx") },
		{ KS_FRAME_DOCKER, CASE("", LOG "pk-ab-ABC" OUT), CASE("", LOG "x\\n" ERR) },
		{ KS_FRAME_DOCKER, CASE("", LOG "pk-ab-ABC"), CASE("", "xxxxxxxx") },
		{ KS_FRAME_JOURNAL,
		  CASE("", "MESSAGE=pk-ab-ABC\n" STREAM_A "_LINE_BREAK=line-max\n\n"),
		  CASE("", "MESSAGE=x\n\n") },
		{ KS_FRAME_JOURNAL, CASE("", "MESSAGE="), CASE("", "xxxxxxxx") },
		{ KS_FRAME_JOURNAL, CASE("", "\n"), CASE("", "MESSAGE=x\n") },
		{ KS_FRAME_JOURNAL, CASE("", "MESSAGE\n\xff\xff\xff\x2f\0\0\0\0"),
		  CASE("", "xxxxxxxx") },
	};
	struct bytes part = { NULL };
	struct ks_redactor *redactor;
	struct framed f;
	size_t before = 0;

	framed_init(&f);
	f.frame = cases[_i].frame;
	f.limit = 64 << 10;
	redactor = framed_open(&f);
	framed_feed(&f, redactor, (const uint8_t *)cases[_i].begin.text, cases[_i].begin.len);
	while (part.len < 1 << 20)
		bytes_add(&part, cases[_i].again.text, cases[_i].again.len);
	for (int i = 0; i < 8; i++) {
		f.out.len = 0;
		framed_feed(&f, redactor, part.at, part.len);
		if (i == 1)
			before = mallinfo2().uordblks;
	}
	ck_assert_uint_lt(mallinfo2().uordblks, before + (64 << 10));
	ck_assert_uint_gt(f.out.len, part.len - (65 << 10));
	ks_redactor_free(redactor);
	bytes_free(&part);
	framed_done(&f);
}
END_TEST

#define FLAT_COUNT 8

int
main(void)
{
	Suite *suite = suite_create("frame cases");
	TCase *tcase = tcase_create("cases");

	tcase_set_timeout(tcase, 300);
	tcase_add_test(tcase, docker_cases);
	tcase_add_loop_test(tcase, borders_in_escapes, 0, CHARACTER_COUNT);
	tcase_add_test(tcase, journal_cases);
	tcase_add_test(tcase, cri_cases);
	tcase_add_test(tcase, addresses);
	tcase_add_test(tcase, no_addresses);
	tcase_add_test(tcase, addresses_elsewhere);
	tcase_add_test(tcase, little_passes);
	tcase_add_test(tcase, beginnings);
	tcase_add_test(tcase, no_beginnings);
	tcase_add_loop_test(tcase, exact_limits, 0, LIMIT_COUNT);
	tcase_add_loop_test(tcase, halves_at_limits, 0, LIMIT_COUNT);
	tcase_add_test(tcase, many_sources);
	tcase_add_loop_test(tcase, breaks, 0, BREAK_COUNT);
	tcase_add_loop_test(tcase, flat_memory, 0, FLAT_COUNT);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
