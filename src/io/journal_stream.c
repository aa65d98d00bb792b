/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See journal_stream.h. Masks are as long as what they mask, so a position in the text is one in the redacted text
 * too. Of other formats whole entries are written and nothing else.
 */
#include "journal_stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BATCH_SIZE ((size_t)64 << 10)

enum { STOP = 1 }; /* the failure is told already */

static int
fail(struct journal_stream *s, enum journal_side side, int code)
{
	s->failure.side = side;
	s->failure.code = code;
	return -1;
}

/* What cannot be read is passed over and told of. Where memory is out, nothing is wrong with the entry: another run will read it. */
static int
fail_reading(struct journal_stream *s, int error)
{
	return error == ENOMEM ? fail(s, JOURNAL_MASKING, KS_ERROR_MEMORY)
	                       : fail(s, JOURNAL_READING, error);
}

/* ----------------------------------------------------------------------- output ---- */

static int
write_out(struct journal_stream *s, const uint8_t *data, size_t len)
{
	int r = ks_output_write(s->output, data, len);

	return r < 0 ? fail(s, JOURNAL_WRITING, -r) : 0;
}

/* The end of the entry that is coming out. Of one that is still being read it is not known. */
static uint64_t
entry_end(const struct journal_stream *s)
{
	const struct journal_entry_place *place = ks_journal_places_at(&s->places, s->written);

	return place && place->end > s->written ? place->end : UINT64_MAX;
}

/* s->entry holds the whole entry that begins at s->written. */
static int
write_entry(struct journal_stream *s)
{
	ks_buffer_clear(&s->converted);
	ks_journal_format_entry(s->format, s->entry.bytes, s->entry.len, &s->converted);
	ks_buffer_clear(&s->entry);
	if (s->converted.is_short)
		return fail(s, JOURNAL_MASKING, KS_ERROR_MEMORY);
	return write_out(s, s->converted.bytes, s->converted.len);
}

/* Up to len bytes of one entry. */
static int
put(struct journal_stream *s, const uint8_t *data, size_t len, bool is_last)
{
	if (s->format == JOURNAL_EXPORT)
		return write_out(s, data, len);
	ks_buffer_add(&s->entry, data, len);
	if (s->entry.is_short)
		return fail(s, JOURNAL_MASKING, KS_ERROR_MEMORY);
	return is_last ? write_entry(s) : 0;
}

/* A ks_sink_fn: redacted text, cut into entries. */
static int
sink(void *ctx, const uint8_t *data, size_t len)
{
	struct journal_stream *s = ctx;

	while (len > 0) {
		uint64_t end = entry_end(s);
		size_t n = end - s->out < len ? (size_t)(end - s->out) : len;

		if (s->out >= s->drop && put(s, data, n, s->out + n == end) < 0)
			return -1;
		s->out += n;
		if (s->out == end)
			s->written = end;
		data += n;
		len -= n;
	}
	return 0;
}

/* ------------------------------------------------------------------------ rules ---- */

void
ks_journal_stream_leave_rules(struct journal_stream *s)
{
	ks_redactor_free(s->redactor);
	s->redactor = NULL;
	s->scratch = NULL;
}

int
ks_journal_stream_use_rules(struct journal_stream *s, const struct journal_stream_rules *rules)
{
	struct ks_redactor_options options = { .frame = KS_FRAME_JOURNAL,
		                               .wants_restart = 1,
		                               .begins_behind_line = 1,
		                               .stream = rules->options };

	options.stream.sink = sink;
	options.stream.sink_ctx = s;
	s->scratch = rules->scratch;
	s->wants_sources = rules->wants_sources;
	s->base = s->fed;
	return ks_redactor_new(rules->set, &options, &s->redactor);
}

int
ks_journal_stream_change_rules(struct journal_stream *s, const struct journal_stream_rules *rules)
{
	int r = ks_redactor_change(s->redactor, s->scratch, rules->set, &rules->options);

	s->scratch = rules->scratch;
	s->wants_sources = rules->wants_sources;
	return r;
}

/* ------------------------------------------------------------------- life cycle ---- */

int
ks_journal_stream_init(struct journal_stream *s, enum journal_format format, struct output *output,
                       const struct journal_stream_rules *rules)
{
	*s = (struct journal_stream){ .output = output, .format = format };
	return ks_journal_stream_use_rules(s, rules);
}

void
ks_journal_stream_drop_to(struct journal_stream *s, char *last)
{
	s->last = last;
	s->drop = UINT64_MAX;
}

void
ks_journal_stream_drop_entries(struct journal_stream *s, unsigned count)
{
	s->before = count;
	s->drop = count > 0 ? UINT64_MAX : 0;
}

bool
ks_journal_stream_end_drop(struct journal_stream *s)
{
	if (s->drop != UINT64_MAX)
		return false;
	s->drop = s->read;
	return true;
}

