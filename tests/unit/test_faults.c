/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The library when memory runs out and when the matcher fails, at every call where it can: an error comes back, nothing
 * stays behind, and a stream that has failed gives nothing more. Calls are wrapped by the linker; every block and every
 * mapping is counted, so that a leak is seen without a sanitizer too.
 */
#include <errno.h>
#include <hs.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "keysieve.h"
#include "suite.h"

#define OUT_SIZE 4096U

enum kind { NOTHING, ALLOCATION, MATCHER };

static struct {
	enum kind kind;
	unsigned long left; /* calls of that kind up to the one that fails */
	bool has_failed, goes_on;
	long live;
} fault;

static bool
fails(enum kind kind)
{
	if (fault.kind != kind || (fault.has_failed && !fault.goes_on))
		return false;
	if (!fault.has_failed && --fault.left > 0)
		return false;
	fault.has_failed = true;
	errno = ENOMEM;
	return true;
}

static void *
live(void *block)
{
	fault.live += block != NULL;
	return block;
}

/* ----------------------------------------------------------------- what is wrapped ---- */

#define WRAPPED(type, name, parameters) \
	type __real_##name parameters;  \
	type __wrap_##name parameters;  \
	type __wrap_##name parameters

WRAPPED(void *, malloc, (size_t size))
{
	return fails(ALLOCATION) ? NULL : live(__real_malloc(size));
}

WRAPPED(void *, calloc, (size_t count, size_t size))
{
	return fails(ALLOCATION) ? NULL : live(__real_calloc(count, size));
}

WRAPPED(void *, realloc, (void *block, size_t size))
{
	void *grown = fails(ALLOCATION) ? NULL : __real_realloc(block, size);

	return block ? grown : live(grown);
}

WRAPPED(void *, reallocarray, (void *block, size_t count, size_t size))
{
	void *grown = fails(ALLOCATION) ? NULL : __real_reallocarray(block, count, size);

	return block ? grown : live(grown);
}

WRAPPED(char *, strdup, (const char *text))
{
	return fails(ALLOCATION) ? NULL : live(__real_strdup(text));
}

WRAPPED(char *, strndup, (const char *text, size_t len))
{
	return fails(ALLOCATION) ? NULL : live(__real_strndup(text, len));
}

int __wrap_asprintf(char **ret, const char *format, ...) __attribute__((format(printf, 2, 3)));

WRAPPED(int, asprintf, (char **ret, const char *format, ...))
{
	va_list rest;
	int n;

	if (fails(ALLOCATION))
		return -1;
	va_start(rest, format);
	n = vasprintf(ret, format, rest);
	va_end(rest);
	if (n >= 0)
		(void)live(*ret);
	return n;
}

WRAPPED(void, free, (void *block))
{
	fault.live -= block != NULL;
	__real_free(block);
}

WRAPPED(void *, mmap64, (void *at, size_t len, int protection, int flags, int fd, off_t from))
{
	void *memory = fails(ALLOCATION) ? MAP_FAILED
	                                 : __real_mmap64(at, len, protection, flags, fd, from);

	fault.live += memory != MAP_FAILED;
	return memory;
}

WRAPPED(int, munmap, (void *memory, size_t len))
{
	fault.live--;
	return __real_munmap(memory, len);
}

WRAPPED(hs_error_t, hs_scan_stream,
        (hs_stream_t * stream, const char *data, unsigned len, unsigned flags,
         hs_scratch_t *scratch, match_event_handler fn, void *ctx))
{
	return fails(MATCHER) ? HS_UNKNOWN_ERROR
	                      : __real_hs_scan_stream(stream, data, len, flags, scratch, fn, ctx);
}

WRAPPED(hs_error_t, hs_scan,
        (const hs_database_t *db, const char *data, unsigned len, unsigned flags,
         hs_scratch_t *scratch, match_event_handler fn, void *ctx))
{
	return fails(MATCHER) ? HS_UNKNOWN_ERROR
	                      : __real_hs_scan(db, data, len, flags, scratch, fn, ctx);
}

/* ------------------------------------------------------------------- what is done ---- */

