/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See source.h. Invariants: restart <= what was written, and restart only grows. What a restart point is good
 * for, it stays good for: an old one costs time and nothing else.
 */
#include "source.h"

#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "patience.h"

struct source *
ks_source_new(const char *path, enum ks_frame frame, struct lane *lane)
{
	struct source *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->frame = frame;
	s->lane = lane;
	if (ks_followed_init(&s->files, path) < 0) {
		free(s);
		return NULL;
	}
	return s;
}

static void
drop_redactor(struct source *s)
{
	ks_redactor_free(s->redactor);
	if (s->redactor)
		s->masker->users--;
	s->redactor = NULL;
	s->masker = NULL;
}

void
ks_source_free(struct source *s, struct watch *watch)
{
	if (!s)
		return;
	drop_redactor(s);
	ks_lane_free(s->lane);
	ks_followed_done(&s->files, watch);
	free(s);
}

void
ks_source_begin(struct source *s, uint64_t restart, uint64_t skip)
{
	s->base = s->given = s->restart = restart;
	s->skip = skip;
}

/* --------------------------------------------------------------------- masking ---- */

/* A ks_sink_fn. The first bytes may have been written in an earlier run. */
static int
put(void *ctx, const uint8_t *data, size_t len)
{
	struct source *s = ctx;
	uint64_t known = s->given < s->skip ? s->skip - s->given : 0;
	size_t drop = known < len ? (size_t)known : len;

	s->given += len;
	if (s->frame == KS_FRAME_AUTO)
		s->frame = ks_redactor_frame(s->redactor);
	return len == drop ? 0
	                   : ks_lane_put(s->lane, data + drop, len - drop,
	                                 s->frame != KS_FRAME_JOURNAL);
}

/* The part that holds this place of the source; NULL: it is not remembered any more. */
static const struct part *
part_at(const struct source *s, uint64_t place)
{
	const struct part *found = NULL;

	for (size_t i = 0; i <= s->files.reading && i < s->files.count; i++) {
		const struct part *part = &s->files.parts[i];

		if (part->is_placed && part->source_offset <= place)
			found = part;
	}
	return found;
}

/* A ks_finding_fn. What was written in an earlier run was told of then. */
static void
tell_finding(void *ctx, const struct ks_finding *finding)
{
	const struct source *s = ctx;
	struct ks_finding told = *finding;
	uint64_t place = s->base + finding->offset;
	const struct part *part = part_at(s, place);

	if (place + finding->length < s->skip)
		return;
	told.offset = part ? part->file_offset + (place - part->source_offset) : place;
	told.line = 0;
	if (finding->line && part && part->lines != PART_NO_LINES)
		told.line = s->base_lines + finding->line - part->lines;
	s->masker->on_finding(s->masker->finding_ctx, s->files.path, &told);
}

static struct ks_redactor_options
options_of(struct source *s, const struct masker *masker)
{
	struct ks_redactor_options options = masker->options;

	options.frame = s->frame;
	options.begins_behind_line = s->base > 0;
	options.stream.begins_in_run = s->begins_in_run;
	options.stream.sink = put;
	options.stream.sink_ctx = s;
	options.stream.on_finding = masker->on_finding ? tell_finding : NULL;
	options.stream.finding_ctx = s;
	return options;
}

static int
make_redactor(struct source *s, struct masker *masker)
{
	const struct ks_redactor_options options = options_of(s, masker);
	int r = ks_redactor_new(masker->set, &options, &s->redactor);

	if (r != KS_OK)
		return r;
	s->begins_in_run = false;
	s->masker = masker;
	masker->users++;
	return KS_OK;
}

/* Where an entry ends another source may go on. */
static int
feed(struct source *s, const uint8_t *data, size_t len)
{
	int r = ks_redactor_feed(s->redactor, s->masker->scratch, data, len);

	if (r == KS_OK && s->frame == KS_FRAME_JOURNAL && ks_redactor_is_idle(s->redactor))
		r = ks_lane_end_entry(s->lane);
	s->bytes += len;
	s->is_in_line = len > 0 && data[len - 1] != '\n';
	if (s->masker->options.stream.counts_lines)
		s->lines += ks_line_ends(data, len);
	(void)ks_source_restart(s);
	return r;
}

