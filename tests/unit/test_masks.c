/* SPDX-License-Identifier: Apache-2.0 */
/* What is put in place of secrets, at every cut, against a model that is told where they are. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keysieve.h"
#include "suite.h"

#define TEXT_MAX    2048U
#define FINDING_MAX 16U

static const struct ks_rule rules[] = {
	{ .id = "provider", .trigger = "pk-[a-z]{2}-", .body = "A-Za-z0-9_-", .min = 20 },
	{ .id = "carrier",
	  .trigger = "[?&]key=",
	  .body = "A-Za-z0-9+/_-",
	  .min = 8,
	  .kind = KS_KIND_CARRIER },
	{ .id = "tagged", .trigger = "tk_", .body = "a-zA-Z0-9", .min = 4, .mask = KS_MASK_TAG },
	{ .id = "filled", .trigger = "fk_", .body = "a-zA-Z0-9", .min = 4, .mask = KS_MASK_FILL },
	{ .id = "kept",
	  .trigger = "kk_",
	  .body = "a-zA-Z0-9",
	  .min = 4,
	  .mask = KS_MASK_FILL,
	  .has_keep_last = 1,
	  .keep_last = 2 },
	{ .id = "block", .trigger = "--B\n", .body = "A-Za-z0-9+=\\s\\\\", .min = 20 },
};

#define RULE_COUNT (sizeof(rules) / sizeof(rules[0]))

/* '0' stands for a byte of a secret, so that the file has none. */
static const char *const templates[] = {
	"log pk-ab-000000000000000000000000000000000000 and more",
	"GET /?key=00000000 HTTP/1.1\nGET /?key=pk-ab-000000000000000000000000 x",
	"GET /?key=0000%2B000000\\/0000 and &key=000000000000000000000000000000000000000%2F",
	"tk_00000 fk_000000 kk_00000000000000000000000000000000000000 kk_00000",
	"--B\n000000000000000000000000000000\n0000000000000000000000000000000000000\n\n000==\n--E "
	"x",
	"--B\n0000000000000000000000000\\n00000000000000000000000000000000000000000-- \"x\"",
	"pk-ab-"
	"000000000000000000000000000000000000000000000000000000000000000000000000000000000000",
};

struct style {
	enum ks_mask mask;
	unsigned keep_last;
};

static const struct style styles[] = {
	{ KS_MASK_FILL, 0 }, { KS_MASK_FILL, 1 }, { KS_MASK_FILL, 4 },
	{ KS_MASK_TAG, 0 },  { KS_MASK_HASH, 0 }, { KS_MASK_FILL_HASH, 0 },
};

#define STYLE_COUNT (sizeof(styles) / sizeof(styles[0]))

struct output {
	char text[2 * TEXT_MAX];
	size_t len;
	struct ks_finding findings[FINDING_MAX];
	char fingerprints[FINDING_MAX][KS_FINGERPRINT_SIZE];
	size_t count;
};

struct fixture {
	struct ks_ruleset *set;
	struct ks_scratch *scratch;
	struct ks_key *key;
	struct ks_fingerprint *fingerprint;
};

static void
fixture_init(struct fixture *f)
{
	char dir[] = "/tmp/keysieve-masks-XXXXXX", path[64];

	ck_assert(mkdtemp(dir) != NULL);
	(void)snprintf(path, sizeof(path), "%s/key", dir);
	ck_assert_int_eq(ks_key_create_file(path, NULL), KS_OK);
	ck_assert_int_eq(ks_key_read_file(path, &f->key, NULL), KS_OK);
	(void)remove(path);
	(void)remove(dir);
	f->fingerprint = ks_fingerprint_new(f->key);
	ck_assert(f->fingerprint != NULL);
	ck_assert_int_eq(ks_ruleset_new(rules, RULE_COUNT, &f->set, NULL), KS_OK);
	ck_assert_int_eq(ks_scratch_new(f->set, &f->scratch), KS_OK);
}

static void
fixture_done(struct fixture *f)
{
	ks_scratch_free(f->scratch);
	ks_ruleset_free(f->set);
	ks_fingerprint_free(f->fingerprint);
	ks_key_free(f->key);
}

static size_t
fill_template(const char *template, char *text)
{
	size_t n = strlen(template);

	for (size_t i = 0; i < n; i++)
		text[i] = template[i] == '0' ? "A7b3C9d1x"[i % 9] : template[i];
	return n;
}

static int
on_bytes(void *ctx, const uint8_t *data, size_t len)
{
	struct output *out = ctx;

	ck_assert_uint_le(out->len + len, sizeof(out->text));
	memcpy(out->text + out->len, data, len);
	out->len += len;
	return 0;
}

static void
on_finding(void *ctx, const struct ks_finding *finding)
{
	struct output *out = ctx;

	ck_assert_uint_lt(out->count, FINDING_MAX);
	ck_assert(finding->fingerprint != NULL);
	memcpy(out->fingerprints[out->count], finding->fingerprint, KS_FINGERPRINT_SIZE);
	out->findings[out->count++] = *finding;
}

