/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever is counted, shared or printed once stays with the thread that masks: this one reads and compiles. */
#include "preparation.h"

#include <malloc.h>
#include <time.h>

#include "masking.h"
#include "passage.h"
#include "thread.h"

#define NANOSECONDS UINT64_C(1000000000) /* of a second */

static bool
is_current(const struct preparation *p)
{
	return p->has_rules || ks_known_watch_is_current(p->watch);
}

static void
prepare_rules(struct preparation *p)
{
	p->rules_are_right = ks_rule_selection_compile(&p->next, p->options) == 0 &&
	                     ks_masking_check(p->options, &p->next) == 0 &&
	                     ks_masking_try(&p->next) == 0;
}

/* What changes while it is read may be half a file. What changes later is told, and was a whole one. */
static int
read_known(struct preparation *p)
{
	bool is_whole = is_current(p);
	int r = ks_known_values_read(p->options, p->former, &p->next.known);

	is_whole = is_whole && is_current(p);
	return r == 0 && !is_whole ? ks_known_values_keep(p->next.known, p->former) : r;
}

static void
prepare_known(struct preparation *p)
{
	if (read_known(p) != 0)
		return;
	p->known_are_same = !p->has_rules && ks_known_values_are_same(p->next.known, p->former);
	p->known_are_right = !p->known_are_same && ks_known_values_compile(p->next.known) == 0;
}

static void *
prepare(void *ctx)
{
	struct preparation *p = ctx;

	if (p->has_rules)
		prepare_rules(p);
	if (ks_known_values_are_asked(p->options))
		prepare_known(p);
	else
		p->known_are_right = true;
	(void)malloc_trim(0); /* compiling leaves megabytes, which no other thread would take */
	p->is_over = true;
	ks_signals_raise(p->signals, SIGNALS_PREPARED);
	return NULL;
}

void
ks_preparation_begin(struct preparation *p, bool has_rules, const struct known_values *former)
{
	*p = (struct preparation){ .options = p->options,
		                   .watch = p->watch,
		                   .signals = p->signals,
		                   .former = former,
		                   .has_rules = has_rules,
		                   .is_begun = true };
	p->has_thread = ks_thread_start(&p->thread, prepare, p) == 0;
	if (!p->has_thread)
		(void)prepare(p);
}

bool
ks_preparation_has_begun(const struct preparation *p)
{
	return p->is_begun;
}

bool
ks_preparation_is_busy(const struct preparation *p)
{
	return p->is_begun && !p->is_over;
}

bool
ks_preparation_wait(struct preparation *p, uint64_t patience)
{
	uint64_t until = ks_passage_clock() + patience;
	struct timespec at = {
		.tv_sec = (time_t)(until / NANOSECONDS),
		.tv_nsec = (long)(until % NANOSECONDS),
	};

	if (p->has_thread && pthread_clockjoin_np(p->thread, NULL, CLOCK_MONOTONIC, &at) == 0)
		p->has_thread = false;
	return !p->has_thread;
}

void
ks_preparation_end(struct preparation *p)
{
	if (p->has_thread)
		(void)pthread_join(p->thread, NULL);
	p->is_begun = p->has_thread = false;
}

void
ks_preparation_done(struct preparation *p)
{
	ks_preparation_end(p);
	ks_rule_selection_done(&p->next);
	p->next = (struct rule_selection){ 0 };
}
