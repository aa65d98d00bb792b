/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one thread does to a block depends on the state that its stream is in where the block begins. Here every block but
 * the first is begun before that is known, with a stream of its own that has seen the last bytes
 * before it, the context (block.h). When it is the block's turn, the stream of all before it, the true one, is known:
 *
 *     true stream   |--- block 1 ---|--- block 2 ---|--- block 3 ---|
 *     guesses                  |ctx |--- block 2 ---|
 *                                              |ctx |--- block 3 ---|
 *
 * If the true stream is idle there and so was the guess's, all that follows is what the true stream would have made of it,
 * byte by byte and finding by finding. For what a stream carries over is: bytes that it holds, matches that are undecided or
 * begun, runs that go on, a region whose finding is to come - idle means that there is none of these - and the
 * last bytes, of which no match to come looks at more than KS_LOOK_BACK. These are the same for both, however the guess's
 * stream began: a match that it sees and the true one does not, or the other way round, begins before the context and has
 * ended before the block, or the stream would not be idle. So the guess's stream is the true one from here on. Otherwise
 * the true stream goes on over the text itself, which is made what it was. So what comes out does not depend on where
 * blocks are cut: they are cut at the ends of lines because there streams are idle.
 *
 * Framed text is several streams, of which the same holds one by one: src/frame/succession.c. A journal's entries are not
 * told by the ends of lines, so they are left to one thread.
 *
 * One thread does all but guessing: it reads, decides, tells of findings, writes, and guesses too when it would wait. It
 * never waits for input as long as there is something to write.
 */
#include "parallel.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "block.h"
#include "crew.h"
#include "filter_state.h"

#define AHEAD 2U /* blocks more than there are threads */
#define CUT_BACK \
	4U /* one part in so many of a block, its last one, is where a line's end is looked for */
#define SKIP_MAX 64U

struct parallel {
	struct filter *filter;
	size_t threads;
	struct crew *crew;             /* NULL: not started yet */
	struct block *blocks;          /* a ring; NULL: not there yet */
	size_t block_count, next;      /* next: the one to fill */
	struct ks_scratch **scratches; /* one a thread of the crew */
	pthread_mutex_t allow_lock;
	/* Of the text that was read: */
	uint8_t context[BLOCK_CONTEXT_MAX]; /* its last bytes */
	size_t context_len;                 /* 0: too few to begin a guess with */
	const uint8_t *rest;                /* behind the last cut */
	size_t rest_len;
	uint64_t bytes; /* how many there are, of all the input */
	ssize_t last;   /* what the last read returned */
	/* How many blocks are not guessed, after a guess that was made in vain. */
	unsigned skip, penalty;
};

/* -------------------------------------------------------------------- life cycle ---- */

struct parallel *
ks_parallel_new(struct filter *f, size_t threads)
{
	struct parallel *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->filter = f;
	p->threads = threads;
	p->block_count = threads + AHEAD;
	(void)pthread_mutex_init(&p->allow_lock, NULL);
	return p;
}

static void
free_scratches(struct parallel *p)
{
	for (size_t i = 0; p->scratches && i < p->threads; i++)
		ks_scratch_free(p->scratches[i]);
	free(p->scratches);
	p->scratches = NULL;
}

void
ks_parallel_clear(struct parallel *p)
{
	for (size_t i = 0; p->blocks && i < p->block_count; i++)
		ks_block_done(&p->blocks[i]);
	free(p->blocks);
	p->blocks = NULL;
	free_scratches(p);
	p->skip = p->penalty = 0;
}

void
ks_parallel_free(struct parallel *p)
{
	if (!p)
		return;
	ks_crew_free(p->crew);
	ks_parallel_clear(p);
	(void)pthread_mutex_destroy(&p->allow_lock);
	explicit_bzero(p->context, sizeof(p->context));
	free(p);
}

int
ks_parallel_is_allowed(void *ctx, size_t rule, const uint8_t *run, size_t len)
{
	struct parallel *p = ctx;
	const struct ks_stream_options *options = &p->filter->stream_options;
	int is_allowed;

	pthread_mutex_lock(&p->allow_lock);
	is_allowed = options->is_allowed(options->allow_ctx, rule, run, len);
	pthread_mutex_unlock(&p->allow_lock);
	return is_allowed;
}

