/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stream: scan a slice of new bytes, resolve what was found, mask what is settled.
 *
 * Invariants: every byte is scanned once, when it is new. Bytes are masked at the moment they
 * settle and not before, so that a run whose verdict is open is always judged by its real bytes.
 * After an error nothing settles any more.
 */
#include "stream.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "known_window.h"
#include "region.h"
#include "scan.h"
#include "stack.h"

struct ks_stream {
	const struct ks_ruleset *set;
	struct ks_stream_options options;
	hs_stream_t *hs;
	uint64_t offset; /* of the first byte that is not settled */
	size_t held;
	struct carry carry;
	struct known_carry known;
	struct region region;
	int failure; /* the first error; sticks */
	bool has_ended;
	uint8_t *buf; /* for ks_stream_feed(): a window; else NULL */
};

/* --------------------------------------------------------------- life cycle ---- */

static size_t
carried_spans_max(const struct ks_ruleset *set, const struct ks_known *known)
{
	size_t held = known ? ks_known_held(known) : 0;

	if (known && held < KNOWN_BLIND_MAX)
		held = KNOWN_BLIND_MAX;
	return (held > set->held_max ? held : set->held_max) / 2 + 2;
}

size_t
ks_stream_size_max(const struct ks_ruleset *set)
{
	size_t hs = 0;

	(void)hs_stream_size(set->databases[DATABASE_TRIGGERS], &hs);
	return sizeof(struct ks_stream) + hs + carried_spans_max(set, NULL) * sizeof(struct span) +
	       ks_scan_leads_max(set) * sizeof(struct open_lead) +
	       set->held_max * set->rule_count * sizeof(struct candidate) + ks_window_max(set);
}

int
ks_stream_new(const struct ks_ruleset *set, const struct ks_stream_options *options,
              struct ks_stream **ret_stream)
{
	struct ks_stream *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return KS_ERROR_MEMORY;
	s->set = set;
	if (options)
		s->options = *options;
	if (!s->options.fill)
		s->options.fill = '*';
	if (s->options.begins_in_run)
		s->carry.active = ks_ruleset_bodies(set);
	r = ks_region_init(&s->region, set, &s->options);
	if (r == KS_OK)
		r = ks_known_carry_init(&s->known, s->options.known);
	if (r != KS_OK) {
		ks_stream_free(s);
		return r;
	}
	s->carry.spans = calloc(carried_spans_max(set, s->options.known), sizeof(*s->carry.spans));
	s->carry.leads = calloc(ks_scan_leads_max(set) + 1, sizeof(*s->carry.leads));
	if (s->options.sink)
		s->buf = malloc(ks_window_max(set));
	if (!s->carry.spans || !s->carry.leads || (s->options.sink && !s->buf) ||
	    hs_open_stream(set->databases[DATABASE_TRIGGERS], 0, &s->hs) != HS_SUCCESS) {
		ks_stream_free(s);
		return KS_ERROR_MEMORY;
	}
	*ret_stream = s;
	return KS_OK;
}

void
ks_stream_free(struct ks_stream *s)
{
	if (!s)
		return;
	if (s->hs)
		(void)hs_close_stream(s->hs, NULL, NULL, NULL);
	if (s->buf)
		explicit_bzero(s->buf, ks_window_max(s->set));
	free(s->buf);
	free(s->carry.open);
	free(s->carry.spans);
	free(s->carry.leads);
	ks_known_carry_done(&s->known);
	ks_region_done(&s->region);
	explicit_bzero(s, sizeof(*s));
	free(s);
}

/* What belongs to no byte stays: memory, and what the options ask for. */
void
ks_stream_reset(struct ks_stream *s)
{
	struct carry *c = &s->carry;
	const struct carry fresh = {
		.open = c->open, .open_max = c->open_max, .spans = c->spans, .leads = c->leads
	};

	explicit_bzero(c, sizeof(*c));
	*c = fresh;
	if (s->options.begins_in_run)
		c->active = ks_ruleset_bodies(s->set);
	ks_known_carry_reset(&s->known);
	ks_region_reset(&s->region);
	s->offset = s->held = 0;
	s->has_ended = false;
	s->failure = hs_reset_stream(s->hs, 0, NULL, NULL, NULL) == HS_SUCCESS ? KS_OK
	                                                                       : KS_ERROR_INTERNAL;
}

