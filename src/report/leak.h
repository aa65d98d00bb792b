/* SPDX-License-Identifier: Apache-2.0 */
/* What the records of ledgers come to: the keys that leaked, and where. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "instant.h"
#include "ledger_reader.h"
#include "timeline.h"

#define LEAK_RECENT HOUR /* a key that was seen so lately leaks still */
#define LEAK_NEVER  (-1) /* an instant */

struct leak_source {
	char *name;
	uint64_t count;
	int64_t first, last;
	uint64_t line, offset; /* of the last finding that tells them, or LEDGER_UNKNOWN */
	int64_t place_time;    /* that finding's time */
};

/* In the order that a report has them. */
enum leak_state {
	LEAK_GOES_ON,
	LEAK_QUIET,  /* not seen lately, and nobody said that it was revoked */
	LEAK_REVOKED /* not seen after it was revoked */
};

/* One key, by its fingerprint or by the place where it is kept; or, for want of both, all keys of one rule. */
struct leak {
	char *rule, *provider, *title, *fingerprint, *revoke; /* all but rule may be NULL */
	char *known_source;    /* where a known value is kept, and which of them; NULL: not told */
	uint64_t known_number; /* or LEDGER_UNKNOWN */
	char *place;           /* "SOURCE:NUMBER" of it; or NULL */
	uint64_t length;       /* LEDGER_UNKNOWN also if there are several */
	uint64_t count;
	int64_t first, last;
	struct leak_source **sources; /* the one that was seen last is the first */
	size_t source_count;
	void *source_tree;         /* of tsearch() */
	struct timeline *timeline; /* or NULL */
	int64_t revoked_at;        /* LEAK_NEVER: nobody said so */
	enum leak_state state;
	bool is_old; /* seen over more than the time that is allowed */
};

/* Begins as { 0 }, or with has_timelines set. */
struct leaks {
	struct leak **items;
	size_t count;
	void *tree;
	bool has_timelines;
};

/* Count a record in. Returns 0 or -ENOMEM. */
int ks_leaks_add(struct leaks *leaks, const struct ledger_record *record);
void ks_leaks_done(struct leaks *leaks);

struct leak_revocation {
	const char
		*fingerprint; /* or the place of a known value; NULL: of all that no other names */
	int64_t at;
};

struct leak_policy {
	int64_t now;
	int64_t max_age;
	const struct leak_revocation *revocations; /* of two for the same, the last counts */
	size_t revocation_count;
};

/* Judge all leaks, and put them in order: those that go on first, then the one that was seen last. */
void ks_leaks_judge(struct leaks *leaks, const struct leak_policy *policy);

/* How many are in that state. */
size_t ks_leaks_count(const struct leaks *leaks, enum leak_state state);