/* A crew_fn. Who helps the crew has the filter's own scratch. */
static void
guess(void *ctx, size_t hand, void *job)
{
	const struct parallel *p = ctx;
	struct ks_scratch *scratch = hand < ks_crew_size(p->crew) ? p->scratches[hand]
	                                                          : p->filter->scratch;

	ks_block_guess(job, p->filter, scratch);
}

static int
make_blocks(struct parallel *p)
{
	int r = KS_OK;

	p->blocks = calloc(p->block_count, sizeof(*p->blocks));
	if (!p->blocks)
		return KS_ERROR_MEMORY;
	for (size_t i = 0; r == KS_OK && i < p->block_count; i++)
		r = ks_block_init(&p->blocks[i], p->filter);
	return r;
}

static int
make_scratches(struct parallel *p)
{
	int r = KS_OK;

	p->scratches = calloc(p->threads, sizeof(void *));
	if (!p->scratches)
		return KS_ERROR_MEMORY;
	for (size_t i = 0; r == KS_OK && i + 1 < p->threads; i++)
		r = ks_scratch_new(p->filter->set, &p->scratches[i]);
	return r;
}

/* Returns KS_OK or an error. There may be fewer threads than were wanted. */
static int
start(struct parallel *p)
{
	int r = KS_OK;

	if (!p->scratches)
		r = make_scratches(p);
	if (r == KS_OK && !p->blocks)
		r = make_blocks(p);
	if (r == KS_OK && !p->crew)
		p->crew = ks_crew_new(p->threads - 1, p->block_count, guess, p);
	if (r != KS_OK || !p->crew) {
		ks_parallel_clear(p);
		return KS_ERROR_MEMORY;
	}
	return KS_OK;
}

/* ----------------------------------------------------------------------- reading ---- */

/* Read until the block is full, or nothing more is there now. */
static void
fill(struct parallel *p, struct block *b, struct inlet *inlet)
{
	size_t size = p->filter->options.block_size;

	while (p->last > 0 && b->len < size && ks_inlet_is_ready(inlet)) {
		size_t room = size - b->len;

		p->last = ks_inlet_read(inlet, b->text + b->len,
		                        room < INPUT_READ_MIN ? INPUT_READ_MIN : room);
		if (p->last <= 0)
			break;
		p->bytes += (uint64_t)p->last;
		ks_filter_note_read(p->filter, b->text + b->len, (size_t)p->last, p->bytes);
		b->len += (size_t)p->last;
	}
}

/* Where to end a block, so that nothing is likely to be open there: behind a line, or at least a word. */
static size_t
place_to_cut(const struct block *b, size_t size)
{
	size_t back = b->len < size ? 0 : size / CUT_BACK;
	const uint8_t *from = b->text + b->len - back, *at;

	at = memrchr(from, '\n', back);
	if (!at)
		at = memrchr(from, ' ', back);
	return at ? (size_t)(at - b->text) + 1 : b->len;
}

/*
 * What a guess behind text[0, len) begins with. Frames are begun at the end of a line, and between what is looked for, of one
 * stream, there may be those of others: so it is as much of them as costs little.
 */
static void
keep_context(struct parallel *p, const uint8_t *text, size_t len)
{
	bool is_raw = p->filter->frame == KS_FRAME_RAW;
	size_t max = is_raw ? KS_LOOK_BACK : BLOCK_CONTEXT_MAX, n = len < max ? len : max;
	const uint8_t *from = text + len - n, *end = is_raw ? NULL : memchr(from, '\n', n);

	if (end)
		n -= (size_t)(end + 1 - from);
	else if (!is_raw || n < max)
		n = 0;
	memcpy(p->context, text + len - n, n);
	p->context_len = n;
}

/* Cut the block; the rest is the next one's. Keep what that one needs. */
static void
cut(struct parallel *p, struct block *b)
{
	size_t len = place_to_cut(b, p->filter->options.block_size);

	p->rest = b->text + len;
	p->rest_len = b->len - len;
	b->len = len;
	keep_context(p, b->text, len);
}

/* Is the next block worth a guess? Not if its turn is now, or guesses go wrong here. */
static bool
is_guess_wanted(struct parallel *p, const struct inlet *inlet)
{
	if (p->context_len == 0 || ks_crew_size(p->crew) == 0 ||
	    (ks_crew_count(p->crew) == 0 && !ks_inlet_is_ready(inlet)))
		return false;
	if (p->skip == 0)
		return true;
	p->skip--;
	return false;
}

