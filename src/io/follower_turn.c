/* SPDX-License-Identifier: Apache-2.0 */
/* Whose turn it is, and what is done in it: a piece of a source is read, or one file of it is left for the next. */
#include "follower.h"

#include <string.h>

#include "stack.h"

/* ---------------------------------------------------------------- late writers ---- */

/* Others may still write to a file that was renamed: it becomes a source of its own. */
static int
add_late(struct follower *f, struct source *s)
{
	struct source *late;
	struct part part;

	if (!ks_followed_take_left(&s->files, &part))
		return KS_OK;
	late = ks_follower_add(f, s->files.path, true);
	if (!late) {
		ks_part_done(&part, f->watch);
		return KS_ERROR_MEMORY;
	}
	late->frame = s->frame;
	late->wants_context = true;
	late->is_named = s->is_named;
	late->told_reading = s->told_reading;
	part.file_offset = part.position;
	return ks_followed_add(&late->files, f->watch, &part) < 0 ? KS_ERROR_MEMORY : KS_OK;
}

/* Most files get nothing any more: they need no redactor. Returns false if there is nothing. */
static bool
late_has_begun(struct follower *f, struct source *s)
{
	struct part *part;

	if (!s->wants_context || s->files.reading == s->files.count)
		return true;
	part = &s->files.parts[s->files.reading];
	if (!ks_part_has_more(part))
		return false;
	s->wants_context = false;
	ks_follower_begin(f, s, part);
	return true;
}

/* ----------------------------------------------------------------------- turns ---- */

/* The rest of a file that an earlier run knew in two parts is for who has it at another path. */
static void
remember_limited(struct follower *f, const struct followed *files)
{
	const struct part *done = files->reading > 0 ? &files->parts[files->reading - 1] : NULL;
	const struct past_file *past;

	if (!done || done->limit == PART_UNLIMITED)
		return;
	past = ks_follower_find_past(f, &done->identity);
	if (!past || past->position < done->position)
		ks_follower_remember(f, done);
}

static int
switch_file(struct follower *f, struct source *s)
{
	bool has_gap = ks_followed_take_gap(&s->files);
	bool wants_restart = s->redactor && s->masker->options.wants_restart;
	int r = has_gap ? ks_source_gap(s, ks_followed_position(&s->files)) : ks_source_break(s);

	remember_limited(f, &s->files);
	ks_followed_forget(&s->files, wants_restart ? ks_source_restart(s) : UINT64_MAX);
	return r == KS_OK ? add_late(f, s) : r;
}

/*
 * It is tried again at the next look. Who waits behind a former file does not wait longer: that one becomes a source of its
 * own. One that is at the path, and fails again, is opened anew then. Returns an enum ks_status.
 */
static int
give_up(struct follower *f, struct source *s, int error)
{
	bool is_new = s->told_reading != error;

	if (is_new)
		f->options.note(f->options.note_ctx, FOLLOWER_FAILED, s->files.path, error);
	s->told_reading = error;
	if (ks_followed_can_leave(&s->files))
		return ks_followed_leave_part(&s->files, f->watch) < 0 ? KS_ERROR_MEMORY
		                                                       : switch_file(f, s);
	if (is_new || s->files.is_late || s->files.is_away || s->files.error) {
		s->files.must_read = false;
		return KS_OK;
	}
	ks_follower_remember(f, &s->files.parts[s->files.reading]);
	ks_followed_close(&s->files, f->watch);
	return KS_OK;
}

static int
feed(struct follower *f, struct source *s, size_t len)
{
	const struct meter *meter = f->options.meter;
	int r;

	if (meter && len > 0) {
		meter->on_read(meter->ctx, f->buffer, len);
		ks_passage_begin(&s->passage, ks_followed_position(&s->files));
	}
	r = ks_source_feed(s, f->masker, f->buffer, len);
	explicit_bzero(f->buffer, len); /* when there is more nobody knows */
	ks_stack_wipe();
	if (meter)
		ks_passage_end(&s->passage, ks_source_written(s), meter);
	return r;
}

/* Returns as ks_follower_turn(). */
static int
take_turn(struct follower *f, struct source *s)
{
	size_t len;
	int r;

	if (!late_has_begun(f, s)) {
		s->files.must_read = false;
		return 0;
	}
	r = ks_followed_read(&s->files, f->watch, f->buffer, FOLLOWER_CHUNK, &len);
	switch (r) {
	case FOLLOWED_IDLE:
		if (s->files.reading < s->files.count)
			s->told_reading = 0;
		return 0;
	case FOLLOWED_DATA:
		s->told_reading = 0;
		r = feed(f, s, len);
		break;
	case FOLLOWED_SWITCHED:
		r = switch_file(f, s);
		break;
	default:
		r = give_up(f, s, -r);
	}
	return r == KS_OK ? 1 : r;
}

int
ks_follower_turn(struct follower *f)
{
	for (size_t tried = 0; tried < f->count; tried++) {
		struct source *s = f->sources[f->next++ % f->count];
		int r;

		f->next %= f->count;
		if (!s->files.must_read || !ks_lane_is_open(s->lane))
			continue;
		r = take_turn(f, s);
		if (r != 0)
			return r;
	}
	return 0;
}
