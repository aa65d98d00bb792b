/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Known values: the contract, on values that overlap themselves and each other, in all spellings, long ones and
 * thousands of them; what is refused; where they lie in memory.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/engine/known_class.h"
#include "../../src/engine/known_mark.h"
#include "harness.h"
#include "suite.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct ks_rule rules[] = {
	{ .id = "key", .trigger = "pk-[a-z]{2}-", .body = "A-Za-z0-9_-", .min = 6 },
	{ .id = "bearer",
	  .trigger = "be[ =]",
	  .body = "A-Za-z0-9._/+-",
	  .min = 6,
	  .kind = KS_KIND_CARRIER },
	{ .id = "password",
	  .trigger = "p=",
	  .body = "^\\s",
	  .min = 3,
	  .kind = KS_KIND_CARRIER,
	  .conditions = KS_REFUSE_PLACEHOLDER },
	{ .id = "pem", .trigger = "--B", .body = "A-Za-z0-9+/=\\s\\\\", .min = 10 },
	{ .id = "infix", .trigger = "J[QJ]9", .before = "[A-Z0-9]{9}", .body = "A-Z0-9", .min = 5 },
};

/* Each world's values, ended by NULL. */
static const char *const worlds[][8] = {
	{ "aqaqaqax7", "xaqaqaqa7", "qaqax7qa", NULL }, /* overlap themselves and each other */
	{ "kv9zkv9z", "kv9zkv9zkv9z", "9zkv9zkv9zQ", "zkv9zkv9",
	  NULL }, /* begin and end each other */
	{ "wq3nwq3nwq3nwq3nwq3m", "wq3nwq3m", NULL },
	{ "pk-ab-9x8y7z6w", "be=9x8y7z6w", "--BQ9x8y7z6w5v", "GHI123456JQ9ABC12",
	  NULL }, /* triggers */
	{ "p\"q\\r/<'&\xc3\xa9$ \xf0\x9f\x98\x80", "~a,b{c}\t\x01\x7f\n0*", "\xff\xfe\xc3(9xyz",
	  NULL },
	{ "~#q~:=~ #:~z=#~", "#y:\\~=:~~q", "'m'':~''n'", "k'\\'~'w'v''''",
	  NULL }, /* by what is before them */
	{ "del8\x7f/\x01q", "x\x7f\xc3\xa9q<9\"", "K\xe2\x80\xa8x\xc3\xa9\xe2\x80\xa9\"",
	  "z\xe2\x80\xa9='\x7f\xe2\x80",
	  "z\xe2\x80\xa9='\\u007f\xe2\x80!!" /* begins as what is no UTF-8 is never spelled */,
	  NULL }, /* what only some write as \u */
	{ "q7+x`y\"z\b9", "K\f\b<\xe2\x80\xa9\t7\\+",
	  "p'\xc2\xad\xc3\xa9\xe2\x80\x8d\xf0\x9f\x98\x80\x1f\x7f",
	  "w\"'\xee\x80\x80\xf3\xa0\x81\xa7\xe2\x82\xac\xc2\xa0", "x+\"\xc3\xa9`\xff\f9",
	  "x\\u002B\\u0022\\u00E9\\u0060\xff\\f9!!",
	  "x+\"\\xe9`\\xff\\x0c9!!" /* begin as what is no UTF-8 is never spelled */,
	  NULL }, /* of one library */
	{ "/T0/K,x9!h;q:@", "a%[^|]`{b}\\c", "q?w#e'(\"r)*<t>", "u abc:p@s;'", NULL }, /* of URLs */
	{ "a/b+c=d&e >f", "it's \"quoted\"", "\\\\path\\to\\x", NULL },
	{ "7zQ\xffx"
	  "Server=db;User=app;Password=k3J/9+w~v8u7t6s5r4q3p2o1n0m9l8",
	  NULL }, /* of 64 bytes: base64 in lines */
	{ "--BEG K--\nQ9x8y7z6w5v4u3t2s1\r\nr0q9p8o7n6m5l4k3jQ9x8\n--END--\n", "Q9x8y7z6w5v4u3t2s1",
	  NULL },
};

static void
know(struct bench_pair *pair, const char *const *values)
{
	enum ks_known_verdict verdict;

	for (; *values; values++) {
		pair_know(pair, (const uint8_t *)*values, strlen(*values), &verdict);
		ck_assert_int_eq(verdict, KS_KNOWN_TAKEN);
	}
	pair_known(pair);
}

