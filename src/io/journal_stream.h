/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way of the journal's entries: their export text through a redactor, into another format if need be, to
 * the output. What it has let out it knows in whole entries, for that is what a restart can go on behind.
 *
 *     text    |---- entry ----|---- entry ----|---- entry ----|---- entry ----|- - -
 *             ^ place         ^ written         ^ out                   ^ fed
 *
 * Positions count bytes of text since the first entry that was read.
 */
#pragma once

#include "buffer.h"
#include "journal.h"
#include "journal_format.h"
#include "journal_places.h"
#include "keysieve.h"
#include "output.h"

enum journal_side { JOURNAL_READING, JOURNAL_WRITING, JOURNAL_MASKING };

/* Fields are for journal_stream.c, but failure. */
struct journal_stream {
	struct output *output; /* borrowed, as is scratch */
	enum journal_format format;
	struct ks_scratch *scratch;
	struct ks_redactor *redactor;
	uint64_t base;   /* where the redactor began */
	uint64_t drop;   /* what is before it is not written; UINT64_MAX: not known yet */
	unsigned before; /* then: entries that are before it and are still to come */
	char *last;      /* the cursor of the last entry before it; NULL: not known */
	uint64_t begin;  /* of the entry that is being read */
	uint64_t read, fed, out;
	uint64_t written; /* the end of the last entry that is out as a whole */
	struct journal_places places;
	struct buffer text;  /* [fed, read) */
	struct buffer entry; /* [written, out), masked, for another format */
	struct buffer converted;
	bool wants_sources;
	char *source; /* of the entry that is being read; NULL: not known */
	struct {
		enum journal_side side;
		int code; /* a positive errno; of JOURNAL_MASKING, an enum ks_status */
	} failure;        /* after -1 */
};

/* What a run uses that may change on the way. Borrowed. */
struct journal_stream_rules {
	const struct ks_ruleset *set;
	struct ks_scratch *scratch;
	struct ks_stream_options options; /* but for the sink */
	bool wants_sources;               /* ks_journal_stream_source() is going to be called */
};

/* Returns 0, or a negative enum ks_status; ks_journal_stream_done() is right after both. */
int ks_journal_stream_init(struct journal_stream *stream, enum journal_format format,
                           struct output *output, const struct journal_stream_rules *rules);
void ks_journal_stream_done(struct journal_stream *stream);

/*
 * What comes first is read for what follows, but not written: all up to the entry of a cursor, which is taken; or so
 * many entries. To be called before the first entry is taken.
 */
void ks_journal_stream_drop_to(struct journal_stream *stream, char *last);
void ks_journal_stream_drop_entries(struct journal_stream *stream, unsigned count);
/* There is no next entry yet, so that one must have come by now: returns true if it has not. */
bool ks_journal_stream_end_drop(struct journal_stream *stream);

/*
 * Functions that return int from here on: 0, or -1 and failure says why. After JOURNAL_READING the
 * next entry may follow; after the others nothing may.
 */

/* Take the journal's entry at hand. It may wait for a few more of them. */
int ks_journal_stream_take(struct journal_stream *stream, struct journal *journal);
/* Nothing waits any more but what the rules have not decided. */
int ks_journal_stream_flush(struct journal_stream *stream);
/* There will be no more entries: is it the end of the journal, or will another run go on? */
int ks_journal_stream_finish(struct journal_stream *stream, bool is_end);

/* Is all out, up to the end of an entry? Then the output may be another one. */
bool ks_journal_stream_is_between(const struct journal_stream *stream);
/* Is it so, and can no run go on? Then other rules may be used. */
bool ks_journal_stream_is_idle(const struct journal_stream *stream);
/* Use no rules any more, then others, from the idle point on. Returns as ks_journal_stream_init(). */
void ks_journal_stream_leave_rules(struct journal_stream *stream);
int ks_journal_stream_use_rules(struct journal_stream *stream,
                                const struct journal_stream_rules *rules);
/* Use others though something is open: ks_redactor_change(). The former ones are not needed any more. Errors: as there. */
int ks_journal_stream_change_rules(struct journal_stream *stream,
                                   const struct journal_stream_rules *rules);

/*
 * The unit or container whose entry a finding is in, by its offset; NULL: not known. To be called when it is reported.
 */
const char *ks_journal_stream_source(const struct journal_stream *stream, uint64_t offset);

/* Where a restart begins. */
struct journal_stream_place {
	const char *cursor; /* lent; NULL: nothing new was written yet */
	const char *last;   /* of the last entry that is out; NULL: it is before cursor's */
	uint64_t restart;   /* where cursor's entry begins */
	uint64_t settled;   /* the end of the last entry that is out */
	uint64_t partial;   /* bytes of output that are of the next one */
};
void ks_journal_stream_place(struct journal_stream *stream, struct journal_stream_place *ret_place);

/* Is what is being masked not to be written? */
static inline bool
ks_journal_stream_is_dropping(const struct journal_stream *stream)
{
	return stream->fed < stream->drop;
}
