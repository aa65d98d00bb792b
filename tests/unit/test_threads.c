/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several threads make what one stream makes that is fed in one piece: the same bytes, the same findings. Blocks are
 * small here, so that there are many places at which one thread's work meets another's.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "filter.h"
#include "harness.h"
#include "succession.h"
#include "suite.h"
#include "thread_text.h"
#include "worlds.h"

#define OUTPUT_MAX (32 * TEXT_MAX)
#define LINE_MAX   128U

/* ------------------------------------------------------------------------ output ---- */

struct output {
	uint8_t *bytes;
	size_t len;
	char *findings; /* LINE_MAX bytes each */
	size_t findings_len;
};

static void
output_init(struct output *out)
{
	*out = (struct output){ .bytes = malloc(OUTPUT_MAX), .findings = malloc(OUTPUT_MAX) };
	ck_assert(out->bytes && out->findings);
}

static void
output_done(struct output *out)
{
	free(out->bytes);
	free(out->findings);
}

/* A filter_write_fn and a ks_sink_fn. It is called very often, and an assertion writes to a file, also when all is well. */
static int
on_bytes(void *ctx, const uint8_t *data, size_t len)
{
	struct output *out = ctx;

	if (out->len + len > OUTPUT_MAX)
		ck_abort_msg("%zu bytes, and %zu more", out->len, len);
	memcpy(out->bytes + out->len, data, len);
	out->len += len;
	return 0;
}

static void
on_finding(void *ctx, const struct ks_finding *f)
{
	struct output *out = ctx;

	if (out->findings_len + LINE_MAX > OUTPUT_MAX)
		ck_abort_msg("%zu findings", out->findings_len / LINE_MAX);
	memset(out->findings + out->findings_len, 0, LINE_MAX);
	(void)snprintf(out->findings + out->findings_len, LINE_MAX, "%zu %zu %ju %ju %ju %s",
	               f->rule, f->known, (uintmax_t)f->offset, (uintmax_t)f->length,
	               (uintmax_t)f->line, f->fingerprint ? f->fingerprint : "-");
	out->findings_len += LINE_MAX;
}

static int
compare_lines(const void *a, const void *b)
{
	return memcmp(a, b, LINE_MAX);
}

/* Of several streams of one source, which one's findings come first depends on how it was read. */
static void
sort_findings(struct output *out)
{
	qsort(out->findings, out->findings_len / LINE_MAX, LINE_MAX, compare_lines);
}

static void
check_same(const struct output *got, const struct output *want, const char *name)
{
	size_t at = 0;

	while (at < got->len && at < want->len && got->bytes[at] == want->bytes[at])
		at++;
	ck_assert_msg(got->len == want->len && at == got->len,
	              "%s: %zu bytes for %zu, the first difference at %zu", name, got->len,
	              want->len, at);
	ck_assert_msg(got->findings_len == want->findings_len &&
	                      memcmp(got->findings, want->findings, got->findings_len) == 0,
	              "%s: other findings", name);
}

/* --------------------------------------------------------------------------- ways ---- */

struct job {
	const struct ks_ruleset *set;
	struct ks_stream_options options;
	enum ks_frame frame;
	const uint8_t *text;
	bool is_piped;
};

static void
feed_stream(const struct job *job, const struct ks_stream_options *options,
            struct ks_scratch *scratch)
{
	struct ks_stream *stream;

	ck_assert_int_eq(ks_stream_new(job->set, options, &stream), KS_OK);
	ck_assert_int_eq(ks_stream_feed(stream, scratch, job->text, TEXT_MAX), KS_OK);
	ck_assert_int_eq(ks_stream_feed_end(stream, scratch), KS_OK);
	ks_stream_free(stream);
}

static void
feed_redactor(const struct job *job, const struct ks_stream_options *options,
              struct ks_scratch *scratch)
{
	const struct ks_redactor_options framed = { .frame = job->frame, .stream = *options };
	struct ks_redactor *redactor;

	ck_assert_int_eq(ks_redactor_new(job->set, &framed, &redactor), KS_OK);
	ck_assert_int_eq(ks_redactor_feed(redactor, scratch, job->text, TEXT_MAX), KS_OK);
	ck_assert_int_eq(ks_redactor_end(redactor, scratch), KS_OK);
	ks_redactor_free(redactor);
}

/* What is right: one stream, or one redactor. */
static void
feed(const struct job *job, struct output *out)
{
	struct ks_stream_options options = job->options;
	struct ks_scratch *scratch;

	options.on_finding = on_finding;
	options.finding_ctx = options.sink_ctx = out;
	options.sink = on_bytes;
	ck_assert_int_eq(ks_scratch_new(job->set, &scratch), KS_OK);
	if (job->frame == KS_FRAME_RAW)
		feed_stream(job, &options, scratch);
	else
		feed_redactor(job, &options, scratch);
	ks_scratch_free(scratch);
}