/* A spelling of a value, or a part of one. */
static size_t
put_piece(const struct bench_pair *pair, uint64_t *random, uint8_t *to, size_t max)
{
	static const char *const others[] = { " ",    "\n",  "x",   "a",  "q",    "be=",  "pk-ab-",
		                              "p=",   "--B", "9x8", "kv", "\\\\", "/",    "%",
		                              "J99A", "K1",  "\"",  "=",  "QUJD", "7a717" };
	size_t len, from = 0;
	const uint8_t *bytes;
	uint64_t kind = random_next(random) % 5;

	if (kind == 0) {
		bytes = (const uint8_t *)others[random_next(random) % COUNT(others)];
		len = strlen((const char *)bytes);
	} else {
		bytes = oracle_spelling_get(
			pair->oracle, random_next(random) % oracle_spelling_count(pair->oracle),
			&len);
		if (kind == 1)
			from = random_next(random) % len;
		if (kind <= 2)
			len = from + random_next(random) % (len - from) + 1;
	}
	if (len - from > max)
		return 0;
	memcpy(to, bytes + from, len - from);
	return len - from;
}

START_TEST(generated_inputs)
{
	uint64_t random = 1 + (uint64_t)_i;
	struct bench_pair pair;
	uint8_t buf[300];
	char name[80];

	pair_init(&pair, rules, COUNT(rules));
	know(&pair, worlds[_i]);
	for (int round = 0; round < test_rounds(150); round++) {
		size_t len = 0, want = 1 + random_next(&random) % 9;

		if (round == test_rounds(120))
			pair_allow(&pair);
		for (size_t i = 0; i < want; i++)
			len += put_piece(&pair, &random, buf + len, sizeof(buf) - len);
		(void)snprintf(name, sizeof(name), "world %d, input %d", _i, round);
		check_input(&pair, buf, len, CUT_ALL, name);
	}
	pair_done(&pair);
}
END_TEST

/* Every spelling, once, between others. */
START_TEST(every_spelling)
{
	struct bench_pair pair;
	uint8_t buf[700];
	char name[80];

	pair_init(&pair, rules, COUNT(rules));
	know(&pair, worlds[_i]);
	for (size_t i = 0; i < oracle_spelling_count(pair.oracle); i++) {
		size_t len;
		const uint8_t *bytes = oracle_spelling_get(pair.oracle, i, &len);

		memcpy(buf, "see ", 4);
		memcpy(buf + 4, bytes, len);
		memcpy(buf + 4 + len, ".\n", 2);
		(void)snprintf(name, sizeof(name), "world %d, spelling %zu", _i, i);
		check_input(&pair, buf, len + 6, CUT_BYTES, name);
	}
	pair_done(&pair);
}
END_TEST

/* ------------------------------------------------------------------ long values ---- */

