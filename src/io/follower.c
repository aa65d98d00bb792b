/* SPDX-License-Identifier: Apache-2.0 */
/* See follower.h. What there is to follow is follower_look.c's business. */
#include "follower.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "secret_memory.h"

#define LINE_LIMIT    (1U << 20) /* of a line that waits for its end */
#define LOOK_SECONDS  1.0
#define LATE_SECONDS  60.0 /* that a file is kept open to which nobody writes any more */
#define LATE_MAX      128U /* of these files; if there are more: */
#define HASTY_SECONDS 2.0

/* --------------------------------------------------------------------- sources ---- */

struct source *
ks_follower_find(const struct follower *f, const char *path)
{
	for (size_t i = 0; i < f->count; i++) {
		if (!f->sources[i]->files.is_late && strcmp(f->sources[i]->files.path, path) == 0)
			return f->sources[i];
	}
	return NULL;
}

/* With one path everything leaves at once; who comes besides waits for the ends of its lines. */
static bool
is_live(const struct follower *f, bool is_late)
{
	return !is_late && f->pattern_count == 0 && f->options.paths[0] && !f->options.paths[1];
}

struct source *
ks_follower_add(struct follower *f, const char *path, bool is_late)
{
	struct source **grown = realloc(f->sources, (f->count + 1) * sizeof(struct source *));
	struct lane *lane = ks_lane_new(&f->interleave, is_live(f, is_late));
	struct source *s = NULL;

	if (grown)
		f->sources = grown;
	if (grown && lane)
		s = ks_source_new(path, f->options.frame, lane);
	if (!s) {
		ks_lane_free(lane);
		return NULL;
	}
	s->files.is_late = is_late;
	f->sources[f->count++] = s;
	return s;
}

/* ------------------------------------------------------------------------ paths ---- */

static int
add_named(void *ctx, const char *path)
{
	struct follower *f = ctx;
	struct source *s;

	if (ks_follower_find(f, path))
		return 0;
	s = ks_follower_add(f, path, false);
	return s ? 0 : -ENOMEM;
}

static int
add_pattern(struct follower *f, const char *text)
{
	struct pattern *grown = realloc(f->patterns, (f->pattern_count + 1) * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	f->patterns = grown;
	return ks_pattern_init(&f->patterns[f->pattern_count++], text);
}

static int
add_paths(struct follower *f)
{
	int r = 0;

	for (char **path = f->options.paths; r == 0 && *path; path++) {
		if (ks_pattern_is(*path))
			r = add_pattern(f, *path);
	}
	for (char **path = f->options.paths; r == 0 && *path; path++) {
		if (ks_pattern_is(*path))
			continue;
		r = add_named(f, *path);
		if (r == 0)
			ks_follower_find(f, *path)->is_named = true;
	}
	return r;
}

/* ------------------------------------------------------------------- life cycle ---- */

static int
look_at_all(struct follower *f)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < f->count; i++) {
		f->sources[i]->files.must_read = true;
		r = ks_follower_look(f, f->sources[i]);
	}
	return r;
}

/* Patterns first: what they match is looked at with the rest. */
static int
start(struct follower *f, const struct checkpoint *saved)
{
	int r = add_paths(f);

	f->looked = ks_followed_clock();
	f->looked_at = ks_file_clock(); /* before anything is looked at */
	f->last_look = saved ? saved->looked : 0;
	if (r == 0 && saved)
		r = ks_follower_restore(f, saved);
	if (r == 0)
		r = ks_follower_look_patterns(f, true);
	if (r == 0)
		r = look_at_all(f);
	f->is_started = true;
	return r;
}

int
ks_follower_init(struct follower *f, const struct follower_options *options, struct masker *masker,
                 const struct checkpoint *saved)
{
	*f = (struct follower){ .options = *options, .masker = masker };
	f->interleave = (struct interleave){ .write = options->write,
		                             .ctx = options->write_ctx,
		                             .limit = LINE_LIMIT };
	f->watch = ks_watch_new();
	f->buffer = ks_secret_memory_new(FOLLOWER_CHUNK);
	return f->watch && f->buffer ? start(f, saved) : -ENOMEM;
}

void
ks_follower_done(struct follower *f)
{
	for (size_t i = 0; i < f->count; i++)
		ks_source_free(f->sources[i], f->watch);
	for (size_t i = 0; i < f->pattern_count; i++)
		ks_pattern_done(&f->patterns[i], f->watch);
	free(f->sources);
	free(f->patterns);
	free(f->past);
	ks_checkpoint_done(&f->kept);
	ks_watch_free(f->watch);
	ks_secret_memory_free(f->buffer, FOLLOWER_CHUNK);
	*f = (struct follower){ 0 };
}

int
ks_follower_fd(const struct follower *f)
{
	return ks_watch_fd(f->watch);
}

/* ---------------------------------------------------------------------- waking ---- */

int
ks_follower_wake(struct follower *f)
{
	bool is_all = ks_followed_clock() - f->looked >= LOOK_SECONDS;
	int r;

	if (is_all)
		f->looked_at = ks_file_clock(); /* before anything is looked at */
	r = ks_follower_take(f);
	if (r < 0)
		return r;
	r = ks_follower_look_patterns(f, is_all);
	if (r == 0)
		r = ks_follower_take_unseen(f);
	if (r == 0 && is_all)
		r = look_at_all(f);
	for (size_t i = 0; r == 0 && i < f->count; i++) {
		const struct followed *files = &f->sources[i]->files;

		if (files->must_look || files->must_walk)
			r = ks_follower_look(f, f->sources[i]);
	}
	/* From its end on: of thousands of files a look takes longer than until the next time. */
	if (is_all && r == 0)
		f->looked = ks_followed_clock();
	return r;
}

