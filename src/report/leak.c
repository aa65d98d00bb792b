/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Leaks are found by their fingerprint, or without one by the place of a known value, or their rule, and each one's sources by their name. The
 * order of the records does not matter, but for texts on which they do not agree: the first is kept.
 */
#include "leak.h"

#include <errno.h>
#include <inttypes.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int
add_pointer(void ***items, size_t count, void *item)
{
	void **grown;

	if ((count & (count - 1)) != 0) { /* there is room up to the next power of two */
		(*items)[count] = item;
		return 0;
	}
	grown = realloc(*items, (count ? 2 * count : 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	grown[count] = item;
	*items = grown;
	return 0;
}

static uint64_t
add_counts(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static void
keep_in_tree(void *item)
{
	(void)item;
}

/* ----------------------------------------------------------------------- sources ---- */

static int
compare_names(const void *a, const void *b)
{
	return strcmp(((const struct leak_source *)a)->name, ((const struct leak_source *)b)->name);
}

static void
source_free(struct leak_source *source)
{
	if (source)
		free(source->name);
	free(source);
}

static struct leak_source *
source_new(const struct ledger_record *record)
{
	struct leak_source *source = calloc(1, sizeof(*source));

	if (!source)
		return NULL;
	*source = (struct leak_source){
		strdup(record->source), 0,         record->first, record->last, LEDGER_UNKNOWN,
		LEDGER_UNKNOWN,         LEAK_NEVER
	};
	if (source->name)
		return source;
	source_free(source);
	return NULL;
}

/* Put an item into both, or neither. */
static int
enter(void **tree, int (*compare)(const void *, const void *), void ***items, size_t *count,
      void *item)
{
	if (!tsearch(item, tree, compare))
		return -ENOMEM;
	if (add_pointer(items, *count, item) < 0) {
		(void)tdelete(item, tree, compare);
		return -ENOMEM;
	}
	(*count)++;
	return 0;
}

static struct leak_source *
find_source(struct leak *leak, const struct ledger_record *record)
{
	const struct leak_source key = { .name = (char *)record->source };
	void *found = tfind(&key, &leak->source_tree, compare_names);
	struct leak_source *source;

	if (found)
		return *(struct leak_source **)found;
	source = source_new(record);
	if (source && enter(&leak->source_tree, compare_names, (void ***)&leak->sources,
	                    &leak->source_count, source) < 0) {
		source_free(source);
		return NULL;
	}
	return source;
}

static void
source_add(struct leak_source *source, const struct ledger_record *record)
{
	bool is_placed = record->line != LEDGER_UNKNOWN || record->offset != LEDGER_UNKNOWN;

	source->count = add_counts(source->count, record->count);
	source->first = ks_instant_min(source->first, record->first);
	source->last = ks_instant_max(source->last, record->last);
	if (is_placed && record->last >= source->place_time) {
		source->place_time = record->last;
		source->line = record->line;
		source->offset = record->offset;
	}
}

/* ------------------------------------------------------------------------- leaks ---- */

static int
compare_optional(const char *a, const char *b)
{
	if (!a || !b)
		return (a != NULL) - (b != NULL);
	return strcmp(a, b);
}

static int
compare_leaks(const void *a, const void *b)
{
	const struct leak *one = a, *other = b;
	int order = compare_optional(one->fingerprint, other->fingerprint);

	if (order != 0 || one->fingerprint)
		return order;
	order = compare_optional(one->known_source, other->known_source);
	if (order == 0)
		order = (one->known_number > other->known_number) -
		        (one->known_number < other->known_number);
	if (order != 0)
		return order;
	return strcmp(one->rule, other->rule);
}

static void
leak_free(struct leak *leak)
{
	if (!leak)
		return;
	for (size_t i = 0; i < leak->source_count; i++)
		source_free(leak->sources[i]);
	tdestroy(leak->source_tree, keep_in_tree);
	free(leak->sources);
	free(leak->timeline);
	free(leak->rule);
	free(leak->provider);
	free(leak->title);
	free(leak->fingerprint);
	free(leak->revoke);
	free(leak->known_source);
	free(leak->place);
	free(leak);
}

/* Keep text, unless there is one. Returns 0 or -ENOMEM. */
static int
keep_text(char **kept, const char *text)
{
	if (*kept || !text)
		return 0;
	*kept = strdup(text);
	return *kept ? 0 : -ENOMEM;
}

/* Of a key that has one. Returns 0 or -ENOMEM. */
static int
keep_place(struct leak *leak, const struct ledger_record *record)
{
	char number[32] = "";

	if (leak->place || !record->known_source)
		return 0;
	leak->known_number = record->known_number;
	if (record->known_number != LEDGER_UNKNOWN)
		(void)snprintf(number, sizeof(number), ":%" PRIu64, record->known_number);
	if (asprintf(&leak->place, "%s%s", record->known_source, number) < 0) {
		leak->place = NULL;
		return -ENOMEM;
	}
	return keep_text(&leak->known_source, record->known_source);
}

static struct leak *
leak_new(const struct ledger_record *record, bool has_timeline)
{
	struct leak *leak = calloc(1, sizeof(*leak));

	if (!leak)
		return NULL;
	leak->first = record->first;
	leak->last = record->last;
	leak->length = record->length;
	leak->known_number = LEDGER_UNKNOWN;
	if (has_timeline)
		leak->timeline = calloc(1, sizeof(*leak->timeline));
	if ((leak->timeline || !has_timeline) && keep_text(&leak->rule, record->rule) == 0 &&
	    keep_text(&leak->fingerprint, record->fingerprint) == 0 &&
	    keep_place(leak, record) == 0)
		return leak;
	leak_free(leak);
	return NULL;
}

static struct leak *
find_leak(struct leaks *leaks, const struct ledger_record *record)
{
	const struct leak key = { .rule = (char *)record->rule,
		                  .fingerprint = (char *)record->fingerprint,
		                  .known_source = (char *)record->known_source,
		                  .known_number = record->known_number };
	void *found = tfind(&key, &leaks->tree, compare_leaks);
	struct leak *leak;

	if (found)
		return *(struct leak **)found;
	leak = leak_new(record, leaks->has_timelines);
	if (leak &&
	    enter(&leaks->tree, compare_leaks, (void ***)&leaks->items, &leaks->count, leak) < 0) {
		leak_free(leak);
		return NULL;
	}
	return leak;
}

static int
leak_add(struct leak *leak, const struct ledger_record *record)
{
	struct leak_source *source = find_source(leak, record);

	if (!source || keep_place(leak, record) < 0 ||
	    keep_text(&leak->provider, record->provider) < 0 ||
	    keep_text(&leak->title, record->title) < 0 ||
	    keep_text(&leak->revoke, record->revoke) < 0)
		return -ENOMEM;
	source_add(source, record);
	leak->count = add_counts(leak->count, record->count);
	leak->first = ks_instant_min(leak->first, record->first);
	leak->last = ks_instant_max(leak->last, record->last);
	if (record->length != leak->length)
		leak->length = LEDGER_UNKNOWN;
	if (leak->timeline)
		ks_timeline_add(leak->timeline, record->first, record->last, record->count);
	return 0;
}

int
ks_leaks_add(struct leaks *leaks, const struct ledger_record *record)
{
	struct leak *leak = find_leak(leaks, record);

	return leak ? leak_add(leak, record) : -ENOMEM;
}

void
ks_leaks_done(struct leaks *leaks)
{
	for (size_t i = 0; i < leaks->count; i++)
		leak_free(leaks->items[i]);
	tdestroy(leaks->tree, keep_in_tree);
	free(leaks->items);
	*leaks = (struct leaks){ 0 };
}

/* --------------------------------------------------------------------- judgement ---- */

static bool
is_named(const struct leak *leak, const char *name)
{
	return (leak->fingerprint && strcasecmp(name, leak->fingerprint) == 0) ||
	       (leak->place && strcmp(name, leak->place) == 0);
}

/* As of a time before it, a revocation has not happened. */
static int64_t
revocation_of(const struct leak *leak, const struct leak_policy *policy)
{
	int64_t of_all = LEAK_NEVER;

	for (size_t i = policy->revocation_count; i > 0; i--) {
		const struct leak_revocation *r = &policy->revocations[i - 1];

		if (r->at > policy->now)
			continue;
		if (!r->fingerprint && of_all == LEAK_NEVER)
			of_all = r->at;
		if (r->fingerprint && is_named(leak, r->fingerprint))
			return r->at;
	}
	return of_all;
}

/* When somebody said that a key was revoked, only what is after that counts. */
static enum leak_state
state_of(const struct leak *leak, int64_t now)
{
	if (leak->revoked_at != LEAK_NEVER)
		return leak->last > leak->revoked_at ? LEAK_GOES_ON : LEAK_REVOKED;
	return leak->last >= now - LEAK_RECENT ? LEAK_GOES_ON : LEAK_QUIET;
}

static int
compare_times(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int
order_of_sources(const void *a, const void *b)
{
	const struct leak_source *one = *(struct leak_source *const *)a;
	const struct leak_source *other = *(struct leak_source *const *)b;
	int order = compare_times(other->last, one->last);

	return order ? order : strcmp(one->name, other->name);
}

static int
order_of_leaks(const void *a, const void *b)
{
	const struct leak *one = *(struct leak *const *)a, *other = *(struct leak *const *)b;
	int order = (one->state != LEAK_GOES_ON) - (other->state != LEAK_GOES_ON);

	if (order == 0)
		order = compare_times(other->last, one->last);
	return order ? order : compare_leaks(one, other);
}

static void
judge(struct leak *leak, const struct leak_policy *policy)
{
	leak->revoked_at = revocation_of(leak, policy);
	leak->state = state_of(leak, policy->now);
	leak->is_old = leak->last - leak->first > policy->max_age;
	qsort(leak->sources, leak->source_count, sizeof(void *), order_of_sources);
}

void
ks_leaks_judge(struct leaks *leaks, const struct leak_policy *policy)
{
	for (size_t i = 0; i < leaks->count; i++)
		judge(leaks->items[i], policy);
	if (leaks->count > 0)
		qsort(leaks->items, leaks->count, sizeof(void *), order_of_leaks);
}

size_t
ks_leaks_count(const struct leaks *leaks, enum leak_state state)
{
	size_t n = 0;

	for (size_t i = 0; i < leaks->count; i++)
		n += leaks->items[i]->state == state;
	return n;
}