/* Bytes of a value: letters and digits, and a few of those that are escaped. */
static void
fill_value(uint8_t *value, size_t len, uint64_t *random)
{
	static const char set[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/\"\n";

	for (size_t i = 0; i < len; i++)
		value[i] = (uint8_t)set[random_next(random) % (sizeof(set) - 1)];
	/* characters of UTF-8 about where a piece ends */
	for (size_t i = 1000; i + 3 < len && i < 1060; i += 3)
		memcpy(value + i, "\xe2\x82\xac", 3);
}

/* A long value in some spelling about the end of a window, cut at random, and in small pieces there. */
START_TEST(long_values)
{
	static const size_t lengths[] = { 130, 1022, 1023, 1024, 1026, 2043, 3000 };
	size_t len = lengths[_i], at = 0;
	uint64_t random = 31 + (uint64_t)_i;
	uint8_t *value = malloc(len), *buf = malloc(40000);
	enum ks_known_verdict verdict;
	struct bench_pair pair;
	char name[80];

	pair_init(&pair, rules, COUNT(rules));
	fill_value(value, len, &random);
	pair_know(&pair, value, len, &verdict);
	ck_assert_int_eq(verdict, KS_KNOWN_TAKEN);
	pair_known(&pair);
	ck_assert_uint_ge(ks_known_held(pair.known), len < 1023 ? len - 1 : 1000);
	ck_assert_uint_le(ks_known_held(pair.known), 7160);
	for (int round = 0; round < test_rounds(4); round++) {
		memset(buf, '.', 40000);
		for (at = 16384 - random_next(&random) % 3000; at < 19000;)
			at += put_piece(&pair, &random, buf + at, 19000) + 1;
		memcpy(buf + at, value, len);
		at += len;
		(void)snprintf(name, sizeof(name), "%zu bytes, input %d", len, round);
		check_input(&pair, buf, at + 3, CUT_RANDOM, name);
	}
	check_input(&pair, buf + at - len - 200, len + 190, CUT_BYTES, "byte by byte");
	free(buf);
	free(value);
	pair_done(&pair);
}
END_TEST

/* ------------------------------------------------------------- where it is looked ---- */

/* Each way to look. The first ones have few patterns without runs, the last ones too many for that. */
static const char *const looks[][8] = {
	/* marks of their own: of two bytes, of four, of what is no ASCII */
	{ "tq7zkmvw8xr2", NULL },
	{ "QWERt3yUIOPA", "z4AAAAAB", NULL },
	{ "QWZXtrvkm", "Kwqzvbnmx", NULL },
	{ "ab@cd.ef", "k.!.-=/.", "ab-cd`ef", NULL },
	{ "and then", "errorlog", "on a set", "in 10 ms", NULL },
	{ "ab.cd/ef", "/.-=:,;/.", "\xe9.\xea.\xeb.\xec.", "ab.cd/efgh-ij.kl/mn.op/qr", NULL },
	/* each kind of runs */
	{ "tq7zkmvw8xr2tq7zkmvw8xr2Q4-w_e7k", "tq7zkmvw.ab", NULL },
	{ "3f9a61c0"
	  "7e5b4d28"
	  "96fe01b7"
	  "c4d5a382"
	  "9f6e0b17",
	  "zk3f9a61c0"
	  "7e5b4d28"
	  "96fe01b7"
	  "c4d5a382", /* its first views only have a letter behind f */
	  "2a3b4c5d"
	  "6e7f2a3b"
	  "4c5d6e7f"
	  "9a8b0c1d", /* its first views only are as text in hexadecimal digits */
	  NULL },
	{ "3f9a61c0"
	  "7e5b4d28",
	  "9182736455647382", "91827364556473820", NULL },
	{ "tQ7zKmVw8xR2tQ7z", "kmvwt7qzpxkmvw9", "kmvwtrqzpxkmQwt", NULL },
	/* several kinds: some are looked for with others */
	{ "3f9a61c0-7e5b-4d28-96fe-01b7c4d5a382",
	  "9f6e0b17"
	  "c0a8e5d4"
	  "31bf",
	  "kmvwt7qz", NULL },
	{ "3f9a61c0-7e5b-4d28-96fe-01b7c4d5a382",
	  "9f6e0b17"
	  "c0a8e5d4"
	  "31bf7e92",
	  "kmvwt7qzp-xk", NULL },
	/* what is rare in logs: somewhere, at the end, nowhere */
	{ "\"'<&\\ 7Kq", "\\\"e's<t&\\er7", "\"a'n<d& t\\h", "<\"o'n& a\\o\"e", "'\"e&s<\\ t/ee",
	  "&a<'\"r e\\e sQ", "\"\\ <'&e\"\\s a'", NULL },
	{ "\"'<&\\ \xc3\xa9t", "\\\"\xc3\xa9's<t&\\er", "\"\xd0\xb0'\xd0\xb1<\xd0\xb2& t\\h",
	  "<\"o'n& a\\o\"\xe9", "'\"e&s<\\ t/ee", "&a<'\"r e\\e sQ",
	  "\xd0\xb0\xd0\xb1\xd0\xb2\xd0\xb3", NULL },
};

/* Each spelling at each place about the end of a word of marks, of a chunk of them, and of a window. */
START_TEST(about_borders)
{
	static const size_t borders[] = { 192, 64, 2048, 4096 };
	const size_t window = 16384;
	struct bench_pair pair;
	size_t step;
	uint8_t buf[16384 + 300];
	char name[80];

	pair_init(&pair, rules, COUNT(rules));
	know(&pair, looks[_i]);
	/* of many spellings each at some places: together at all */
	step = test_slowness() * (1 + oracle_spelling_count(pair.oracle) / 50);
	for (size_t i = 0; i < oracle_spelling_count(pair.oracle); i++) {
		size_t len, border, back;
		const uint8_t *bytes = oracle_spelling_get(pair.oracle, i, &len);

		for (back = i % step; back <= len + 1; back += step) {
			border = (i + back) % 30 == 0 ? window
			                              : borders[(i + back) % COUNT(borders)];
			if (back > border)
				continue;
			memset(buf, back % 3 ? '.' : 'k', sizeof(buf));
			memcpy(buf + border - back, bytes, len);
			(void)snprintf(name, sizeof(name),
			               "look %d, spelling %zu, %zu back from %zu", _i, i, back,
			               border);
			check_input(&pair, buf, border + (back % 2 ? len : 130), 0, name);
		}
	}
	pair_done(&pair);
}
END_TEST

/* All ways to classify lanes say the same, of bytes of which most are what is looked for. */
static void
compare_lanes(enum known_lanes of, const uint8_t *text)
{
	uint64_t plain = ks_known_classify_lanes_plain(of, text);

	ck_assert_uint_eq(ks_known_classify_lanes(of, text), plain);
#ifdef __SSE2__
	ck_assert_uint_eq(ks_known_classify_lanes_sse2(of, text), plain);
	if (__builtin_cpu_supports("avx2"))
		ck_assert_uint_eq(ks_known_classify_lanes_avx2(of, text), plain);
#endif
}

/* Of lanes that are apart the same is said as of all. */
static void
compare_apart(enum known_lanes of, const uint8_t *text)
{
	for (unsigned apart = 1; apart <= APART_MAX; apart++) {
		uint64_t found = ks_known_classify_apart(of, apart, text);

		for (unsigned i = 0; i < LANES; i++) {
			size_t lane = (size_t)i * apart;
			uint64_t all = ks_known_classify_lanes_plain(
				of, text + lane / LANES * LANES_BYTES);

			if ((found >> i & 1) != (all >> lane % LANES & 1))
				ck_abort_msg("lane %u of those %u apart", i, apart);
		}
	}
}

START_TEST(lanes)
{
	static const char set[] = "abcdef23456789AB09gGh`@jz_-";
	uint8_t text[APART_MAX * LANES_BYTES];
	uint64_t random = 7;

	for (int round = 0; round < 600; round++) {
		size_t of = round % 5 ? sizeof(set) - 1 : 14;

		for (size_t i = 0; i < sizeof(text); i++)
			text[i] = (uint8_t)set[random_next(&random) % of];
		for (int byte = 0; byte < 120; byte++)
			text[random_next(&random) % sizeof(text)] = (uint8_t)random_next(&random);
		for (size_t i = 0; i + 1 < sizeof(text) && round % 2; i += 2)
			text[i + (round & 2) / 2] = '2' + random_next(&random) % 6;
		for (enum known_lanes all = LANES_TEXT; all <= LANES_ID; all++) {
			compare_lanes(all, text);
			compare_apart(all, text);
		}
	}
}
END_TEST

/* The same of each byte. */
START_TEST(classes)
{
	uint8_t text[256];

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)(i * 37);
	for (unsigned of = 0; of < KNOWN_CLASSES; of++) {
		for (size_t i = 0; i < sizeof(text); i += CLASS_BYTES)
			ck_assert_uint_eq(ks_known_classify(of, text + i),
			                  ks_known_classify_plain(of, text + i));
	}
}
END_TEST