bool
ks_source_is_idle(const struct source *s)
{
	return !s->redactor || ks_redactor_is_idle(s->redactor);
}

void
ks_source_change(struct source *s, struct masker *masker)
{
	if (!s->redactor || s->masker == masker || !ks_redactor_is_idle(s->redactor))
		return;
	drop_redactor(s);
	s->base = s->given;
	s->base_lines = s->lines;
}

/* The masker has waited long enough for a place where nothing is open. */
static int
change_where_open(struct source *s, struct masker *masker)
{
	const struct ks_redactor_options options = options_of(s, masker);
	int r = ks_redactor_change(s->redactor, s->masker->scratch, masker->set, &options.stream);

	s->masker->users--;
	s->masker = masker;
	masker->users++;
	return r;
}

/* Up to the end of the first line, or entry; 0: none ends here. */
static size_t
first_line(const struct source *s, const uint8_t *data, size_t len)
{
	bool is_journal = s->frame == KS_FRAME_JOURNAL;
	const uint8_t *end = memmem(data, len, "\n\n", is_journal ? 2 : 1);

	return end ? (size_t)(end - data) + (is_journal ? 2 : 1) : 0;
}

/* Up to the end of the last entry. */
static size_t
last_entry(const uint8_t *data, size_t len)
{
	while (len >= 2 && (data[len - 1] != '\n' || data[len - 2] != '\n'))
		len--;
	return len < 2 ? 0 : len;
}

/*
 * As much of data as is good to be fed at once: to where the masker can be changed, or where another source
 * can go on between two entries.
 */
static size_t
next_piece(const struct source *s, const struct masker *masker, const uint8_t *data, size_t len)
{
	size_t piece = 0;

	if (s->masker != masker)
		piece = first_line(s, data, len);
	else if (s->frame == KS_FRAME_JOURNAL)
		piece = last_entry(data, len);
	return piece > 0 ? piece : len;
}

int
ks_source_feed(struct source *s, struct masker *masker, const uint8_t *data, size_t len)
{
	int r = KS_OK;

	while (r == KS_OK && len > 0) {
		size_t n;

		ks_source_change(s, masker);
		if (!s->redactor)
			r = make_redactor(s, masker);
		else if (s->masker != masker && !s->is_in_line &&
		         ks_patience_is_over(masker->since))
			r = change_where_open(s, masker);
		if (r != KS_OK)
			return r;
		n = next_piece(s, masker, data, len);
		r = feed(s, data, n);
		data += n;
		len -= n;
	}
	return r;
}

/* A file that is read from its beginning has its lines numbered. */
static void
begin_part(struct source *s)
{
	struct part *part = s->files.reading < s->files.count ? &s->files.parts[s->files.reading]
	                                                      : NULL;

	if (part && part->position == 0 && part->file_offset == 0)
		part->lines = s->lines;
}

int
ks_source_break(struct source *s)
{
	begin_part(s);
	return s->redactor ? ks_redactor_break(s->redactor, s->masker->scratch) : KS_OK;
}

int
ks_source_gap(struct source *s, uint64_t at)
{
	int r = KS_OK;

	if (s->redactor)
		r = ks_redactor_stop(s->redactor, s->masker->scratch);
	drop_redactor(s);
	s->begins_in_run = true;
	s->base = s->given = at;
	s->base_lines = s->lines;
	begin_part(s);
	return r;
}

int
ks_source_end(struct source *s, bool is_stop)
{
	int r = KS_OK;

	if (s->redactor && is_stop)
		r = ks_redactor_stop(s->redactor, s->masker->scratch);
	else if (s->redactor)
		r = ks_redactor_end(s->redactor, s->masker->scratch);
	drop_redactor(s);
	return r == KS_OK ? ks_lane_flush(s->lane) : r;
}

/* --------------------------------------------------------------------- positions ---- */

uint64_t
ks_source_written(const struct source *s)
{
	return (s->given < s->skip ? s->skip : s->given) - ks_lane_waiting(s->lane);
}

uint64_t
ks_source_restart(struct source *s)
{
	struct ks_redactor_position position = { 0 };
	uint64_t restart = s->base;

	if (s->redactor) {
		ks_redactor_position(s->redactor, &position);
		restart = s->base + position.restart;
	}
	if (restart <= ks_source_written(s) && restart > s->restart)
		s->restart = restart;
	return s->restart;
}