/* ------------------------------------------------------------------- masking ---- */

/* Mask what lies below the floor; keep the rest of the spans for the next window. */
static int
settle_spans(struct ks_stream *s, const struct window *w, uint8_t *buf)
{
	size_t kept = 0, at = 0;
	int r = KS_OK;

	for (size_t i = 0; i < w->spans.count; i++) {
		struct span span = w->spans.items[i];
		size_t to = span.to < w->floor ? span.to : w->floor;

		if (r == KS_OK && span.from < to) {
			r = ks_region_pass(&s->region, buf + at, span.from - at);
			if (r == KS_OK)
				r = ks_region_cover(&s->region, buf + span.from, to - span.from,
				                    w->offset + span.from, &span);
			at = span.from = to;
		}
		if (span.to > w->floor) {
			span.from -= w->floor;
			span.to -= w->floor;
			s->carry.spans[kept++] = span;
		}
	}
	s->carry.span_count = kept;
	if (r == KS_OK)
		r = ks_region_pass(&s->region, buf + at, w->floor - at);
	return r == KS_OK && w->is_last ? ks_region_close(&s->region, false) : r;
}

/* ---------------------------------------------------------------- one window ---- */

static int
reserve_open(struct carry *carry, size_t count)
{
	size_t max = carry->open_max ? carry->open_max : 16;
	struct candidate *grown;

	if (count <= carry->open_max)
		return KS_OK;
	while (max < count)
		max *= 2;
	grown = realloc(carry->open, max * sizeof(*grown));
	if (!grown)
		return KS_ERROR_MEMORY;
	carry->open = grown;
	carry->open_max = max;
	return KS_OK;
}

static int
keep_open(struct ks_stream *s, const struct window *w)
{
	int r = reserve_open(&s->carry, w->candidate_count);

	if (r != KS_OK)
		return r;
	for (size_t i = 0; i < w->candidate_count; i++) {
		s->carry.open[i] = w->scratch->candidates[i];
		s->carry.open[i].end -= (uint32_t)w->floor;
	}
	s->carry.open_count = w->candidate_count;
	return KS_OK;
}

/* The last bytes below the floor are the next window's text before it. They are not masked yet. */
static void
keep_before(struct carry *carry, const struct window *w)
{
	uint8_t text[TEXT_BEFORE_MAX];
	size_t len;
	const uint8_t *last = ks_window_text(w, (ptrdiff_t)w->floor - (ptrdiff_t)TEXT_BEFORE_MAX,
	                                     (ptrdiff_t)w->floor, text, &len);

	memmove(carry->before, last, len);
	carry->before_len = len;
	if (last == text)
		explicit_bzero(text, sizeof(text)); /* nobody knows when this stack is used again */
}

/* What comes behind a window's last byte. */
enum window_end {
	WINDOW_FOLLOWED, /* more bytes, which are at hand */
	WINDOW_GOES_ON,  /* more bytes */
	WINDOW_LAST,     /* nothing */
	WINDOW_GIVEN_UP, /* more bytes, but too late */
};

/* buf[0, s->held) is held, buf[s->held, len) new; len is at most ks_window_max(). */
static int
mask_window(struct ks_stream *s, struct ks_scratch *scratch, uint8_t *buf, size_t len,
            enum window_end end)
{
	struct window w = {
		.set = s->set,
		.scratch = scratch,
		.buf = buf,
		.held = s->held,
		.len = len,
		.before = s->carry.before,
		.before_len = s->carry.before_len,
		.is_allowed = s->options.is_allowed,
		.allow_ctx = s->options.allow_ctx,
		.on_attempt = s->options.on_attempt,
		.attempt_ctx = s->options.attempt_ctx,
		.offset = s->offset,
		.given_up = s->carry.given_up,
		.is_last = end == WINDOW_LAST,
		.is_followed = end == WINDOW_FOLLOWED,
		.gives_up = end == WINDOW_GIVEN_UP,
		.spans = { scratch->spans, s->carry.span_count },
		.active = s->carry.active,
		.waiting = s->carry.waiting,
		.waiting_len = s->carry.waiting_len,
		.resumed = s->carry.resumed,
		.resumed_at = (size_t)(s->carry.resumed_at - s->offset),
	};
	int r = ks_scan_window(&w, &s->carry, s->hs);

