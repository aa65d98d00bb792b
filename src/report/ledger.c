/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See ledger.h. Keys are found by a hash of identity and source; the one that was not seen for the longest time
 * makes room for a new one.
 *
 *     newest --> entry --> entry --> ... --> oldest
 *
 * Invariants: entries [0, used) are in the list, each once, and in the chain of their hash. A count is set back only
 * when it was written.
 */
#include "ledger.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "instant.h"
#include "memory_text.h"
#include "rate.h"

#define KEYS     4096U
#define A_MINUTE 6000U
#define BURST    1000U
#define NONE     UINT32_MAX

struct entry {
	struct sighting *first_seen;
	struct seen_times again; /* since the last summary */
	uint32_t newer, older;
	uint32_t next; /* of the chain */
};

struct ledger {
	struct ledger_options options;
	struct rate rate;
	struct entry *entries;
	uint32_t *chains; /* as many as entries */
	uint32_t used, newest, oldest;
	struct seen_times suppressed;
	uint64_t summed; /* when the last summaries were written */
	bool is_begun;
};

/* -------------------------------------------------------------------- life cycle ---- */

struct ledger *
ks_ledger_new(const struct ledger_options *options)
{
	struct ledger *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->options = *options;
	if (l->options.keys == 0)
		l->options.keys = KEYS;
	l->rate.a_minute = options->a_minute ? options->a_minute : A_MINUTE;
	l->rate.burst = options->burst ? options->burst : BURST;
	l->entries = calloc(l->options.keys, sizeof(*l->entries));
	l->chains = calloc(l->options.keys, sizeof(*l->chains));
	l->newest = l->oldest = NONE;
	if (!l->entries || !l->chains) {
		ks_ledger_free(l);
		return NULL;
	}
	memset(l->chains, 0xff, l->options.keys * sizeof(*l->chains));
	return l;
}

void
ks_ledger_free(struct ledger *l)
{
	if (!l)
		return;
	for (uint32_t i = 0; l->entries && i < l->used; i++)
		free(l->entries[i].first_seen);
	free(l->entries);
	free(l->chains);
	free(l);
}

/* ------------------------------------------------------------------------- lines ---- */

enum line { LINE_FINDING, LINE_REPEAT, LINE_SUPPRESSED };

/* Returns 0 or a negative errno: the line is lost. */
static int
write_line(struct ledger *l, enum line kind, const struct sighting *s,
           const struct seen_times *times)
{
	struct memory_text text;
	FILE *out = ks_memory_text_open(&text);
	int r;

	if (!out)
		return -ENOMEM;
	if (kind == LINE_FINDING)
		ks_sighting_write(s, out);
	else if (kind == LINE_REPEAT)
		ks_sighting_write_repeat(s, times, ks_instant_now(), out);
	else
		ks_sighting_write_suppressed(times, ks_instant_now(), out);
	if (ks_memory_text_close(&text, out) < 0)
		return -ENOMEM;
	r = l->options.write(l->options.write_ctx, text.text, text.len);
	free(text.text);
	return r;
}

static void
count(struct seen_times *times, int64_t time)
{
	if (times->count++ == 0)
		times->first = times->last = time;
	if (time > times->last) /* the clock may be set back */
		times->last = time;
}

static int
write_repeat(struct ledger *l, struct entry *e)
{
	int r = 0;

	if (e->again.count > 0)
		r = write_line(l, LINE_REPEAT, e->first_seen, &e->again);
	if (r == 0)
		e->again.count = 0;
	return r;
}

/* ------------------------------------------------------------------------- table ---- */

static uint32_t *
chain_of(const struct ledger *l, const struct sighting *s)
{
	const char *const texts[] = { s->identity, s->source };
	uint64_t hash = 0xcbf29ce484222325U; /* FNV-1a */

	for (size_t i = 0; i < 2; i++) {
		for (const char *p = texts[i]; *p; p++)
			hash = (hash ^ (unsigned char)*p) * 0x100000001b3U;
	}
	return &l->chains[hash % l->options.keys];
}