/* Push text through in three parts. */
static void
run(const struct fixture *f, struct style style, const char *text, size_t len, const size_t cuts[2],
    struct output *out)
{
	struct ks_stream_options options = {
		.mask = style.mask,
		.keep_last = style.keep_last,
		.fingerprint = f->fingerprint,
		.sink = on_bytes,
		.sink_ctx = out,
		.on_finding = on_finding,
		.finding_ctx = out,
	};
	const uint8_t *data = (const uint8_t *)text;
	struct ks_stream *stream;

	out->len = out->count = 0;
	ck_assert_int_eq(ks_stream_new(f->set, &options, &stream), KS_OK);
	ck_assert_int_eq(ks_stream_feed(stream, f->scratch, data, cuts[0]), KS_OK);
	ck_assert_int_eq(ks_stream_feed(stream, f->scratch, data + cuts[0], cuts[1] - cuts[0]),
	                 KS_OK);
	ck_assert_int_eq(ks_stream_feed(stream, f->scratch, data + cuts[1], len - cuts[1]), KS_OK);
	ck_assert_int_eq(ks_stream_feed_end(stream, f->scratch), KS_OK);
	ks_stream_free(stream);
}

/* ------------------------------------------------------------------- the model ---- */

static void
add(struct output *out, const char *text, size_t len)
{
	(void)on_bytes(out, (const uint8_t *)text, len);
}

static void
add_filled(struct output *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		add(out, text[i] == '\n' ? "\n" : "*", 1);
}

static void
add_region(struct output *out, struct style style, const struct ks_finding *finding,
           const char *fingerprint, const char *text)
{
	const struct ks_rule *rule = &rules[finding->rule];
	const char *secret = text + finding->offset;
	size_t len = finding->length, kept = 0, hash_len = strlen(fingerprint);
	char tag[128];

	if (rule->mask)
		style = (struct style){ rule->mask,
			                rule->has_keep_last ? rule->keep_last : style.keep_last };
	if (style.mask == KS_MASK_TAG || style.mask == KS_MASK_HASH) {
		(void)snprintf(tag, sizeof(tag),
		               style.mask == KS_MASK_TAG ? "[REDACTED:%s]" : "[REDACTED:%s#%s]",
		               rule->id, fingerprint);
		add(out, tag, strlen(tag));
		return;
	}
	if (len >= 32 && style.mask == KS_MASK_FILL)
		kept = style.keep_last;
	if (len >= 32 && style.mask == KS_MASK_FILL_HASH &&
	    !memchr(secret + len - hash_len, '\n', hash_len)) {
		add_filled(out, secret, len - hash_len);
		add(out, fingerprint, hash_len);
		return;
	}
	add_filled(out, secret, len - kept);
	add(out, secret + len - kept, kept);
}

/* What is wanted, where the secrets are known. */
static void
model(const struct output *known, struct style style, const char *text, size_t len,
      struct output *out)
{
	size_t at = 0;

	out->len = 0;
	for (size_t i = 0; i < known->count; i++) {
		const struct ks_finding *finding = &known->findings[i];

		add(out, text + at, finding->offset - at);
		add_region(out, style, finding, known->fingerprints[i], text);
		at = finding->offset + finding->length;
	}
	add(out, text + at, len - at);
}

/* ------------------------------------------------------------------------ tests ---- */

static void
check_cut(const struct fixture *f, struct style style, const char *text, size_t len,
          const size_t cuts[2], const struct output *wanted, const struct output *known)
{
	static struct output out;

	run(f, style, text, len, cuts, &out);
	ck_assert_msg(out.len == wanted->len && memcmp(out.text, wanted->text, out.len) == 0,
	              "style %d, cut at %zu and %zu", (int)style.mask, cuts[0], cuts[1]);
	ck_assert_uint_eq(out.count, known->count);
	for (size_t i = 0; i < out.count; i++) {
		ck_assert_uint_eq(out.findings[i].rule, known->findings[i].rule);
		ck_assert_str_eq(out.fingerprints[i], known->fingerprints[i]);
	}
}

START_TEST(masks_are_the_same_at_every_cut)
{
	static struct output known, wanted;
	struct style plain = { KS_MASK_FILL, 0 }, style = styles[_i];
	struct fixture f;
	char text[TEXT_MAX];

	fixture_init(&f);
	for (size_t t = 0; t < sizeof(templates) / sizeof(templates[0]); t++) {
		size_t len = fill_template(templates[t], text), whole[2] = { 0, 0 };

		run(&f, plain, text, len, whole, &known);
		ck_assert_uint_gt(known.count, 0);
		model(&known, style, text, len, &wanted);
		for (size_t a = 0; a <= len; a++) {
			for (size_t b = a; b <= len; b += b < a + 3 ? 1 : 17)
				check_cut(&f, style, text, len, (size_t[]){ a, b }, &wanted,
				          &known);
		}
	}
	fixture_done(&f);
}
END_TEST

