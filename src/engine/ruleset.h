/* SPDX-License-Identifier: Apache-2.0 */
/* Compiled rules, as the other modules of the engine see them. Immutable once made. */
#pragma once

#include <hs.h>

#include "class.h"
#include "keysieve.h"
#include "lead.h"
#include "macro.h"
#include "name.h"
#include "setting.h"
#include "trigger.h"

#define RULE_MAX    65535U
#define RULE_ID_MAX 128U /* bytes of an id */

/* As many bytes of an escape can be there without the last: "\u002". */
#define ESCAPE_BEGUN_MAX 5U

/* Input is scanned in slices of this many bytes, whatever the size of a call. */
#define SLICE_MAX 16384U

#define KEEP_DEFAULT 255U

/* These are saved as bytes (prepared.h), so each byte of them has a value. */
#pragma GCC diagnostic push
#pragma GCC diagnostic error "-Wpadded"

/* How a region is masked. */
struct mask_style {
	enum ks_mask mask;
	uint8_t keep_last; /* of its bytes; with KS_MASK_FILL */
	uint8_t unused[3];
};

struct compiled_rule {
	uint8_t body, follow, before; /* numbers of classes, or CLASS_NONE */
	uint8_t min, max;             /* max 0: none */
	uint8_t conditions;
	uint8_t boundary; /* enum ks_boundary */
	bool is_carrier;
	bool is_early;        /* satisfied as soon as min and the required bytes are there */
	bool is_named;        /* goes by its noun (setting.h) */
	bool checks_boundary; /* of a match: it is no part of the expression */
	uint8_t unused[3];
	uint16_t before_len;
	struct trigger_width width;
	struct mask_style
		style;    /* as the rule wants it; KS_MASK_DEFAULT, KEEP_DEFAULT: it does not say */
	struct lead lead; /* head_len 0: none */
};

#pragma GCC diagnostic pop

/* What is compiled; NULL where a set has no use for it. */
enum database {
	DATABASE_TRIGGERS, /* streaming; a pattern's number is the rule's, then come the nouns */
	DATABASE_ANCHORED, /* block; triggers of varying width, to find their start */
	DATABASE_HALVES,   /* block; what triggers have before a line's end (half.h) */
	DATABASE_COUNT
};

struct ks_ruleset {
	uint64_t hash; /* ks_prepared_hash() */
	hs_database_t *databases[DATABASE_COUNT];
	void *database_memory; /* in which they are; NULL: libhs has allocated each */
	void *memory; /* of the set's own, in which infixes and names are; NULL: there is none */
	bool is_lent; /* infixes and names are in memory, or in what lasts as long as the set */
	struct classes classes;
	struct compiled_rule *rules;
	size_t rule_count;
	char **ids; /* of the rules; one block of memory */
	struct infix *infixes;
	size_t infix_count;
	size_t lead_count; /* rules whose trigger has a lead */
	struct nouns nouns;
	size_t named_count;      /* rules that go by their nouns */
	struct names names;      /* of these */
	uint64_t named_bodies;   /* their classes */
	unsigned named_min;      /* the least length of a run of theirs */
	uint64_t carrier_bodies; /* classes of carriers' bodies */
	size_t held_max;         /* bytes of a stream that can be undecided at once */
	bool has_unknown_halves; /* any line may be the beginning of a trigger */
};

/* Of ks_ruleset_load(): prepared is of other rules or versions. */
enum { RULESET_UNPREPARED = 1 };

/*
 * Of prepared, or not at all. It is aligned (PREPARED_ALIGN), and stays as long as the set; or it is in memory, which
 * malloc() gave, and which becomes the set's if KS_OK is returned. Returns KS_OK, RULESET_UNPREPARED, or an error
 * as ks_ruleset_new().
 */
int ks_ruleset_load(const struct ks_rule *rules, size_t count, const struct ks_prepared *prepared,
                    void *memory, struct ks_ruleset **ret_set, struct ks_error *reterr);

/* As ks_rule_check(), but for what only libhs can tell of a trigger, which takes as long as all the rest of a start. */
int ks_rule_glance(const struct ks_rule *rule, struct ks_error *reterr);

/* The classes that a run can be of. */
uint64_t ks_ruleset_bodies(const struct ks_ruleset *set);
/* Those that have the bytes of these classes of another set; all, if one of these is there no more. */
uint64_t ks_ruleset_same_bodies(const struct ks_ruleset *set, const struct ks_ruleset *other,
                                uint64_t classes);

static inline const char *
ks_ruleset_id(const struct ks_ruleset *set, size_t rule)
{
	return set->ids[rule];
}