int
ks_follower_wake_all(struct follower *f)
{
	f->looked = -LOOK_SECONDS;
	return ks_follower_wake(f);
}

/* --------------------------------------------------------------- what is over ---- */

/* Nobody writes to the last file of the source, or it cannot be read, and it is not at the path. */
static bool
is_over(const struct source *s, double now, double patience)
{
	const struct followed *files = &s->files;

	return now - files->active > patience &&
	       (s->told_reading != 0 || ks_followed_waiting(files) == 0) &&
	       files->reading + 1 >= files->count &&
	       (files->is_late || files->is_away || files->error != 0);
}

static int
end_source(struct follower *f, size_t i)
{
	struct source *s = f->sources[i];
	int r = ks_source_end(s, false);

	f->bytes += s->bytes;
	f->sources[i] = f->sources[--f->count];
	f->next = 0;
	ks_source_free(s, f->watch);
	return r;
}

/* Rotation that is faster than any logrotate's, or names that come and go, must not take all descriptors. */
static double
choose_patience(const struct follower *f)
{
	size_t count = 0;

	for (size_t i = 0; i < f->count; i++) {
		const struct source *s = f->sources[i];

		count += s->files.is_late || (!s->is_named && s->files.error != 0);
	}
	return count > LATE_MAX ? HASTY_SECONDS : LATE_SECONDS;
}

/* Close files that are over, and forget sources that only matched a pattern. Returns an enum ks_status. */
int
ks_follower_clean(struct follower *f)
{
	double now = ks_followed_clock(), patience;
	bool is_closed = false;
	int r = KS_OK;

	if (now - f->cleaned < LOOK_SECONDS)
		return KS_OK;
	f->cleaned = now;
	patience = choose_patience(f);
	for (size_t i = f->count; r == KS_OK && i-- > 0;) {
		struct source *s = f->sources[i];

		if (!is_over(s, now, patience) || !ks_lane_is_open(s->lane))
			continue;
		if (s->files.reading < s->files.count)
			ks_follower_remember(f, &s->files.parts[s->files.reading]);
		ks_followed_close(&s->files, f->watch);
		is_closed = true;
		if (s->files.is_late || (!s->is_named && s->files.error))
			r = end_source(f, i);
	}
	/*
	 * Before the next checkpoint: who has it at another path is to write down how far it was read. What fails fails again
	 * at the next turn, and is told there.
	 */
	if (is_closed && r == KS_OK)
		(void)ks_follower_wake_all(f);
	return r;
}

bool
ks_follower_hold(struct follower *f)
{
	f->interleave.holds = true;
	return !f->interleave.owner;
}

int
ks_follower_resume(struct follower *f)
{
	int r = KS_OK;

	f->interleave.holds = false;
	for (size_t i = 0; r == KS_OK && i < f->count; i++)
		r = ks_lane_resume(f->sources[i]->lane);
	return r;
}

int
ks_follower_stop(struct follower *f)
{
	int r = KS_OK;

	for (size_t i = 0; r == KS_OK && i < f->count; i++) {
		if (f->sources[i]->lane == f->interleave.owner)
			r = ks_source_end(f->sources[i], true);
	}
	for (size_t i = 0; r == KS_OK && i < f->count; i++)
		r = ks_source_end(f->sources[i], true);
	return r;
}

void
ks_follower_change(struct follower *f, struct masker *masker)
{
	f->masker = masker;
	for (size_t i = 0; i < f->count; i++)
		ks_source_change(f->sources[i], masker);
}

/* ------------------------------------------------------------------- questions ---- */

bool
ks_follower_has_failed(const struct follower *f)
{
	for (size_t i = 0; i < f->count; i++) {
		const struct source *s = f->sources[i];
		int told = s->told ? s->told : s->told_reading;

		if (s->is_named && told && told != ENOENT && told != ENOTDIR)
			return true;
	}
	return false;
}

bool
ks_follower_is_hopeless(const struct follower *f)
{
	for (size_t i = 0; i < f->count; i++) {
		int told = f->sources[i]->told;

		if (!told || told == ENOENT || told == ENOTDIR)
			return false;
	}
	return f->pattern_count == 0;
}

uint64_t
ks_follower_lag(const struct follower *f, follower_lag_fn tell, void *ctx)
{
	uint64_t all = 0;

	for (size_t i = 0; i < f->count; i++) {
		const struct followed *files = &f->sources[i]->files;
		uint64_t read = ks_followed_position(files);
		uint64_t written = ks_source_written(f->sources[i]);
		uint64_t held = read > written ? read - written : 0;

		tell(ctx, files->path, held + ks_followed_waiting(files), files->is_late);
		all += held;
	}
	return all;
}

uint64_t
ks_follower_bytes(const struct follower *f)
{
	uint64_t bytes = f->bytes;

	for (size_t i = 0; i < f->count; i++)
		bytes += f->sources[i]->bytes;
	return bytes;
}

uint64_t
ks_follower_waiting(const struct follower *f)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < f->count; i++)
		bytes += ks_followed_waiting(&f->sources[i]->files);
	return bytes;
}
