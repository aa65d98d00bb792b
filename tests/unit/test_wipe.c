/* SPDX-License-Identifier: Apache-2.0 */
/* What is left on a stack where known values were made and masked: nothing of them. The stack is a thread's, so that all of it is at hand. */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "../../src/engine/stack.h"
#include "keysieve.h"
#include "suite.h"

#define STACK_SIZE (1U << 20)
#define PART       10U  /* so many bytes of a value are nowhere */
#define PAINT      0xa5 /* what was never written to */
#define TEXT_MAX   (40U << 10)
#define VALUES     50U
#define OF_THREAD  (8U << 10) /* what is above the first function */

struct world {
	struct ks_ruleset *set;
	struct ks_scratch *scratch;
	struct ks_known *known;
	struct ks_stream *stream;
	uint8_t *text;
	size_t len;
	char values[VALUES][40];
};

static uint8_t *stack;

static void
on_stack(void *(*work)(void *), void *ctx)
{
	pthread_attr_t attr;
	pthread_t thread;

	stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert(stack != MAP_FAILED);
	memset(stack, PAINT, STACK_SIZE);
	ck_assert_int_eq(pthread_attr_init(&attr), 0);
	ck_assert_int_eq(pthread_attr_setstack(&attr, stack, STACK_SIZE), 0);
	ck_assert_int_eq(pthread_create(&thread, &attr, work, ctx), 0);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	(void)pthread_attr_destroy(&attr);
}

static void
assert_no_part(const struct world *w)
{
	for (size_t i = 0; i < VALUES; i++) {
		for (size_t at = 0; at + PART <= strlen(w->values[i]); at++)
			ck_assert_msg(!memmem(stack, STACK_SIZE, w->values[i] + at, PART),
			              "value %zu from byte %zu on", i, at);
	}
}

/* The most that was in use at once, with what the thread itself needs. */
static size_t
depth_used(void)
{
	size_t at = 0;

	while (at < STACK_SIZE && stack[at] == PAINT)
		at++;
	return STACK_SIZE - at;
}

static void
world_init(struct world *w)
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuv";
	struct ks_catalog *catalog = ks_catalog_new();
	struct ks_error error;
	uint64_t random = 88172645463325252U;

	*w = (struct world){ .text = calloc(1, TEXT_MAX) };
	ck_assert(catalog && w->text);
	ck_assert_int_eq(ks_catalog_add_builtin(catalog, &error), KS_OK);
	ck_assert_int_eq(ks_catalog_compile(catalog, &w->set, NULL, &error), KS_OK);
	ks_catalog_free(catalog);
	ck_assert_int_eq(ks_scratch_new(w->set, &w->scratch), KS_OK);
	ck_assert_int_eq(ks_known_new(&w->known), KS_OK);
	for (size_t i = 0; i < VALUES; i++) {
		for (size_t k = 0; k < 20 + i % 16; k++) {
			random ^= random << 13;
			random ^= random >> 7;
			random ^= random << 17;
			w->values[i][k] = k % 9 == 8 ? '&' : digits[random & 31];
		}
	}
}

static void
world_done(struct world *w)
{
	ks_stream_free(w->stream);
	ks_known_free(w->known);
	ks_scratch_free(w->scratch);
	ks_ruleset_free(w->set);
	free(w->text);
	(void)munmap(stack, STACK_SIZE);
}

static void *
make_known(void *ctx)
{
	struct world *w = ctx;
	enum ks_known_verdict verdict;

	for (size_t i = 0; i < VALUES; i++)
		(void)ks_known_add(w->known, (const uint8_t *)w->values[i], strlen(w->values[i]),
		                   i + 1, &verdict);
	(void)ks_known_compile(w->known);
	return NULL;
}

static void *
mask_text(void *ctx)
{
	struct world *w = ctx;
	size_t settled;

	(void)ks_stream_mask(w->stream, w->scratch, w->text, w->len, &settled);
	return NULL;
}

/* A text of count lines; with_values: with one on each. */
static void
write_text(struct world *w, size_t count, bool with_values)
{
	w->len = 0;
	for (size_t i = 0; i < count; i++)
		w->len += (size_t)snprintf((char *)w->text + w->len, TEXT_MAX - w->len,
		                           "api_key=%s password: %s tail\n",
		                           with_values ? w->values[i % VALUES] : "none",
		                           with_values ? w->values[i * 7 % VALUES] : "what");
}

static void
begin_stream(struct world *w)
{
	const struct ks_stream_options options = { .known = w->known };

	ks_stream_free(w->stream);
	w->stream = NULL;
	ck_assert_int_eq(ks_stream_new(w->set, &options, &w->stream), KS_OK);
}

START_TEST(nothing_stays)
{
	static const size_t counts[] = { 1, 2, 3, 10, 50, 300 };
	struct world w;

	world_init(&w);
	on_stack(make_known, &w);
	assert_no_part(&w);
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		(void)munmap(stack, STACK_SIZE);
		begin_stream(&w);
		write_text(&w, counts[i], true);
		on_stack(mask_text, &w);
		ck_assert_ptr_null(memmem(w.text, w.len, w.values[0], strlen(w.values[0])));
		assert_no_part(&w);
	}
	world_done(&w);
}
END_TEST

/* Where nothing is masked nothing is wiped: so all that was in use can be seen. */
START_TEST(depth)
{
	struct world w;
	size_t all;

	world_init(&w);
	on_stack(make_known, &w);
	all = depth_used();
	ck_assert_msg(all < STACK_WIPED + OF_THREAD, "making known values: %zu bytes", all);
	(void)munmap(stack, STACK_SIZE);
	begin_stream(&w);
	write_text(&w, 900, false);
	on_stack(mask_text, &w);
	ck_assert_msg(depth_used() < STACK_WIPED, "masking: %zu bytes", depth_used());
	world_done(&w);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("wipe");
	TCase *tcase = tcase_create("stack");

	tcase_set_timeout(tcase, 300);
	tcase_add_test(tcase, nothing_stays);
	tcase_add_test(tcase, depth);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
