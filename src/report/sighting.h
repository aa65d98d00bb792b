/* SPDX-License-Identifier: Apache-2.0 */
/* A finding as people are told of it: whose key was seen, where and when. There is nothing of the key in it. */
#pragma once

#include <stdint.h>
#include <stdio.h>

#define SIGHTING_NO_OFFSET UINT64_MAX
#define SIGHTING_NO_LENGTH UINT64_MAX

struct sighting {
	const char *source; /* a path, a unit ... */
	const char *rule, *title;
	const char *provider, *revoke; /* NULL: not known */
	const char *fingerprint;       /* NULL: it is told by its place */
	const char *identity;     /* tells keys apart within this process, and is shown to nobody */
	const char *known_source; /* where a known value is kept; NULL: none was found */
	uint64_t known_number;    /* which of that source's */
	uint64_t offset;          /* bytes of the source before it; SIGHTING_NO_OFFSET: not known */
	uint64_t line;            /* of the source, from 1; 0: not known */
	uint64_t length;          /* masked bytes; or SIGHTING_NO_LENGTH */
	int64_t time;             /* milliseconds since 1970 */
};

/* How often and when something was seen. */
struct seen_times {
	uint64_t count;
	int64_t first, last; /* milliseconds since 1970 */
};

/*
 * Write a line of a ledger: one that was seen; one that was seen again; and that many were not told of one by one.
 * time: now. Errors stay with the stream: see ferror(). The format: docs/ledger.md.
 */
void ks_sighting_write(const struct sighting *sighting, FILE *out);
void ks_sighting_write_repeat(const struct sighting *sighting, const struct seen_times *times,
                              int64_t time, FILE *out);
void ks_sighting_write_suppressed(const struct seen_times *times, int64_t time, FILE *out);

/* A copy, strings and all, in one block for free(). NULL: memory is out. */
struct sighting *ks_sighting_copy(const struct sighting *sighting);