	if (r != KS_OK)
		return r;
	if (s->carry.span_count)
		memcpy(w.spans.items, s->carry.spans, s->carry.span_count * sizeof(struct span));
	ks_window_resolve(&w);
	ks_known_resolve(&w, &s->known);
	r = keep_open(s, &w);
	if (r != KS_OK)
		return r;
	keep_before(&s->carry, &w);
	r = settle_spans(s, &w, buf);
	s->carry.active = w.active;
	s->carry.waiting = w.waiting;
	s->carry.waiting_len = w.waiting_len;
	s->carry.resumed = w.resumed;
	if (w.floor > 0)
		s->carry.given_up = w.gives_up ? w.floor : 0;
	s->offset += w.floor;
	s->held = len - w.floor;
	if (w.spans.count > 0)
		ks_stack_wipe();
	return r;
}

/* ---------------------------------------------------------------- in place ---- */

static int
fail(struct ks_stream *s, int status)
{
	if (s->failure == KS_OK)
		s->failure = status;
	return status;
}

static int
check_usable(const struct ks_stream *s)
{
	if (s->failure != KS_OK)
		return s->failure;
	return s->has_ended ? KS_ERROR_MISUSE : KS_OK;
}

/* The bytes of a stream are masked in the caller's buffer, or pushed through its own: not both. */
static int
check_usable_as(const struct ks_stream *s, bool is_pushed)
{
	return is_pushed == (s->buf != NULL) ? check_usable(s) : KS_ERROR_MISUSE;
}

/* How many of len new bytes go into the next window. */
static size_t
slice_len(const struct ks_stream *s, size_t len)
{
	size_t max = ks_window_max(s->set) - s->held;

	max = max < SLICE_MAX ? max : SLICE_MAX;
	return len < max ? len : max;
}

/* buf[0, s->held) is held, buf[s->held, len) new. */
static int
mask_all(struct ks_stream *s, struct ks_scratch *scratch, uint8_t *buf, size_t len,
         size_t *ret_settled)
{
	size_t settled = 0, seen = s->held;
	int r = KS_OK;

	while (r == KS_OK && seen < len) {
		size_t n = slice_len(s, len - seen);

		r = mask_window(s, scratch, buf + settled, seen + n - settled,
		                seen + n < len ? WINDOW_FOLLOWED : WINDOW_GOES_ON);
		seen += n;
		settled = seen - s->held;
	}
	*ret_settled = settled;
	return r == KS_OK ? r : fail(s, r);
}

static int
mask_rest(struct ks_stream *s, struct ks_scratch *scratch, uint8_t *buf, enum window_end end)
{
	int r = mask_window(s, scratch, buf, s->held, end);

	return r == KS_OK ? r : fail(s, r);
}

int
ks_stream_mask(struct ks_stream *s, struct ks_scratch *scratch, uint8_t *buf, size_t len,
               size_t *ret_settled)
{
	int r = check_usable_as(s, false);

	if (r == KS_OK && len < s->held)
		r = KS_ERROR_MISUSE;
	return r == KS_OK ? mask_all(s, scratch, buf, len, ret_settled) : fail(s, r);
}

int
ks_stream_mask_end(struct ks_stream *s, struct ks_scratch *scratch, uint8_t *buf, size_t held)
{
	int r = check_usable_as(s, false);

	if (r == KS_OK && held != s->held)
		r = KS_ERROR_MISUSE;
	if (r == KS_OK)
		r = mask_rest(s, scratch, buf, WINDOW_LAST);
	s->has_ended = true;
	return r == KS_OK ? r : fail(s, r);
}