struct writer {
	const uint8_t *text;
	int fd;
};

/* Pieces of any size, slowly now and then. */
static void *
write_pieces(void *ctx)
{
	const struct writer *writer = ctx;
	uint64_t random = 5;

	for (size_t at = 0; at < TEXT_MAX;) {
		size_t n = 1 + random_next(&random) % (random & 64 ? 300 : 90000);

		n = n < TEXT_MAX - at ? n : TEXT_MAX - at;
		ck_assert_int_eq(write(writer->fd, writer->text + at, n), (ssize_t)n);
		at += n;
		if (random % 16 == 0)
			usleep(1000);
	}
	(void)close(writer->fd);
	return NULL;
}

static int
open_text(struct job *job, struct writer *writer, pthread_t *thread)
{
	int fds[2];

	if (!job->is_piped) {
		fds[0] = memfd_create("text", MFD_CLOEXEC);
		ck_assert_int_eq(write(fds[0], job->text, TEXT_MAX), TEXT_MAX);
		ck_assert_int_eq(lseek(fds[0], 0, SEEK_SET), 0);
		return fds[0];
	}
	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	(void)fcntl(fds[0], F_SETPIPE_SZ, 1 << 20);
	*writer = (struct writer){ job->text, fds[1] };
	ck_assert_int_eq(pthread_create(thread, NULL, write_pieces, writer), 0);
	return fds[0];
}

static void
filter_text(struct job *job, size_t threads, struct output *out)
{
	const atomic_uint raised = 0;
	const struct wake wake = { .fd = -1, .raised = &raised };
	const struct filter_options options = { .frame = job->frame,
		                                .write = on_bytes,
		                                .write_ctx = out,
		                                .threads = threads,
		                                .block_size = 8192 };
	struct ks_stream_options stream = job->options;
	struct filter *filter = ks_filter_new(&options);
	struct filter_error error;
	struct writer writer;
	pthread_t thread;
	struct inlet inlet;
	int fd = open_text(job, &writer, &thread);

	stream.on_finding = on_finding;
	stream.finding_ctx = out;
	ck_assert(filter != NULL);
	ck_assert_int_eq(ks_filter_use(filter, job->set, &stream), KS_OK);
	ck_assert_int_eq(ks_inlet_init(&inlet, fd, &wake), 0);
	ck_assert_int_eq(ks_filter_copy(filter, &inlet, &error), 0);
	ck_assert_int_eq(ks_filter_end(filter, &error), 0);
	ck_assert_uint_eq(ks_filter_bytes(filter), TEXT_MAX);
	if (job->is_piped)
		ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ks_inlet_done(&inlet);
	ks_filter_free(filter);
	(void)close(fd);
}

static void
compare(struct job *job, const char *name)
{
	struct output got, want;

	output_init(&got);
	output_init(&want);
	feed(job, &want);
	filter_text(job, 3, &got);
	if (job->frame != KS_FRAME_RAW) {
		sort_findings(&got);
		sort_findings(&want);
	}
	check_same(&got, &want, name);
	output_done(&got);
	output_done(&want);
}

/* -------------------------------------------------------------------------- tests ---- */

/* Every third run or so stays readable. */
static int
is_allowed(void *ctx, size_t rule, const uint8_t *run, size_t len)
{
	(void)ctx;
	return (rule + run[0] + len) % 3 == 0;
}

static const struct ks_stream_options styles[] = {
	{ .counts_lines = 1 },
	{ .counts_lines = 0, .is_allowed = is_allowed },
	{ .mask = KS_MASK_TAG, .counts_lines = 1 },
	{ .keep_last = 4 },
};

#define STYLE_COUNT (sizeof(styles) / sizeof(styles[0]))

enum way { WAY_FILE, WAY_PIPE, WAY_FRAMES };

static const size_t rounds[] = {
	[WAY_FILE] = 3 * STYLE_COUNT, [WAY_PIPE] = STYLE_COUNT, [WAY_FRAMES] = THREAD_FRAMES_COUNT
};