static void
compare_marks(const struct known_marker *marker, const uint8_t *text, size_t count)
{
	uint64_t plain[4], other[4];

	ks_known_mark_plain(marker, text, count, plain);
	ks_known_mark(marker, text, count, other);
	ck_assert_mem_eq(plain, other, count * sizeof(*plain));
#ifdef __SSE2__
	if (!__builtin_cpu_supports("avx2"))
		return;
	ks_known_mark_ssse3(marker, text, count, other);
	ck_assert_mem_eq(plain, other, count * sizeof(*plain));
	ks_known_mark_avx2(marker, text, count, other);
	ck_assert_mem_eq(plain, other, count * sizeof(*plain));
#endif
}

/* All ways to mark say the same, and a place of what was added is marked. */
START_TEST(all_marks)
{
	uint8_t text[4 * MARK_BYTES + MARK_BEHIND];
	struct known_marker marker;
	uint64_t random = 3, marks[4];

	for (int round = 0; round < 600; round++) {
		size_t from = round % 30, places = 1 + round % 16;

		if (round % 60 == 0)
			marker = ks_known_markers[round / 60 % MARKERS];
		for (size_t i = 0; i < sizeof(text); i++)
			text[i] = (uint8_t)(random_next(&random) % (round % 60 > 40 ? 256 : 128));
		compare_marks(&marker, text, 4);
		ks_known_marker_add(&marker, text + from, places);
		compare_marks(&marker, text, 4);
		ks_known_mark(&marker, text, 4, marks);
		ck_assert(marks[0] >> from & ((1U << places) - 1));
	}
}
END_TEST

START_TEST(ten_thousand_values)
{
	uint64_t random = 5;
	enum ks_known_verdict verdict;
	struct bench_pair pair;
	uint8_t value[64], buf[1200];
	size_t len;
	int count = test_rounds(10000);

	pair_init(&pair, rules, COUNT(rules));
	for (int i = 0; i < count; i++) {
		/* a tenth of them begin alike */
		len = 8 + random_next(&random) % 40;
		for (size_t k = 0; k < len; k++)
			value[k] =
				(uint8_t) "abcdefghijkmnpqrstuvwxyz23456789"[random_next(&random) %
			                                                     32];
		if (i < count / 10 && len > 30)
			memcpy(value, "https://hooks.example/", 22);
		pair_know(&pair, value, len, &verdict);
	}
	ck_assert_uint_gt(ks_known_count(pair.known), (size_t)count / 100 * 99);
	pair_known(&pair);
	for (int round = 0; round < test_rounds(3); round++) {
		len = 0;
		for (int i = 0; i < 40; i++)
			len += put_piece(&pair, &random, buf + len, sizeof(buf) - len);
		check_input(&pair, buf, len, CUT_ALL, "10,000 values");
	}
	pair_done(&pair);
}
END_TEST