int
ks_stream_mask_held(struct ks_stream *s, struct ks_scratch *scratch, uint8_t *buf, size_t held)
{
	int r = check_usable_as(s, false);

	if (r == KS_OK && held != s->held)
		r = KS_ERROR_MISUSE;
	if (r == KS_OK && held > 0)
		r = mask_rest(s, scratch, buf, WINDOW_GIVEN_UP);
	return r == KS_OK ? r : fail(s, r);
}

uint64_t
ks_stream_runs(const struct ks_stream *s)
{
	return s->carry.active | s->carry.resumed;
}

bool
ks_stream_is_in_secret(const struct ks_stream *s)
{
	const struct carry *c = &s->carry;

	return s->held > 0 || ks_stream_runs(s) != 0 || c->open_count > 0 ||
	       ks_known_carry_is_open(&s->known) || s->region.is_open;
}

int
ks_stream_is_idle(const struct ks_stream *s)
{
	return !ks_stream_is_in_secret(s) && s->carry.lead_count == 0 && s->carry.noun_count == 0;
}

/* Called by Hyperscan: one half is enough. */
static int
on_half(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *ctx)
{
	(void)id;
	(void)from;
	(void)to;
	(void)flags;
	*(bool *)ctx = true;
	return 1;
}

int
ks_stream_find_half(const struct ks_stream *s, struct ks_scratch *scratch, bool *ret_found)
{
	const hs_database_t *halves = s->set->databases[DATABASE_HALVES];
	hs_error_t e = HS_SUCCESS;

	*ret_found = s->set->has_unknown_halves;
	if (halves)
		e = hs_scan(halves, (const char *)s->carry.before, (unsigned)s->carry.before_len, 0,
		            scratch->hs, on_half, ret_found);
	return e == HS_SUCCESS || e == HS_SCAN_TERMINATED ? KS_OK : KS_ERROR_INTERNAL;
}

_Static_assert(TEXT_BEFORE_MAX <= STREAM_BEFORE_MAX, "all fit");

void
ks_stream_follow(struct ks_stream *s, struct ks_stream *former, size_t len, uint64_t runs)
{
	s->carry.resumed = ks_ruleset_same_bodies(s->set, former->set, runs);
	s->carry.resumed_at = len;
	ks_known_carry_follow(&s->known, &former->known, len);
}

size_t
ks_stream_copy_before(const struct ks_stream *s, uint8_t before[STREAM_BEFORE_MAX])
{
	memcpy(before, s->carry.before, s->carry.before_len);
	return s->carry.before_len;
}

int
ks_stream_region(const struct ks_stream *s, uint64_t *ret_offset)
{
	*ret_offset = s->region.from;
	return s->region.is_open;
}

size_t
ks_stream_held(const struct ks_stream *s)
{
	return s->held;
}

/* -------------------------------------------------------------------- push ---- */

/* And nothing else: not every mask is written where the secret was. */
static void
keep_held(struct ks_stream *s, size_t settled)
{
	memmove(s->buf, s->buf + settled, s->held);
	explicit_bzero(s->buf + s->held, settled);
}

int
ks_stream_feed(struct ks_stream *s, struct ks_scratch *scratch, const uint8_t *data, size_t len)
{
	int r = check_usable_as(s, true);

	while (r == KS_OK && len > 0) {
		size_t n = slice_len(s, len), settled;

		memcpy(s->buf + s->held, data, n);
		r = mask_all(s, scratch, s->buf, s->held + n, &settled);
		keep_held(s, settled);
		data += n;
		len -= n;
	}
	return r;
}

int
ks_stream_feed_end(struct ks_stream *s, struct ks_scratch *scratch)
{
	int r = check_usable_as(s, true);

	if (r == KS_OK)
		r = mask_rest(s, scratch, s->buf, WINDOW_LAST);
	s->has_ended = true;
	return r;
}

int
ks_stream_feed_stop(struct ks_stream *s, struct ks_scratch *scratch)
{
	int r = check_usable_as(s, true);

	if (r == KS_OK)
		r = mask_rest(s, scratch, s->buf, WINDOW_GIVEN_UP);
	if (r == KS_OK)
		r = ks_region_close(&s->region, true);
	return r == KS_OK ? r : fail(s, r);
}
