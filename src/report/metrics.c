/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counts are atomic and relaxed: each is right by itself, and nothing is concluded from two of them. The list of
 * rules only grows, at its front. Files come and go, so they are under a lock, which is held for as long as it
 * takes to exchange two pointers, or to print them into memory.
 */
#include "metrics_data.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FIRST_FILES   16U
#define STUCK_SECONDS 60U /* without a beat: many times what compiling rules takes */

const struct delay_limit ks_delay_limits[DELAY_BUCKETS] = {
	{ 10000, "1e-05" },    { 25000, "2.5e-05" },  { 50000, "5e-05" },    { 100000, "0.0001" },
	{ 250000, "0.00025" }, { 500000, "0.0005" },  { 1000000, "0.001" },  { 2500000, "0.0025" },
	{ 5000000, "0.005" },  { 10000000, "0.01" },  { 25000000, "0.025" }, { 50000000, "0.05" },
	{ 100000000, "0.1" },  { 250000000, "0.25" }, { 500000000, "0.5" },  { 1000000000, "1" },
	{ 2500000000, "2.5" }, { 5000000000, "5" },   { 10000000000, "10" },
};

static void
store(atomic_uint_fast64_t *value, uint64_t n)
{
	atomic_store_explicit(value, n, memory_order_relaxed);
}

static void
add(atomic_uint_fast64_t *value, uint64_t n)
{
	(void)atomic_fetch_add_explicit(value, n, memory_order_relaxed);
}