/* ------------------------------------------------------------------- given up ---- */

/*
 * Give up after from bytes; then the rest, byte by byte. Of what was held all is masked, and otherwise what the
 * oracle, which has this input, masks.
 */
static void
give_up_at(struct bench_pair *pair, const uint8_t *in, size_t len, const uint8_t *masked,
           size_t from)
{
	struct ks_stream_options options = { .known = pair->known };
	struct ks_stream *s;
	uint8_t out[300], expected[300];
	size_t held = oracle_held_at(pair->oracle, from), at;

	memcpy(expected, masked, len);
	for (size_t i = from - held; i < from; i++) {
		if (in[i] != '\n' && in[i] != '\r')
			expected[i] = '*';
	}
	memcpy(out, in, len);
	ck_assert_int_eq(ks_stream_new(pair->set, &options, &s), KS_OK);
	ck_assert_int_eq(ks_stream_mask(s, pair->scratch, out, from, &at), KS_OK);
	ck_assert_uint_eq(from - at, held);
	ck_assert_int_eq(ks_stream_mask_held(s, pair->scratch, out + at, from - at), KS_OK);
	ck_assert_uint_eq(ks_stream_held(s), 0);
	if (held > 0)
		ck_assert_int_eq(ks_stream_is_idle(s), 0);
	for (size_t to = at = from; to < len; to++) {
		size_t settled;

		if (ks_stream_mask(s, pair->scratch, out + at, to + 1 - at, &settled) != KS_OK)
			ck_abort_msg("a call failed");
		at += settled;
	}
	ck_assert_int_eq(ks_stream_mask_end(s, pair->scratch, out + at, len - at), KS_OK);
	ks_stream_free(s);
	for (size_t i = 0; i < len; i++) {
		if (out[i] !=
		    expected[i]) /* an assertion writes to a file, also when all is well */
			ck_abort_msg("given up at %zu: byte %zu", from, i);
	}
}

START_TEST(given_up)
{
	static const struct ks_rule none = {
		.id = "none", .trigger = "\\x01\\x02", .body = "a", .min = 9
	};
	uint64_t random = 91 + (uint64_t)_i;
	struct bench_pair pair;
	uint8_t buf[200], masked[200];
	size_t count;

	pair_init(&pair, &none, 1);
	know(&pair, worlds[_i]);
	for (int round = 0; round < test_rounds(40); round++) {
		size_t len = 0;

		for (size_t i = 0; i < 5; i++)
			len += put_piece(&pair, &random, buf + len, sizeof(buf) - len);
		ck_assert_int_eq(oracle_run(pair.oracle, buf, len, '*', masked, NULL, 0, &count),
		                 0);
		for (size_t from = 0; from <= len; from++)
			give_up_at(&pair, buf, len, masked, from);
	}
	pair_done(&pair);
}
END_TEST

/* -------------------------------------------------------------------- frames ---- */

struct output {
	uint8_t bytes[8192];
	size_t len;
};

static int
on_bytes(void *ctx, const uint8_t *data, size_t len)
{
	struct output *o = ctx;

	memcpy(o->bytes + o->len, data, len);
	o->len += len;
	return 0;
}

/* Payload in pieces of a container runtime, with headers between them. */
static size_t
frame(const uint8_t *payload, size_t len, uint64_t random, uint8_t *to)
{
	size_t at = 0, n = 0, piece;

	for (; at < len; at += piece) {
		piece = 1 + random_next(&random) % 20;
		piece = piece < len - at ? piece : len - at;
		n += (size_t)sprintf((char *)to + n, "2026-11-22T10:00:00.000000000Z stdout %s ",
		                     at + piece < len ? "P" : "F");
		memcpy(to + n, payload + at, piece);
		n += piece;
		to[n++] = '\n';
	}
	return n;
}

static void
check_framed(struct bench_pair *pair, const uint8_t *in, size_t len, const struct output *expected,
             size_t step)
{
	static struct output out;
	struct ks_redactor_options options = {
		.frame = KS_FRAME_CRI,
		.stream = { .known = pair->known, .sink = on_bytes, .sink_ctx = &out },
	};
	struct ks_redactor *redactor;

	out.len = 0;
	ck_assert_int_eq(ks_redactor_new(pair->set, &options, &redactor), KS_OK);
	for (size_t at = 0; at < len; at += step) {
		if (ks_redactor_feed(redactor, pair->scratch, in + at,
		                     len - at < step ? len - at : step) != KS_OK)
			ck_abort_msg("a call failed");
	}
	ck_assert_int_eq(ks_redactor_end(redactor, pair->scratch), KS_OK);
	ks_redactor_free(redactor);
	ck_assert_uint_eq(out.len, expected->len);
	ck_assert(memcmp(out.bytes, expected->bytes, out.len) == 0);
}