static void
check_fingerprint(const struct fixture *f, const char *a, const char *b, bool is_same)
{
	char of_a[KS_FINGERPRINT_SIZE], of_b[KS_FINGERPRINT_SIZE];

	ck_assert_int_eq(ks_fingerprint_text(f->fingerprint, (const uint8_t *)a, strlen(a), of_a),
	                 KS_OK);
	ck_assert_int_eq(ks_fingerprint_text(f->fingerprint, (const uint8_t *)b, strlen(b), of_b),
	                 KS_OK);
	ck_assert_uint_eq(strlen(of_a), KS_FINGERPRINT_SIZE - 1);
	ck_assert_int_eq(strcmp(of_a, of_b) == 0, is_same);
}

START_TEST(fingerprints_do_not_see_notations)
{
	struct fixture f;

	fixture_init(&f);
	check_fingerprint(&f, "ab/cd+ef", "ab\\/cd%2Bef", true);
	check_fingerprint(&f, "ab/cd+ef", "ab%2fcd\\u002bef", true);
	check_fingerprint(&f, "abc\ndef\n", "abc\\ndef", true);
	check_fingerprint(&f, "abc\r\ndef", "abcdef", true);
	check_fingerprint(&f, "a%2", "a%2", true);
	check_fingerprint(&f, "a%%41", "a%A", true);
	check_fingerprint(&f, "a\\u00zz", "a\\u00zz", true);
	check_fingerprint(&f, "a%2", "a%3", false);
	check_fingerprint(&f, "abcdef", "abcdeg", false);
	check_fingerprint(&f, "", "a", false);
	fixture_done(&f);
}
END_TEST

START_TEST(what_cannot_be_is_refused)
{
	struct ks_stream_options options = { .mask = KS_MASK_FILL };
	struct ks_stream *stream;
	struct ks_ruleset *set;
	struct output out;
	struct fixture f;

	fixture_init(&f);
	ck_assert_int_eq(ks_stream_new(f.set, &options, &stream),
	                 KS_ERROR_MISUSE); /* rules want more */
	ck_assert_int_eq(ks_ruleset_new(rules, 2, &set, NULL), KS_OK);
	ck_assert_int_eq(ks_stream_new(set, &options, &stream), KS_OK);
	ks_stream_free(stream);
	options.mask = KS_MASK_TAG;
	ck_assert_int_eq(ks_stream_new(set, &options, &stream), KS_ERROR_MISUSE);
	options.sink = on_bytes;
	options.sink_ctx = &out;
	ck_assert_int_eq(ks_stream_new(set, &options, &stream), KS_OK);
	ks_stream_free(stream);
	options.mask = KS_MASK_HASH;
	ck_assert_int_eq(ks_stream_new(set, &options, &stream), KS_ERROR_MISUSE);
	options.mask = KS_MASK_FILL;
	options.keep_last = 5;
	ck_assert_int_eq(ks_stream_new(set, &options, &stream), KS_ERROR_MISUSE);
	ks_ruleset_free(set);
	fixture_done(&f);
}
END_TEST

/* A stream that breaks off in a run: nothing of it comes out, whatever the mask. */
START_TEST(a_stop_leaks_nothing)
{
	static struct output out;
	struct ks_stream_options options = {
		.mask = styles[_i].mask,
		.keep_last = styles[_i].keep_last,
		.sink = on_bytes,
		.sink_ctx = &out,
	};
	struct ks_stream *stream;
	struct fixture f;
	char text[TEXT_MAX];
	size_t len = fill_template(templates[0], text);

	fixture_init(&f);
	options.fingerprint = f.fingerprint;
	for (size_t at = 10; at <= 45; at++) {
		out.len = 0;
		ck_assert_uint_le(at, len);
		ck_assert_int_eq(ks_stream_new(f.set, &options, &stream), KS_OK);
		ck_assert_int_eq(ks_stream_feed(stream, f.scratch, (uint8_t *)text, at), KS_OK);
		ck_assert_int_eq(ks_stream_feed_stop(stream, f.scratch), KS_OK);
		ks_stream_free(stream);
		ck_assert_int_eq(memcmp(out.text, "log pk-ab-", 10), 0);
		for (size_t i = 10; i < out.len; i++)
			ck_assert(out.text[i] == '*' || styles[_i].mask == KS_MASK_TAG ||
			          styles[_i].mask == KS_MASK_HASH);
	}
	fixture_done(&f);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("masks");
	TCase *tcase = tcase_create("masks");

	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, masks_are_the_same_at_every_cut, 0, STYLE_COUNT);
	tcase_add_test(tcase, fingerprints_do_not_see_notations);
	tcase_add_test(tcase, what_cannot_be_is_refused);
	tcase_add_loop_test(tcase, a_stop_leaks_nothing, 0, STYLE_COUNT);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