static void
compare_worlds(int number, enum way way)
{
	const struct world *w = &worlds[number];
	struct ks_fingerprint *fingerprint;
	struct ks_key *key;
	struct ks_ruleset *set;
	uint8_t *text = malloc(TEXT_MAX);
	struct job job = { .frame = KS_FRAME_RAW, .text = text, .is_piped = way == WAY_PIPE };
	uint64_t random = 100 + (uint64_t)number;
	char name[80];

	ck_assert(text != NULL);
	ck_assert_int_eq(ks_key_new_random(&key), KS_OK);
	fingerprint = ks_fingerprint_new(key);
	ck_assert(fingerprint != NULL);
	ck_assert_int_eq(ks_ruleset_new(w->rules, world_rule_count(w), &set, NULL), KS_OK);
	job.set = set;
	for (size_t i = 0; i < rounds[way]; i++) {
		if (way == WAY_FRAMES)
			job.frame = thread_frames(w, i, &random, text);
		else
			thread_text(w, &random, text, TEXT_MAX);
		job.options = styles[i % STYLE_COUNT];
		job.options.fingerprint = fingerprint;
		(void)snprintf(name, sizeof(name), "%s, round %zu", w->name, i);
		compare(&job, name);
	}
	ks_ruleset_free(set);
	ks_fingerprint_free(fingerprint);
	ks_key_free(key);
	free(text);
}

START_TEST(files)
{
	compare_worlds(_i, WAY_FILE);
}
END_TEST

START_TEST(pipes)
{
	compare_worlds(_i, WAY_PIPE);
}
END_TEST

START_TEST(frames)
{
	compare_worlds(_i, WAY_FRAMES);
}
END_TEST

/* The same again and again, so that what is looked for stands at some cut. */
static const struct {
	const char *name;
	struct ks_rule rule;
	const char *piece;
	enum ks_mask mask;
	const char *known; /* a known value; NULL: there is none */
} repeated[] = {
	{ "a trigger goes over the end of a line",
	  { .id = "block", .trigger = "begin the block:\n", .body = "a-z0-9", .min = 6 },
	  "begin the block:\nabcdefgh\n",
	  KS_MASK_FILL },
	{ "a trigger of another line begins the context",
	  { .id = "far",
	    .trigger = "[-]{40}begin\n[.]{20}",
	    .body = "a-z0-9",
	    .min = 6,
	    .kind = KS_KIND_CARRIER },
	  "-----------------------------------------begin\n....................abcdefgh\n",
	  KS_MASK_FILL },
	{ "a context begins behind what refuses a match",
	  { .id = "bounded",
	    .trigger = "k-",
	    .body = "a-z-",
	    .min = 6,
	    .boundary = KS_BOUNDARY_ALNUM },
	  "ak-",
	  KS_MASK_FILL },
	{ "masks are much longer than what they stand for",
	  { .id = "a-rule-whose-name-is-longer-than-every-secret-of-its",
	    .trigger = "k-",
	    .body = "a-z",
	    .min = 3 },
	  "k-abc ",
	  KS_MASK_TAG },
	{ "all is one secret",
	  { .id = "long", .trigger = "k-", .body = "a-z0-9\\s-", .min = 6 },
	  "k-ab\n",
	  KS_MASK_FILL },
	{ "every block ends in a secret that the next begins with",
	  { .id = "long", .trigger = "k-", .body = "a-z\\s", .min = 6 },
	  "k-abcdefgh\nijklmnop\nqrst\n.\n",
	  KS_MASK_FILL },
	{ "a secret's beginning is known by what stands before it",
	  { .id = "infix", .trigger = "JQQ", .body = "a-z", .min = 2, .before = "[a-zQJ\\n]{9}" },
	  "abcd\nefghijkJQQlmnop\n. ",
	  KS_MASK_FILL },
	{ "a known value goes over the end of a line",
	  { .id = "none", .trigger = "k-", .body = "a-z", .min = 6 },
	  "first line\nsecond line\n.",
	  KS_MASK_FILL,
	  "first line\nsecond line" },
	{ "a known value ends a line, another begins the next",
	  { .id = "none", .trigger = "k-", .body = "a-z", .min = 6 },
	  "first line\n",
	  KS_MASK_FILL,
	  "first line\n" },
	{ "a known value can begin in what is masked",
	  { .id = "key", .trigger = "k-", .body = "a-z\n", .min = 6 },
	  "k-abcdefghij\nklmnop\n.k-abcdefghij\n.",
	  KS_MASK_TAG,
	  "ghij\n.k-ab" },
};

static struct ks_known *
make_known(const char *value)
{
	enum ks_known_verdict verdict;
	struct ks_known *known;

	if (!value)
		return NULL;
	ck_assert_int_eq(ks_known_new(&known), KS_OK);
	ck_assert_int_eq(ks_known_add(known, (const uint8_t *)value, strlen(value), 1, &verdict),
	                 KS_OK);
	ck_assert_int_eq(verdict, KS_KNOWN_TAKEN);
	ck_assert_int_eq(ks_known_compile(known), KS_OK);
	return known;
}