/* Read a block and give it to the crew. Returns false if there is nothing to read now. */
static bool
give_block(struct parallel *p, struct inlet *inlet)
{
	struct block *b = &p->blocks[p->next];

	if (p->rest_len > 0)
		memmove(b->text, p->rest, p->rest_len);
	b->len = p->rest_len;
	p->rest_len = 0;
	fill(p, b, inlet);
	if (b->used < b->len)
		b->used = b->len;
	if (b->len == 0)
		return false;
	b->is_wanted = is_guess_wanted(p, inlet);
	b->context_len = p->context_len;
	memcpy(b->text - b->context_len, p->context, p->context_len);
	cut(p, b);
	p->next = (p->next + 1) % p->block_count;
	ks_crew_give(p->crew, b);
	return true;
}

/* ---------------------------------------------------------------------- deciding ---- */

/* The guess is right: its stream goes on, and what it found and masked is what there is. */
static int
adopt(struct filter *f, struct block *b, struct filter_error *reterr)
{
	struct stretch *former = f->stretch;

	f->stretch = b->stretch;
	f->stretch->block = NULL;
	f->stretch->bytes = f->bytes - b->context_len;
	f->stretch->lines = f->lines - b->context_lines;
	b->stretch = former;
	ks_findings_tell(&b->findings, ks_stretch_tell, f->stretch);
	if (!f->is_pushed) {
		f->from = b->masked + b->masked_len;
		f->next = b->masked + b->len;
	}
	if (ks_filter_emit(f, b->masked, b->masked_len, reterr) < 0)
		return -1;
	return f->is_pushed
	               ? ks_filter_end_push(f, ks_stretch_settle(f->stretch, f->scratch), reterr)
	               : 0;
}

/* The true stream goes on over the block, behind what it holds. */
static int
go_on(struct filter *f, struct block *b, struct filter_error *reterr)
{
	size_t held = (size_t)(f->next - f->from);

	ks_block_undo(b);
	f->from = memmove(b->text - held, f->from, held);
	f->next = b->text + b->len;
	return ks_filter_put_through(f, reterr);
}

/* After a guess in vain fewer are made, so that an input for which they are all in vain costs little more. */
static void
note_guess(struct parallel *p, bool is_right)
{
	if (is_right) {
		p->penalty /= 2;
		return;
	}
	p->penalty = p->penalty < SKIP_MAX / 2 ? 2 * p->penalty + 1 : SKIP_MAX;
	p->skip = p->penalty;
}

/* It is the block's turn. */
static int
decide(struct parallel *p, struct block *b, struct filter_error *reterr)
{
	struct filter *f = p->filter;
	bool is_right;
	int r;

	if (b->status != KS_OK)
		return ks_filter_fail_engine(f, reterr, b->status);
	is_right = b->is_made && ks_stretch_succeed(b->stretch, f->stretch);
	if (b->is_made)
		note_guess(p, is_right);
	r = is_right ? adopt(f, b, reterr) : go_on(f, b, reterr);
	if (r < 0)
		return r;
	f->bytes += b->len;
	f->lines += b->lines;
	f->is_line_start = b->text[b->len - 1] == '\n';
	ks_filter_rewind(f);
	ks_filter_note_written(f);
	return 0;
}

/* Nothing more is there now, and when blocks are filled again nobody knows. */
static void
wipe_all(struct parallel *p)
{
	for (size_t i = 0; i < p->block_count; i++)
		ks_block_wipe(&p->blocks[i]);
	explicit_bzero(p->context, p->context_len);
}

/* ------------------------------------------------------------------------ public ---- */

int
ks_parallel_copy(struct parallel *p, struct inlet *inlet, ssize_t *ret_last,
                 struct filter_error *reterr)
{
	int r = start(p);

	if (r != KS_OK)
		return ks_filter_fail_engine(p->filter, reterr, r);
	p->context_len = 0;
	p->rest_len = 0;
	p->bytes = p->filter->bytes;
	p->last = 1;
	r = 0;
	do {
		while (ks_crew_count(p->crew) < p->block_count && give_block(p, inlet))
			;
		if (ks_crew_count(p->crew) == 0)
			break;
		r = decide(p, ks_crew_take(p->crew, true), reterr);
	} while (r == 0);
	while (ks_crew_count(p->crew) > 0)
		(void)ks_crew_take(p->crew, true); /* after an error */
	wipe_all(p);
	*ret_last = p->last;
	return r;
}