void
ks_journal_stream_done(struct journal_stream *s)
{
	ks_journal_stream_leave_rules(s);
	ks_journal_places_done(&s->places);
	free(s->last);
	free(s->source);
	ks_buffer_done(&s->text);
	ks_buffer_done(&s->entry);
	ks_buffer_done(&s->converted);
}

/* ------------------------------------------------------------------------ input ---- */

static int
check(struct journal_stream *s, int status)
{
	if (status == KS_OK)
		return 0;
	return status == KS_ERROR_SINK ? -1 : fail(s, JOURNAL_MASKING, status);
}

static int
feed(struct journal_stream *s)
{
	struct ks_redactor_position position;
	int r = check(s, ks_redactor_feed(s->redactor, s->scratch, s->text.bytes, s->text.len));

	s->fed += s->text.len;
	ks_buffer_clear(&s->text);
	ks_redactor_position(s->redactor, &position);
	ks_journal_places_drop(&s->places, s->base + position.restart);
	return r;
}

/*
 * A journal_text_fn. What is full is fed before more is added: so the last byte of an entry is fed when it is
 * known that it is the last.
 */
static int
gather(void *ctx, const uint8_t *text, size_t len)
{
	struct journal_stream *s = ctx;

	if (s->text.len > 0 && s->text.len + len > BATCH_SIZE && feed(s) < 0)
		return STOP;
	ks_buffer_add(&s->text, text, len);
	if (s->text.is_short) {
		(void)fail(s, JOURNAL_MASKING, KS_ERROR_MEMORY);
		return STOP;
	}
	s->read += len;
	return 0;
}

/* Is the entry that was read the last that is not to be written? */
static bool
is_last_dropped(struct journal_stream *s, struct journal *journal)
{
	if (s->drop != UINT64_MAX)
		return false;
	if (s->before > 0)
		return --s->before == 0;
	return s->last && ks_journal_is_at(journal, s->last) > 0;
}

/* The entry has been read. Takes cursor. */
static int
add_place(struct journal_stream *s, char *cursor)
{
	const struct journal_entry_place place = { s->begin, s->read, cursor, s->source };

	s->source = NULL;
	if (ks_journal_places_add(&s->places, &place))
		return 0;
	return fail(s, JOURNAL_MASKING, KS_ERROR_MEMORY);
}

int
ks_journal_stream_take(struct journal_stream *s, struct journal *journal)
{
	char *cursor;
	int damage, r = ks_journal_cursor(journal, &cursor);

	if (r < 0)
		return fail_reading(s, -r);
	free(s->source);
	s->source = NULL;
	s->begin = s->read;
	if (s->wants_sources) /* it is named the journal where memory is out */
		(void)ks_journal_source(journal, &s->source);
	damage = ks_journal_text(journal, gather, s);
	if (damage == STOP || damage == -ENOMEM || s->read == s->begin) {
		free(cursor);
		return damage == STOP ? -1 : fail_reading(s, -damage);
	}
	if (add_place(s, cursor) < 0)
		return -1;
	if (is_last_dropped(s, journal)) {
		s->drop = s->read;
		r = feed(s);
	}
	if (r == 0 && damage < 0)
		r = fail(s, JOURNAL_READING, -damage);
	return r;
}

int
ks_journal_stream_flush(struct journal_stream *s)
{
	return s->text.len > 0 ? feed(s) : 0;
}

int
ks_journal_stream_finish(struct journal_stream *s, bool is_end)
{
	int r = ks_journal_stream_flush(s);

	if (r < 0)
		return r;
	return check(s, is_end ? ks_redactor_end(s->redactor, s->scratch)
	                       : ks_redactor_stop(s->redactor, s->scratch));
}

/* ----------------------------------------------------------------------- places ---- */

const char *
ks_journal_stream_source(const struct journal_stream *s, uint64_t offset)
{
	uint64_t position = s->base + offset;
	const struct journal_entry_place *place;

	if (position >= s->begin && s->source)
		return s->source;
	place = ks_journal_places_at(&s->places, position);
	return place && position < place->end ? place->source : NULL;
}

bool
ks_journal_stream_is_between(const struct journal_stream *s)
{
	return s->out == s->read && s->written == s->out;
}

bool
ks_journal_stream_is_idle(const struct journal_stream *s)
{
	return ks_journal_stream_is_between(s) && ks_redactor_is_idle(s->redactor);
}

void
ks_journal_stream_place(struct journal_stream *s, struct journal_stream_place *ret_place)
{
	const struct journal_entry_place *place;
	struct ks_redactor_position position;

	*ret_place = (struct journal_stream_place){ .settled = s->written };
	if (s->format == JOURNAL_EXPORT && s->out > s->written && s->out > s->drop)
		ret_place->partial = s->out - s->written;
	if (s->written < s->drop)
		return;
	ks_redactor_position(s->redactor, &position);
	place = ks_journal_places_at(&s->places, s->base + position.restart);
	if (!place)
		return;
	ret_place->cursor = place->cursor;
	ret_place->restart = place->begin;
	if (s->written > place->begin)
		ret_place->last = ks_journal_places_at(&s->places, s->written - 1)->cursor;
}