/* What is looked for goes over the ends of lines, which stand in several blocks. */
START_TEST(streams_apart)
{
	static const struct ks_rule rule = { .id = "far",
		                             .trigger = "begin\n[-]{40}\n[.]{20}",
		                             .body = "a-z0-9",
		                             .min = 6,
		                             .kind = KS_KIND_CARRIER };
	static const char *const lines[] = { "begin\n",
		                             "----------------------------------------\n",
		                             "....................abcdefgh\n" };
	uint8_t *text = malloc(TEXT_MAX);
	struct job job = { .text = text, .options = { .counts_lines = 1 } };
	uint64_t random = (uint64_t)_i;
	struct ks_ruleset *set;

	ck_assert(text != NULL);
	ck_assert_int_eq(ks_ruleset_new(&rule, 1, &set, NULL), KS_OK);
	job.set = set;
	job.frame = thread_frames_apart(lines, sizeof(lines) / sizeof(lines[0]), &random, text);
	compare(&job, "streams apart");
	ks_ruleset_free(set);
	free(text);
}
END_TEST

/* A sink of nobody's. */
static int
pass_by(void *ctx, const uint8_t *data, size_t len)
{
	(void)ctx;
	(void)data;
	(void)len;
	return 0;
}

static void
feed_lines(struct ks_redactor *redactor, struct ks_scratch *scratch, const char *stream,
           unsigned count)
{
	char line[80];
	int n = snprintf(line, sizeof(line), "2026-11-22T10:00:00.0Z %s F one more\n", stream);

	while (count-- > 0)
		ck_assert_int_eq(ks_redactor_feed(redactor, scratch, (uint8_t *)line, (size_t)n),
		                 KS_OK);
}

/* What must wait for what came before can wait no longer than the limit. */
START_TEST(part_longer_than_the_limit)
{
	const struct ks_redactor_options options = { .frame = KS_FRAME_CRI,
		                                     .limit = 4096,
		                                     .stream = { .sink = pass_by } };
	struct ks_redactor *former, *successor;
	struct ks_scratch *scratch;
	struct ks_ruleset *set;

	ck_assert_int_eq(ks_ruleset_new(worlds[0].rules, world_rule_count(&worlds[0]), &set, NULL),
	                 KS_OK);
	ck_assert_int_eq(ks_scratch_new(set, &scratch), KS_OK);
	ck_assert_int_eq(ks_redactor_new(set, &options, &former), KS_OK);
	ck_assert_int_eq(ks_redactor_new(set, &options, &successor), KS_OK);
	feed_lines(former, scratch, "stderr", 1);
	feed_lines(former, scratch, "stdout", 200);
	for (unsigned count = 1000; count >= 10; count /= 100) {
		ks_redactor_reset(successor);
		feed_lines(successor, scratch, "stdout", 200);
		ck_assert(ks_redactor_begin_part(successor));
		feed_lines(successor, scratch, "stderr", 1);
		feed_lines(successor, scratch, "stdout", count);
		ck_assert_int_eq(ks_redactor_succeed(successor, former), count == 10);
	}
	ks_redactor_free(successor);
	ks_redactor_free(former);
	ks_scratch_free(scratch);
	ks_ruleset_free(set);
}
END_TEST

START_TEST(again_and_again)
{
	uint8_t *text = malloc(TEXT_MAX);
	struct job job = { .frame = KS_FRAME_RAW,
		           .text = text,
		           .options = { .counts_lines = 1, .mask = repeated[_i].mask } };
	struct ks_known *known = make_known(repeated[_i].known);
	struct ks_ruleset *set;
	size_t len = strlen(repeated[_i].piece);

	job.options.known = known;
	ck_assert(text != NULL);
	for (size_t i = 0; i < TEXT_MAX; i++)
		text[i] = (uint8_t)repeated[_i].piece[i % len];
	ck_assert_int_eq(ks_ruleset_new(&repeated[_i].rule, 1, &set, NULL), KS_OK);
	job.set = set;
	compare(&job, repeated[_i].name);
	ks_known_free(known);
	ks_ruleset_free(set);
	free(text);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("threads");
	TCase *tcase = tcase_create("threads");

	tcase_set_timeout(tcase, 300);
	/* what takes long comes last: where the first failure ends the program, it is often not begun */
	tcase_add_test(tcase, part_longer_than_the_limit);
	tcase_add_loop_test(tcase, streams_apart, 0, 20);
	tcase_add_loop_test(tcase, again_and_again, 0,
	                    (int)(sizeof(repeated) / sizeof(repeated[0])));
	tcase_add_loop_test(tcase, files, 0, (int)world_count);
	tcase_add_loop_test(tcase, pipes, 0, (int)world_count);
	tcase_add_loop_test(tcase, frames, 0, (int)world_count);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