START_TEST(in_frames)
{
	uint64_t random = 17 + (uint64_t)_i;
	static struct output in, expected;
	struct bench_pair pair;
	uint8_t buf[300], masked[300];
	size_t count;

	pair_init(&pair, rules, COUNT(rules));
	know(&pair, worlds[_i]);
	for (int round = 0; round < test_rounds(100); round++) {
		size_t len = 0;

		for (size_t i = 0; i < 6; i++)
			len += put_piece(&pair, &random, buf + len, sizeof(buf) - 1 - len);
		for (size_t i = 0; i < len; i++) /* each piece is one line */
			buf[i] = buf[i] == '\n' || buf[i] == '\r' ? '_' : buf[i];
		buf[len++] = '_';
		ck_assert_int_eq(oracle_run(pair.oracle, buf, len, '*', masked, NULL, 0, &count),
		                 0);
		in.len = frame(buf, len, (uint64_t)round, in.bytes);
		expected.len = frame(masked, len, (uint64_t)round, expected.bytes);
		check_framed(&pair, in.bytes, in.len, &expected, in.len);
		check_framed(&pair, in.bytes, in.len, &expected, 1);
		check_framed(&pair, in.bytes, in.len, &expected, 37);
	}
	pair_done(&pair);
}
END_TEST

/* ------------------------------------------------------------------- what is taken ---- */

START_TEST(refused_values)
{
	static const struct {
		const char *value;
		enum ks_known_verdict verdict;
	} cases[] = {
		{ "", KS_KNOWN_SHORT },
		{ "x9k2m4p", KS_KNOWN_SHORT },
		{ "x9k2m4pq", KS_KNOWN_TAKEN },
		{ "changeme", KS_KNOWN_COMMON },
		{ "Password123!", KS_KNOWN_COMMON },
		{ "--SECRET--", KS_KNOWN_COMMON },
		{ "postgresql", KS_KNOWN_COMMON },
		{ "passwords4you", KS_KNOWN_TAKEN },
		{ "382915604", KS_KNOWN_COMMON },
		{ "3829156047", KS_KNOWN_TAKEN },
		{ "aabbcaacbb", KS_KNOWN_COMMON },
		{ "aaaaaaaaaaaaaaaaaaaa", KS_KNOWN_COMMON },
		{ "abcdefghijklm", KS_KNOWN_COMMON },
		{ "9876543210zyxwv", KS_KNOWN_COMMON },
		{ "abcd1234", KS_KNOWN_COMMON },
		{ "        ", KS_KNOWN_COMMON },
		{ "qwertyuiop", KS_KNOWN_COMMON },
		{ "http://localhost:8080", KS_KNOWN_COMMON },
		{ "postgres://postgres@", KS_KNOWN_COMMON },
		{ "postgres://postgres:k3J9w@db", KS_KNOWN_TAKEN },
		{ "https://hooks.example/k3J9w", KS_KNOWN_TAKEN },
		{ "127.0.0.1", KS_KNOWN_COMMON },
		{ "http://10.11.12.13:8080/", KS_KNOWN_COMMON },
		{ "10.11.12.13k3J9w", KS_KNOWN_TAKEN },
		{ "10.11.12.13.14.15", KS_KNOWN_TAKEN },
		{ "10.11.12", KS_KNOWN_TAKEN },
		{ "2026-11-22", KS_KNOWN_COMMON },
		{ "2026-11-22T10:00:00.123+01:00", KS_KNOWN_COMMON },
		{ "2026-11-22k3J9w", KS_KNOWN_TAKEN },
		{ "2126-11-22", KS_KNOWN_TAKEN },
		{ "1234-5678-9012", KS_KNOWN_TAKEN },
		{ "/usr/bin", KS_KNOWN_COMMON },
		{ "/usr/k3J9w+", KS_KNOWN_TAKEN },
		{ "application/json", KS_KNOWN_COMMON },
		{ "db.app.svc.cluster.local", KS_KNOWN_COMMON },
		{ "u:k3J9w@db.svc.cluster.local", KS_KNOWN_TAKEN },
	};
	enum ks_known_verdict verdict;
	struct ks_known *known;
	uint8_t *large = malloc(KS_KNOWN_MAX + 1);
	size_t taken = 2;

	ck_assert_int_eq(ks_known_new(&known), KS_OK);
	for (size_t i = 0; i < COUNT(cases); i++) {
		ck_assert_int_eq(ks_known_add(known, (const uint8_t *)cases[i].value,
		                              strlen(cases[i].value), 1, &verdict),
		                 KS_OK);
		ck_assert_msg(verdict == cases[i].verdict, "case %zu", i);
		taken += verdict == KS_KNOWN_TAKEN;
	}
	for (size_t i = 0; i <= KS_KNOWN_MAX; i++)
		large[i] = (uint8_t)(i * i >> 3);
	ck_assert_int_eq(ks_known_add(known, large, KS_KNOWN_MAX + 1, 1, &verdict), KS_OK);
	ck_assert_int_eq(verdict, KS_KNOWN_LONG);
	for (int twice = 0; twice < 2; twice++) {
		ck_assert_int_eq(ks_known_add(known, (const uint8_t *)"x7x6x5x4z", 9, 2, &verdict),
		                 KS_OK);
		ck_assert_int_eq(verdict, KS_KNOWN_TAKEN);
	}
	ck_assert_uint_eq(ks_known_count(known), taken);
	ck_assert_int_eq(ks_known_add(known, large, 20, 0, &verdict), KS_ERROR_MISUSE);
	ck_assert_int_eq(ks_known_compile(known), KS_OK);
	ck_assert_int_eq(ks_known_compile(known), KS_ERROR_MISUSE);
	ck_assert_int_eq(ks_known_add(known, large, 20, 1, &verdict), KS_ERROR_MISUSE);
	ks_known_free(known);
	ks_known_free(NULL);
	free(large);
}
END_TEST

