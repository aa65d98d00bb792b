/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where known values come from: a file with one on each line, a directory with one in each file, variables of the
 * environment. Nothing that is told of one holds a byte of a value: sources and numbers only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keysieve.h"
#include "secret_text.h"

#define KNOWN_FILE_MAX ((size_t)16 << 20) /* bytes of a file of values */

enum known_kind { KNOWN_FILE, KNOWN_DIRECTORY, KNOWN_ENVIRONMENT };

struct known_value {
	size_t from,
		len; /* in the source's text; of one that is longer than KS_KNOWN_MAX, KS_KNOWN_MAX + 1 */
	size_t number;    /* its line in a file, from 1; else 1 */
	char *place;      /* "DIRECTORY/FILE" or "$VARIABLE"; NULL: the source is the place */
	unsigned changed; /* the reading in which it was not what it had been before */
	bool is_former;   /* it is kept from when all of the source could be read */
};

struct known_source {
	enum known_kind kind;
	const char *name; /* as it was given; borrowed */
	struct secret_text text;
	struct known_value *values; /* in the order of lines or names */
	size_t count;
	bool is_shared; /* a directory in which others may write */
	bool is_pipe;   /* what it had is read, and never comes again */
};

/*
 * Read all values of a source. Borrows name until it is freed. Errors: KS_ERROR_FILE (it cannot be read, or must not
 * be; no variable matches), KS_ERROR_MEMORY; ks_known_source_done() is right after all. After KS_ERROR_FILE a directory
 * has the values of those files that could be read.
 */
int ks_known_source_read(struct known_source *source, enum known_kind kind, const char *name,
                         struct ks_error *reterr);
/* Is it a pipe that the shell made for this process, as for <(command)? */
bool ks_known_source_is_pipe(const char *name);
/* The same values as another source's, which stays. Errors: KS_ERROR_MEMORY, as above. */
int ks_known_source_copy(struct known_source *source, const struct known_source *from);
void ks_known_source_done(struct known_source *source);

/*
 * Not all of source could be read, or not for certain: add what it had. former: its former reading. Of each file, or line
 * of a file, there are two values at most: the one from when all could be read (or, if there was none, the last one), and
 * the one that was read now. Errors: KS_ERROR_MEMORY, as above.
 */
int ks_known_source_keep(struct known_source *source, const struct known_source *former);

/* Note which values are not those that were in the same places of former. reading: the number of this reading. */
void ks_known_source_compare(struct known_source *source, const struct known_source *former,
                             unsigned reading);

static inline const uint8_t *
ks_known_source_bytes(const struct known_source *source, const struct known_value *value)
{
	return source->text.bytes + value->from;
}

static inline const char *
ks_known_source_place(const struct known_source *source, const struct known_value *value)
{
	return value->place ? value->place : source->name;
}
