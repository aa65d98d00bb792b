/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the oracle's files share. Words are those of docs/definition.md: x is the input, s and e are
 * where a trigger begins and ends, f is where the run ends, k and w are the widths of `before` and
 * of the trigger of an infix rule.
 *
 *   oracle_set.c     sets of bytes
 *   oracle_macro.c   macros of triggers
 *   oracle_rule.c    a rule, compiled
 *   oracle_match.c   one match of one rule: boundary, run, satisfied, open
 *   oracle_known.c   known values in all their spellings
 *   oracle.c         all matches: masked bytes, regions, held bytes
 */
#pragma once

#define PCRE2_CODE_UNIT_WIDTH 8

#include <keysieve.h>
#include <pcre2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "A sequence of 1 to 63 bytes": at 64 a run is decided, so a placeholder is shorter. */
#define ORACLE_PLACEHOLDER_MAX 63U

/* ----------------------------------------------------------------- sets ---- */

struct oracle_set {
	bool has[256];
};

/*
 * The set that text[0, len), the inside of a bracket expression, stands for. Returns 0, or
 * ORACLE_ERROR if the text is not in the notation of docs/rules.md or the set is empty.
 */
int oracle_set_init(struct oracle_set *ret_set, const char *text, size_t len);

/*
 * The length of the bracket expression "[...]" that text begins with, both brackets counted.
 * 0 if it begins with none.
 */
size_t oracle_set_span(const char *text);

/* ---------------------------------------------------------------- rules ---- */

/* trigger without macros; the caller frees it. NULL when memory is out. */
char *oracle_macro_expand(const char *trigger);

struct oracle_rule {
	pcre2_code *trigger;
	struct oracle_set first; /* the bytes that a trigger can begin with: spares time only */
	struct oracle_set body;
	bool is_patient; /* runs may be allowed: no verdict before their end */
	bool slash;      /* body has '/' but not '\': then "\/" belongs to a run too */
	bool percent;    /* body has all hexadecimal digits but not '%': "%2B" */
	bool unicode;    /* and 'u', but not '\': "\u002B" */
	size_t min, max; /* max 0: none */
	bool has_follow;
	struct oracle_set follow;
	enum ks_kind kind;
	enum ks_boundary boundary;
	unsigned conditions; /* enum ks_condition */

	/* Of an infix rule only; k = 0: this is none. */
	size_t k;
	struct oracle_set before;
	size_t w;
	struct oracle_set *elements; /* [w], the trigger byte by byte */
};

/*
 * Compile a rule. Borrows its strings until return. *ret_what is set on failure: a constant text.
 * On failure, too, oracle_rule_done() has to be called.
 */
int oracle_rule_init(struct oracle_rule *r, const struct ks_rule *text, const char **reterr_what);
void oracle_rule_done(struct oracle_rule *r);

/* -------------------------------------------------------------- matches ---- */

/* The bytes that are looked at: the first n of the input. */
struct oracle_view {
	const uint8_t *x;
	size_t n;
};

/* "Boundary": whether a trigger of a rule with this boundary may begin at s. */
bool oracle_boundary_allows(enum ks_boundary boundary, const uint8_t *x, size_t s);
/* "Placeholder": whether p[0, len) is one. */
bool oracle_is_placeholder(const uint8_t *p, size_t len);
bool oracle_is_stars(const uint8_t *p, size_t len);
/* "Run": the f of the match of r at e. */
/* Whether x[i, n), which is not empty, is no escape yet but can become one for r. */
bool oracle_escape_begun(const struct oracle_rule *r, struct oracle_view v, size_t i);

size_t oracle_run_end(const struct oracle_rule *r, struct oracle_view v, size_t e);
/* Condition 5 of "Satisfied" for the match of r at e. */
bool oracle_meets_before(const struct oracle_rule *r, const uint8_t *x, size_t e);
/* "Satisfied", for the match of r at e. */
bool oracle_satisfied(const struct oracle_rule *r, struct oracle_view v, size_t e);
/*
 * "What may be held back": whether the satisfaction of the match of r at e is open, what is said
 * there of a carrier and a provider's key in it left out.
 */
bool oracle_open(const struct oracle_rule *r, struct oracle_view v, size_t e);

/* --------------------------------------------------------- known values ---- */

struct oracle_spelling {
	uint8_t *bytes;
	size_t len;
	size_t text;   /* which one, in the order in which they were added */
	size_t number; /* its value's */
};

struct oracle_known {
	struct oracle_spelling *spellings;
	size_t count, room;
	size_t texts;      /* how many there are */
	size_t text_begin; /* the first spelling of the text that is being added */
};

/* Returns 0, or ORACLE_ERROR. */
int oracle_known_add(struct oracle_known *k, const uint8_t *value, size_t n, size_t number);
void oracle_known_done(struct oracle_known *k);
