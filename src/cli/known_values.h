/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The values that --known, --known-dir and --known-env name: gathered, compiled, and what is wrong with them told. Of a
 * value nothing is told but its place: a file and the line in it, a file of a directory, a variable.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "keysieve.h"
#include "known_source.h"
#include "options.h"

struct known_place {
	const char *source; /* a path, or "$VARIABLE" */
	size_t number;      /* the line, from 1; else 1 */
	unsigned changed;   /* another number: another value is there now */
};

/* A source, and what is to be remembered of it from one reading to the next. */
struct known_origin {
	struct known_source source;
	struct ks_error error; /* why it cannot be read; KS_OK: it can */
	char *said;            /* what is to be said of refused values; or NULL */
	bool is_empty;
	bool is_kept;          /* it cannot be read, or is empty: these are former values */
	size_t taken, refused; /* values */
};

struct known_values {
	struct known_origin *origins;
	size_t count;
	const struct known_value **numbers; /* of value n: numbers[n - 1], */
	size_t *number_origins;             /* and its origin's number */
	size_t number_count;
	struct ks_known *compiled;
	unsigned reading;  /* from 1 */
	bool is_disturbed; /* what is wrong with it may be half of something: nothing is told */
	bool was_unlocked; /* these, or former ones */
};

/* Do the options name any? */
bool ks_known_values_are_asked(const struct options *options);

/*
 * Read what the options name, which are borrowed. former: what is in use, of which stays what cannot be read now; NULL:
 * this is the first time, and what cannot be read is an error, as is a value of a file that is refused. Returns 0 and
 * prints nothing, or prints what is wrong and returns an exit status.
 */
int ks_known_values_read(const struct options *options, const struct known_values *former,
                         struct known_values **ret_values);
/* Somebody was changing what was read: use what was there besides, until it can be read undisturbed. Returns as above. */
int ks_known_values_keep(struct known_values *values, const struct known_values *former);
/* Are these in use already, and is nothing new to say of them? */
bool ks_known_values_are_same(const struct known_values *values, const struct known_values *former);
/* Then compile it, once; this is what takes time. Returns as above; after an error values can only be freed. */
int ks_known_values_compile(struct known_values *values);
/* Both, for the first time. */
int ks_known_values_new(const struct options *options, struct known_values **ret_values);
/* Print what is new to say of values that are taken into use in the place of former ones, or of none (NULL). */
void ks_known_values_tell(const struct known_values *values, const struct known_values *former);
/* NULL is fine. */
void ks_known_values_free(struct known_values *values);

/* The place of the value that has this number in findings. Lent. */
void ks_known_values_place(const struct known_values *values, size_t number,
                           struct known_place *ret_place);

/* Are all sources read as they are now? */
bool ks_known_values_are_fresh(const struct known_values *values);
