/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a ledger (docs/ledger.md), plain or gzipped, record by record. */
#pragma once

#include <stdint.h>

#define LEDGER_UNKNOWN UINT64_MAX /* a number that the record does not tell */

struct ledger_record {
	const char *source,
		*rule; /* all texts are lent until the next call, in UTF-8 as the ledger has it */
	const char *provider, *title, *fingerprint, *revoke; /* NULL: not told */
	const char *known_source;      /* where a known value is kept; NULL: not told */
	uint64_t known_number;         /* which of that source's; LEDGER_UNKNOWN: not told */
	int64_t time;                  /* when it was written, in milliseconds */
	int64_t first, last;           /* when it was seen; not in the wrong order */
	uint64_t count;                /* how often */
	uint64_t offset, line, length; /* or LEDGER_UNKNOWN */
};

/* What ks_ledger_read() came to, other than the end. */
enum ledger_event {
	LEDGER_RECORD = 1,
	LEDGER_DAMAGED, /* a line that is no record; reading goes on behind it */
	LEDGER_TORN /* the same, but it is the last line: a write that was interrupted, or goes on */
};

struct ledger_reader;

/* Takes fd. Returns 0, or a negative errno; then fd is closed too. */
int ks_ledger_reader_new(int fd, struct ledger_reader **ret_reader);
/* Closes the ledger. Returns NULL. */
struct ledger_reader *ks_ledger_reader_free(struct ledger_reader *reader);

/*
 * The next record. Returns 0 at the end, one of enum ledger_event, or -1: nothing more can be read.
 * ks_ledger_reader_problem() tells what is wrong.
 */
int ks_ledger_read(struct ledger_reader *reader, struct ledger_record *ret_record);

/* The number of the line that was read last, from 1; 0: what is wrong is not about a line. */
uint64_t ks_ledger_reader_line(const struct ledger_reader *reader);
/* How many findings there were so far that the ledger tells only the number of. */
uint64_t ks_ledger_reader_rest(const struct ledger_reader *reader);
/* What is wrong, in words that hold nothing of the ledger. Lent until the next call. */
const char *ks_ledger_reader_problem(const struct ledger_reader *reader);