uint64_t
ks_metrics_clock(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* -------------------------------------------------------------------- life cycle ---- */

static void
files_done(struct metric_files *files)
{
	for (size_t i = 0; i < files->count; i++)
		free(files->items[i].path);
	free(files->items);
	*files = (struct metric_files){ 0 };
}

struct metrics *
ks_metrics_new(void)
{
	struct metrics *m = calloc(1, sizeof(*m));
	struct timespec now;

	if (!m)
		return NULL;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	m->started = (double)now.tv_sec + (double)now.tv_nsec / 1e9;
	(void)pthread_mutex_init(&m->lock, NULL);
	store(&m->gauges[METRIC_LAST_RELOAD_OK], 1);
	ks_metrics_beat(m);
	return m;
}

static void
rule_free(struct metric_rule *rule)
{
	if (!rule)
		return;
	free(rule->id);
	free(rule->provider);
	free(rule);
}

struct metrics *
ks_metrics_free(struct metrics *m)
{
	struct metric_rule *rule = m ? atomic_load(&m->rules) : NULL;

	if (!m)
		return NULL;
	while (rule) {
		struct metric_rule *next = rule->next;

		rule_free(rule);
		rule = next;
	}
	files_done(&m->gathered);
	files_done(&m->files);
	(void)pthread_mutex_destroy(&m->lock);
	free(m);
	return NULL;
}

/* ----------------------------------------------------------------------- numbers ---- */

void
ks_metrics_add(struct metrics *m, enum metric_counter counter, uint64_t n)
{
	if (m)
		add(&m->counters[counter], n);
}

void
ks_metrics_set_count(struct metrics *m, enum metric_counter counter, uint64_t n)
{
	if (m)
		store(&m->counters[counter], n);
}

void
ks_metrics_set(struct metrics *m, enum metric_gauge gauge, uint64_t value)
{
	if (m)
		store(&m->gauges[gauge], value);
}

void
ks_metrics_delay(struct metrics *m, uint64_t nanoseconds)
{
	size_t i = 0;

	if (!m)
		return;
	while (i < DELAY_BUCKETS && nanoseconds > ks_delay_limits[i].nanoseconds)
		i++;
	add(&m->delays[i], 1);
	add(&m->delay_sum, nanoseconds);
}

/* ------------------------------------------------------------------------- rules ---- */

static struct metric_rule *
find_rule(const struct metrics *m, const char *id)
{
	struct metric_rule *rule = atomic_load_explicit(&m->rules, memory_order_relaxed);

	while (rule && strcmp(rule->id, id) != 0)
		rule = rule->next;
	return rule;
}

/* A rule that changes its provider keeps the one it had: it is still the same count. */
static int
add_rule(struct metrics *m, const struct ks_rule *from)
{
	struct metric_rule *rule = calloc(1, sizeof(*rule));

	if (rule)
		rule->id = strdup(from->id);
	if (rule && from->provider)
		rule->provider = strdup(from->provider);
	if (!rule || !rule->id || (from->provider && !rule->provider)) {
		rule_free(rule);
		return KS_ERROR_MEMORY;
	}
	rule->next = atomic_load_explicit(&m->rules, memory_order_relaxed);
	atomic_store_explicit(&m->rules, rule, memory_order_release);
	return KS_OK;
}

int
ks_metrics_use_rules(struct metrics *m, const struct ks_catalog *catalog, const size_t *index,
                     size_t count)
{
	int r = KS_OK;

	if (!m)
		return KS_OK;
	/* From behind, so that they are shown in the set's order. */
	for (size_t i = count; r == KS_OK && i-- > 0;) {
		struct ks_catalog_entry entry;

		ks_catalog_get(catalog, index[i], &entry);
		if (!find_rule(m, entry.rule.id))
			r = add_rule(m, &entry.rule);
	}
	store(&m->rule_count, count);
	return r;
}

int
ks_metrics_use_known(struct metrics *m, size_t count)
{
	const struct ks_rule known = { .id = KS_KNOWN_ID };

	ks_metrics_set(m, METRIC_KNOWN_VALUES, count);
	return !m || find_rule(m, known.id) ? KS_OK : add_rule(m, &known);
}

void
ks_metrics_set_findings(struct metrics *m, const struct statistics *stats)
{
	if (!m)
		return;
	for (size_t i = 0; i < stats->count; i++) {
		const struct rule_count *from = &stats->rules[i];
		struct metric_rule *rule = from->findings > 0 ? find_rule(m, from->id) : NULL;

		if (rule)
			store(&rule->findings, from->findings);
	}
	store(&m->masked_bytes, stats->masked);
}

/* ------------------------------------------------------------------------- files ---- */

static struct metric_file *
find_file(const struct metric_files *files, const char *path)
{
	for (size_t i = 0; i < files->count; i++) {
		if (strcmp(files->items[i].path, path) == 0)
			return &files->items[i];
	}
	return NULL;
}

static bool
make_room(struct metric_files *files)
{
	size_t size = files->size ? 2 * files->size : FIRST_FILES;
	struct metric_file *grown;

	if (files->count < files->size)
		return true;
	grown = reallocarray(files->items, size, sizeof(*grown));
	if (!grown)
		return false;
	files->items = grown;
	files->size = size;
	return true;
}

/* Without memory a file is not shown. */
void
ks_metrics_add_file(struct metrics *m, const char *path, uint64_t bytes, bool is_more)
{
	struct metric_file *file;
	char *copy;

	if (!m)
		return;
	file = is_more ? find_file(&m->gathered, path) : NULL;
	if (file) {
		file->behind += bytes;
		return;
	}
	copy = make_room(&m->gathered) ? strdup(path) : NULL;
	if (copy)
		m->gathered.items[m->gathered.count++] = (struct metric_file){ copy, bytes };
}

void
ks_metrics_publish_files(struct metrics *m)
{
	struct metric_files former;

	if (!m)
		return;
	store(&m->gauges[METRIC_FOLLOWED_FILES], m->gathered.count);
	(void)pthread_mutex_lock(&m->lock);
	former = m->files;
	m->files = m->gathered;
	(void)pthread_mutex_unlock(&m->lock);
	m->gathered = (struct metric_files){ 0 };
	files_done(&former);
}

/* ------------------------------------------------------------------------ health ---- */

void
ks_metrics_set_ready(struct metrics *m, bool is_ready)
{
	if (m)
		atomic_store_explicit(&m->is_ready, is_ready, memory_order_relaxed);
}

void
ks_metrics_beat(struct metrics *m)
{
	if (m)
		store(&m->beat, ks_metrics_clock());
}

void
ks_metrics_begin_write(struct metrics *m)
{
	if (m)
		store(&m->write_began, ks_metrics_clock());
}

/* A write that took long was no time to come round to anything. */
void
ks_metrics_end_write(struct metrics *m, size_t len)
{
	if (!m)
		return;
	atomic_store(&m->beat, ks_metrics_clock());
	atomic_store(&m->write_began, 0);
	add(&m->counters[METRIC_BYTES_OUT], len);
}

void
ks_metrics_set_exposed(struct metrics *m, bool is_exposed)
{
	if (m)
		atomic_store_explicit(&m->is_exposed, is_exposed, memory_order_relaxed);
}

bool
ks_metrics_is_ready(const struct metrics *m)
{
	return atomic_load_explicit(&m->is_ready, memory_order_relaxed);
}

/* In this order: after a write that has ended the beat is a new one; and the clock is never before it. */
const char *
ks_metrics_ailment(const struct metrics *m)
{
	bool is_waiting = atomic_load(&m->write_began) != 0;
	uint64_t beat = atomic_load(&m->beat);

	if (atomic_load_explicit(&m->is_exposed, memory_order_relaxed))
		return "a synthetic key came out unmasked";
	if (ks_metrics_is_ready(m) && !is_waiting &&
	    ks_metrics_clock() > beat + STUCK_SECONDS * UINT64_C(1000000000))
		return "it has done nothing for a minute, and does not wait for its reader";
	return NULL;
}