START_TEST(not_compiled_or_empty)
{
	struct ks_stream_options options = { 0 };
	struct bench_pair pair;
	struct ks_known *known;
	struct ks_stream *s;

	pair_init(&pair, rules, COUNT(rules));
	ck_assert_int_eq(ks_known_new(&known), KS_OK);
	options.known = known;
	ck_assert_int_eq(ks_stream_new(pair.set, &options, &s), KS_ERROR_MISUSE);
	ck_assert_int_eq(ks_known_compile(known), KS_OK);
	ck_assert_uint_eq(ks_known_held(known), 0);
	pair.known = known;
	check_input(&pair, (const uint8_t *)"nothing but p=x9k2m4pq is here", 30, CUT_ALL, "empty");
	pair_done(&pair);
}
END_TEST

START_TEST(tags)
{
	static const char in[] = "x aqaqaqax7 p=xaqaqaqa7 pk-ab-aqaqaqax7 p=y";
	static const char expected[] = "x [REDACTED:known-secret] p=[REDACTED:known-secret] "
				       "pk-ab-[REDACTED:key] p=y";
	static struct output out;
	struct ks_stream_options options = { .mask = KS_MASK_TAG,
		                             .sink = on_bytes,
		                             .sink_ctx = &out };
	struct bench_pair pair;
	struct ks_stream *s;

	pair_init(&pair, rules, COUNT(rules));
	know(&pair, worlds[0]);
	options.known = pair.known;
	ck_assert_int_eq(ks_stream_new(pair.set, &options, &s), KS_OK);
	for (size_t i = 0; i < sizeof(in) - 1; i++)
		ck_assert_int_eq(ks_stream_feed(s, pair.scratch, (const uint8_t *)in + i, 1),
		                 KS_OK);
	ck_assert_int_eq(ks_stream_feed_end(s, pair.scratch), KS_OK);
	ck_assert_uint_eq(out.len, sizeof(expected) - 1);
	ck_assert(memcmp(out.bytes, expected, out.len) == 0);
	ks_stream_free(s);
	pair_done(&pair);
}
END_TEST

/* --------------------------------------------------------------------- memory ---- */

/* Does memory[0, len) have a byte sequence that is needle when each byte is changed by 0x55? */
static bool
has_bytes(const uint8_t *memory, size_t len, const uint8_t *needle, size_t n)
{
	for (size_t i = 0; i + n <= len; i++) {
		size_t k = 0;

		while (k < n && (memory[i + k] ^ 0x55) == needle[k])
			k++;
		if (k == n)
			return true;
	}
	return false;
}

/* AddressSanitizer has mlock(2) do nothing. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LOCKS false
#endif
#endif
#ifndef LOCKS
#define LOCKS true
#endif

#define MAPPING_MAX (8UL << 20) /* the greater ones are a sanitizer's */