static uint32_t
find(const struct ledger *l, const struct sighting *s)
{
	uint32_t i = *chain_of(l, s);

	for (; i != NONE; i = l->entries[i].next) {
		const struct sighting *known = l->entries[i].first_seen;

		if (strcmp(known->identity, s->identity) == 0 &&
		    strcmp(known->source, s->source) == 0)
			break;
	}
	return i;
}

static void
unlist(struct ledger *l, uint32_t i)
{
	struct entry *e = &l->entries[i];

	*(e->newer == NONE ? &l->newest : &l->entries[e->newer].older) = e->older;
	*(e->older == NONE ? &l->oldest : &l->entries[e->older].newer) = e->newer;
}

static void
list_first(struct ledger *l, uint32_t i)
{
	struct entry *e = &l->entries[i];

	e->newer = NONE;
	e->older = l->newest;
	*(l->newest == NONE ? &l->oldest : &l->entries[l->newest].newer) = i;
	l->newest = i;
}

static void
unchain(struct ledger *l, uint32_t i)
{
	uint32_t *at = chain_of(l, l->entries[i].first_seen);

	while (*at != i)
		at = &l->entries[*at].next;
	*at = l->entries[i].next;
}

/* What could not be told of one key is told with that of others. */
static void
suppress(struct ledger *l, const struct seen_times *times)
{
	if (times->count == 0)
		return;
	if (l->suppressed.count == 0 || times->first < l->suppressed.first)
		l->suppressed.first = times->first;
	if (l->suppressed.count == 0 || times->last > l->suppressed.last)
		l->suppressed.last = times->last;
	l->suppressed.count += times->count;
}

/* An entry that is in no list and no chain. */
static uint32_t
make_room(struct ledger *l)
{
	uint32_t i = l->oldest;

	if (l->used < l->options.keys)
		return l->used++;
	if (write_repeat(l, &l->entries[i]) != 0)
		suppress(l, &l->entries[i].again);
	unchain(l, i);
	unlist(l, i);
	free(l->entries[i].first_seen);
	return i;
}

/* Takes known. */
static struct entry *
add(struct ledger *l, struct sighting *known)
{
	uint32_t i = make_room(l), *chain = chain_of(l, known);

	l->entries[i] = (struct entry){ .first_seen = known, .next = *chain };
	*chain = i;
	list_first(l, i);
	return &l->entries[i];
}

/* ------------------------------------------------------------------------ public ---- */

static void
note_again(struct ledger *l, uint32_t i, int64_t time)
{
	count(&l->entries[i].again, time);
	unlist(l, i);
	list_first(l, i);
}

/* What was not written is told in the next summary. */
static int
note_new(struct ledger *l, const struct sighting *s)
{
	struct sighting *known = ks_sighting_copy(s);
	struct entry *e = known ? add(l, known) : NULL;
	int r = write_line(l, LINE_FINDING, s, NULL);

	if (r != 0)
		count(e ? &e->again : &l->suppressed, s->time);
	return r == 0 && !known ? -ENOMEM : r;
}

int
ks_ledger_note(struct ledger *l, const struct sighting *s, uint64_t now)
{
	uint32_t i = find(l, s);

	if (i == NONE && ks_rate_take(&l->rate, now))
		return note_new(l, s);
	if (i != NONE)
		note_again(l, i, s->time);
	else
		count(&l->suppressed, s->time);
	return 0;
}

int
ks_ledger_flush(struct ledger *l)
{
	int r = 0;

	for (uint32_t i = l->oldest; r == 0 && i != NONE; i = l->entries[i].newer)
		r = write_repeat(l, &l->entries[i]);
	if (r == 0 && l->suppressed.count > 0)
		r = write_line(l, LINE_SUPPRESSED, NULL, &l->suppressed);
	if (r == 0)
		l->suppressed.count = 0;
	return r;
}

int
ks_ledger_tick(struct ledger *l, uint64_t now)
{
	if (!l->is_begun)
		l->summed = now;
	l->is_begun = true;
	if (now - l->summed < l->options.interval)
		return 0;
	l->summed = now;
	return ks_ledger_flush(l);
}