static const char rules[] = "rules:\n"
			    "  - id: key\n"
			    "    trigger: 'pk-[a-z]{2}-'\n"
			    "    body: 'A-Za-z0-9_-'\n"
			    "    length: 6..\n"
			    "    examples: ['pk-ab-{body:9}']\n"
			    "  - id: password\n"
			    "    kind: carrier\n"
			    "    trigger: '{name}{separator}'\n"
			    "    body: '^\\s'\n"
			    "    length: 3..\n"
			    "    examples: ['api_key={body:9}']\n"
			    "allow:\n"
			    "  - run: 'sample.*'\n";

static const char *const pieces[] = { "one pk-ab-Zz9Zz9Zz9 two ", "api_key=Qq7Qq7Qq7\n",
	                              "pk-cd-sample77 known", "Value99 pk-ef-Ww5Ww", "5Ww5 end\n" };

/* Everything that the library makes, in the order in which it is made. */
struct scene {
	struct ks_catalog *catalog;
	struct ks_ruleset *set;
	struct ks_allowlist *list;
	struct ks_key *key;
	struct ks_fingerprint *fingerprint;
	struct ks_known *known;
	struct ks_scratch *scratch;
	struct ks_redactor *redactor;
	size_t *index;
	char out[OUT_SIZE];
	size_t out_len;
};

static int
take(void *ctx, const uint8_t *data, size_t len)
{
	struct scene *s = ctx;

	if (s->out_len + len >= OUT_SIZE) /* the test framework must not be called: it allocates */
		return -1;
	memcpy(s->out + s->out_len, data, len);
	s->out_len += len;
	return 0;
}

static int
make_rules(struct scene *s)
{
	struct ks_error error = { .status = KS_OK };
	size_t count;
	int r = KS_ERROR_MEMORY;

	s->catalog = ks_catalog_new();
	if (!s->catalog)
		return r;
	r = ks_catalog_add_text(s->catalog, "f", rules, sizeof(rules) - 1, &error);
	count = ks_catalog_count(s->catalog);
	s->index = __real_calloc(count + 1, sizeof(*s->index));
	if (r == KS_OK)
		r = ks_catalog_compile(s->catalog, &s->set, s->index, &error);
	if (r == KS_OK)
		r = ks_catalog_compile_allowlist(s->catalog, s->index, ks_ruleset_count(s->set),
		                                 NULL, &s->list, &error);
	return r;
}

static int
make_known(struct scene *s)
{
	enum ks_known_verdict verdict;
	int r = ks_known_new(&s->known);

	if (r == KS_OK)
		r = ks_known_add(s->known, (const uint8_t *)"knownValue99", 12, 1, &verdict);
	return r == KS_OK ? ks_known_compile(s->known) : r;
}

static int
make_fingerprint(struct scene *s)
{
	int r = ks_key_new_random(&s->key);

	if (r == KS_OK)
		s->fingerprint = ks_fingerprint_new(s->key);
	return r == KS_OK && !s->fingerprint ? KS_ERROR_MEMORY : r;
}

static int
make_redactor(struct scene *s)
{
	const struct ks_redactor_options options = { .frame = KS_FRAME_RAW,
		                                     .stream = { .sink = take,
		                                                 .sink_ctx = s,
		                                                 .fingerprint = s->fingerprint,
		                                                 .known = s->known,
		                                                 .is_allowed = ks_allowlist_has,
		                                                 .allow_ctx = s->list,
		                                                 .counts_lines = 1 } };
	int r = ks_scratch_new(s->set, &s->scratch);

	return r == KS_OK ? ks_redactor_new(s->set, &options, &s->redactor) : r;
}

/* What has failed stays so, and is silent. */
static void
check_failed(struct scene *s)
{
	size_t len = s->out_len;
	enum kind kind = fault.kind;
	int fed = ks_redactor_feed(s->redactor, s->scratch, (const uint8_t *)"more\n", 5);
	int ended = ks_redactor_end(s->redactor, s->scratch);

	fault.kind = NOTHING;
	ck_assert_int_lt(fed, 0);
	ck_assert_int_lt(ended, 0);
	ck_assert_uint_eq(s->out_len, len);
	fault.kind = kind;
}