/* In how many mappings is it that are, or are not, both locked and in no core file? */
static unsigned
count_mappings(const uint8_t *needle, size_t n, bool are_secret)
{
	FILE *smaps = fopen("/proc/self/smaps", "r"), *memory = fopen("/proc/self/mem", "rb");
	unsigned long from = 0, to = 0, a, b;
	char line[512], access[8] = "";
	unsigned count = 0;

	ck_assert(smaps && memory);
	while (fgets(line, sizeof(line), smaps)) {
		uint8_t *copy;

		if (sscanf(line, "%lx-%lx %7s", &a, &b, access) == 3) {
			from = a;
			to = b;
		}
		if (strncmp(line, "VmFlags:", 8) != 0 || access[0] != 'r' || access[1] != 'w' ||
		    (strstr(line, " lo") && strstr(line, " dd")) != are_secret ||
		    to - from > MAPPING_MAX)
			continue;
		copy = calloc(1,
		              to - from); /* zeroed, and freed at once: it does not find itself */
		(void)fseek(memory, (long)from, SEEK_SET);
		size_t len = fread(copy, 1, to - from, memory);
		count += has_bytes(copy, len, needle, n);
		explicit_bzero(copy, len);
		free(copy);
	}
	(void)fclose(smaps);
	(void)fclose(memory);
	return count;
}

static void
put_needle(const uint8_t *needle, size_t n, uint8_t *value)
{
	for (size_t i = 0; i < n; i++)
		value[i] = needle[i] ^ 0x55;
}

START_TEST(secret_memory)
{
	uint8_t needle[40], value[40];
	uint64_t random = 12;
	enum ks_known_verdict verdict;
	struct ks_known *known;

	for (size_t i = 0; i < sizeof(needle); i++)
		needle[i] =
			(uint8_t) "abcdefghijklmnopqrstuvwxyz012345"[random_next(&random) % 32] ^
			0x55;
	ck_assert_int_eq(ks_known_new(&known), KS_OK);
	put_needle(needle, sizeof(needle), value);
	ck_assert_int_eq(ks_known_add(known, value, sizeof(value), 1, &verdict), KS_OK);
	ck_assert_int_eq(verdict, KS_KNOWN_TAKEN);
	explicit_bzero(value, sizeof(value));
	ck_assert_int_eq(ks_known_compile(known), KS_OK);
	ck_assert_int_eq(ks_known_is_locked(known), 1);
	ck_assert_uint_eq(count_mappings(needle, sizeof(needle), LOCKS), 1);
	ck_assert_uint_eq(count_mappings(needle, sizeof(needle), !LOCKS), 0);
	ks_known_free(known);
	ck_assert_uint_eq(count_mappings(needle, sizeof(needle), true), 0);
	ck_assert_uint_eq(count_mappings(needle, sizeof(needle), false), 0);
}
END_TEST

/* Nothing is allocated once a stream is warm. */
START_TEST(no_allocation)
{
	struct bench_pair pair;
	struct ks_stream_options options = { 0 };
	struct ks_stream *s;
	size_t settled, before = 0;
	uint8_t buf[64];

	pair_init(&pair, rules, COUNT(rules));
	know(&pair, worlds[1]);
	options.known = pair.known;
	ck_assert_int_eq(ks_stream_new(pair.set, &options, &s), KS_OK);
	for (int i = 0; i < 1000; i++) {
		memcpy(buf, "log kv9zkv9zkv9z p=kv9zkv9z.. kv9 YSBrdjl6 ", 43);
		ck_assert_int_eq(ks_stream_mask(s, pair.scratch, buf, 43, &settled), KS_OK);
		ck_assert_uint_eq(settled, 43);
		if (i == 10)
			before = mallinfo2().uordblks;
	}
	ck_assert_uint_eq(mallinfo2().uordblks, before);
	ks_stream_free(s);
	pair_done(&pair);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("known");
	TCase *tcase = tcase_create("known values"), *memory = tcase_create("memory");

	tcase_set_timeout(tcase, 300);
	tcase_set_timeout(memory, 300);
	/* what takes long comes last: where the first failure ends the program, it is often not begun */
	tcase_add_test(memory, secret_memory);
	tcase_add_test(memory, no_allocation);
	tcase_add_test(tcase, classes);
	tcase_add_test(tcase, lanes);
	tcase_add_test(tcase, all_marks);
	tcase_add_test(tcase, refused_values);
	tcase_add_test(tcase, not_compiled_or_empty);
	tcase_add_test(tcase, tags);
	tcase_add_loop_test(tcase, every_spelling, 0, (int)COUNT(worlds));
	tcase_add_loop_test(tcase, generated_inputs, 0, (int)COUNT(worlds));
	tcase_add_loop_test(tcase, in_frames, 0, (int)COUNT(worlds));
	tcase_add_loop_test(tcase, given_up, 0, (int)COUNT(worlds));
	tcase_add_test(tcase, ten_thousand_values);
	tcase_add_loop_test(tcase, long_values, 0, 7);
	tcase_add_loop_test(tcase, about_borders, 0, (int)COUNT(looks));
	suite_add_tcase(suite, memory);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