static int
put_through(struct scene *s)
{
	int r = KS_OK;

	for (size_t i = 0; r == KS_OK && i < sizeof(pieces) / sizeof(pieces[0]); i++)
		r = ks_redactor_feed(s->redactor, s->scratch, (const uint8_t *)pieces[i],
		                     strlen(pieces[i]));
	if (r == KS_OK)
		r = ks_redactor_end(s->redactor, s->scratch);
	if (r != KS_OK)
		check_failed(s);
	return r;
}

static void
clear(struct scene *s)
{
	ks_redactor_free(s->redactor);
	ks_scratch_free(s->scratch);
	ks_known_free(s->known);
	ks_fingerprint_free(s->fingerprint);
	ks_key_free(s->key);
	ks_allowlist_free(s->list);
	ks_ruleset_free(s->set);
	ks_catalog_free(s->catalog);
	__real_free(s->index);
}

/* Returns KS_OK or the first error; all is gone again. */
static int
play(struct scene *s)
{
	int r = make_rules(s);

	if (r == KS_OK)
		r = make_known(s);
	if (r == KS_OK)
		r = make_fingerprint(s);
	if (r == KS_OK)
		r = make_redactor(s);
	if (r == KS_OK)
		r = put_through(s);
	clear(s);
	return r;
}

/* ------------------------------------------------------------------------ tests ---- */

/* The output without a fault; what the faults are compared with. */
static void
learn(struct scene *s)
{
	*s = (struct scene){ 0 };
	fault.kind = NOTHING;
	ck_assert_int_eq(play(s), KS_OK);
	ck_assert_ptr_nonnull(strstr(s->out, "sample77"));
	ck_assert_ptr_null(strstr(s->out, "Zz9"));
	ck_assert_ptr_null(strstr(s->out, "Qq7"));
	ck_assert_ptr_null(strstr(s->out, "Ww5"));
	ck_assert_ptr_null(strstr(s->out, "Value99"));
}

/* The right output, or the beginning of it; where an allow-list could not be asked, more of it is masked. */
static bool
is_prefix(const struct scene *s, const struct scene *right)
{
	for (size_t i = 0; i < s->out_len; i++) {
		if (s->out[i] != right->out[i] && s->out[i] != '*')
			return false;
	}
	return s->out_len <= right->out_len;
}

/* Let the n-th call of a kind fail, and from then on if it goes on. Returns whether there are so many. */
static bool
try_fault(const struct scene *right, enum kind kind, unsigned long n, bool goes_on)
{
	struct scene s = { 0 };
	long before = fault.live;
	int r;

	fault.kind = kind;
	fault.left = n;
	fault.has_failed = false;
	fault.goes_on = goes_on;
	r = play(&s);
	fault.kind = NOTHING;
	ck_assert_msg(fault.live == before, "call %lu: %ld blocks stay behind", n,
	              fault.live - before);
	if (!fault.has_failed || r == KS_OK) {
		ck_assert_int_eq(r, KS_OK);
		ck_assert_uint_eq(s.out_len, right->out_len);
	} else {
		ck_assert_msg(r == (kind == MATCHER ? KS_ERROR_INTERNAL : KS_ERROR_MEMORY),
		              "call %lu: %s", n, ks_status_text(r));
	}
	ck_assert_msg(is_prefix(&s, right), "call %lu: another output", n);
	return fault.has_failed;
}

static void
try_all(enum kind kind, bool goes_on)
{
	struct scene right;
	unsigned long n = 1;

	learn(&right);
	while (try_fault(&right, kind, n, goes_on))
		n++;
	ck_assert_uint_gt(n, kind == MATCHER ? 5 : 100);
}

START_TEST(no_memory)
{
	try_all(ALLOCATION, _i);
}
END_TEST

START_TEST(no_matcher)
{
	try_all(MATCHER, _i);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("faults");
	TCase *tcase = tcase_create("faults");

	/* What libhs allocates is counted too. */
	if (hs_set_allocator(malloc, free) != HS_SUCCESS)
		return EXIT_FAILURE;
	tcase_set_timeout(tcase, 280);
	tcase_add_loop_test(tcase, no_memory, 0, 2);
	tcase_add_loop_test(tcase, no_matcher, 0, 2);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
