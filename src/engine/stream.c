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
#include "scan.h"

/* The masked region that reaches the last settled byte, or the last one that was reported. */
struct region {
	uint64_t from, to;
	struct credit credit;
	bool is_open;
};

struct ks_stream {
	const struct ks_ruleset *set;
	struct ks_stream_options options;
	hs_stream_t *hs;
	uint64_t offset; /* of the first byte that is not settled */
	size_t held;
	struct carry carry;
	struct region region;
	int failure; /* the first error; sticks */
	bool has_ended;
	uint8_t *buf; /* for ks_stream_feed(): a window; else NULL */
};

/* --------------------------------------------------------------- life cycle ---- */

static size_t
carried_spans_max(const struct ks_ruleset *set)
{
	return set->held_max / 2 + 2;
}

size_t
ks_stream_size_max(const struct ks_ruleset *set)
{
	size_t hs = 0;

	(void)hs_stream_size(set->databases[DATABASE_TRIGGERS], &hs);
	return sizeof(struct ks_stream) + hs + carried_spans_max(set) * sizeof(struct span) +
	       ks_scan_leads_max(set) * sizeof(struct open_lead) +
	       set->held_max * set->rule_count * sizeof(struct candidate) + ks_window_max(set);
}

/* The classes that a run can be of. */
static uint64_t
body_classes(const struct ks_ruleset *set)
{
	uint64_t classes = 0;

	for (size_t i = 0; i < set->rule_count; i++)
		classes |= UINT64_C(1) << set->rules[i].body;
	return classes;
}

int
ks_stream_new(const struct ks_ruleset *set, const struct ks_stream_options *options,
              struct ks_stream **ret_stream)
{
	struct ks_stream *s = calloc(1, sizeof(*s));

	if (!s)
		return KS_ERROR_MEMORY;
	s->set = set;
	if (options)
		s->options = *options;
	if (!s->options.fill)
		s->options.fill = '*';
	if (s->options.begins_in_run)
		s->carry.active = body_classes(set);
	s->carry.spans = calloc(carried_spans_max(set), sizeof(*s->carry.spans));
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
	explicit_bzero(s, sizeof(*s));
	free(s);
}

/* ------------------------------------------------------------------- masking ---- */

static void
report_region(struct ks_stream *s)
{
	struct ks_finding finding = {
		.rule = s->region.credit.rule,
		.offset = s->region.from,
		.length = s->region.to - s->region.from,
	};

	s->region.is_open = false;
	if (s->options.on_finding && s->region.credit.rank != CREDIT_NONE)
		s->options.on_finding(s->options.finding_ctx, &finding);
}

static void
extend_region(struct ks_stream *s, uint64_t from, uint64_t to, struct credit credit)
{
	if (s->region.is_open && from > s->region.to)
		report_region(s);
	if (s->region.is_open)
		credit = ks_credit_min(s->region.credit, credit);
	else
		s->region.from = from;
	s->region.to = to;
	s->region.credit = credit;
	s->region.is_open = true;
}

static void
fill_bytes(uint8_t *p, size_t n, uint8_t fill)
{
	for (size_t i = 0; i < n; i++)
		p[i] = p[i] == '\n' || p[i] == '\r' ? p[i] : fill;
}

/* Mask what lies below the floor; keep the rest of the spans for the next window. */
static void
settle_spans(struct ks_stream *s, const struct window *w, uint8_t *buf)
{
	size_t kept = 0;

	for (size_t i = 0; i < w->spans.count; i++) {
		struct span span = w->spans.items[i];
		size_t to = span.to < w->floor ? span.to : w->floor;

		if (span.from < to) {
			fill_bytes(buf + span.from, to - span.from, s->options.fill);
			extend_region(s, w->offset + span.from, w->offset + to, span.credit);
			span.from = to;
		}
		if (span.to > w->floor) {
			span.from -= w->floor;
			span.to -= w->floor;
			s->carry.spans[kept++] = span;
		}
	}
	s->carry.span_count = kept;
	if (s->region.is_open && (s->region.to < w->offset + w->floor || w->is_last))
		report_region(s);
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
}

/* What comes behind a window's last byte. */
enum window_end {
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
		.gives_up = end == WINDOW_GIVEN_UP,
		.spans = { scratch->spans, s->carry.span_count },
		.active = s->carry.active,
		.waiting = s->carry.waiting,
		.waiting_len = s->carry.waiting_len,
	};
	int r = ks_scan_window(&w, &s->carry, s->hs);

	if (r != KS_OK)
		return r;
	if (s->carry.span_count)
		memcpy(w.spans.items, s->carry.spans, s->carry.span_count * sizeof(struct span));
	ks_window_resolve(&w);
	r = keep_open(s, &w);
	if (r != KS_OK)
		return r;
	keep_before(&s->carry, &w);
	settle_spans(s, &w, buf);
	s->carry.active = w.active;
	s->carry.waiting = w.waiting;
	s->carry.waiting_len = w.waiting_len;
	if (w.floor > 0)
		s->carry.given_up = w.gives_up ? w.floor : 0;
	s->offset += w.floor;
	s->held = len - w.floor;
	return KS_OK;
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

int
ks_stream_mask(struct ks_stream *s, struct ks_scratch *scratch, uint8_t *buf, size_t len,
               size_t *ret_settled)
{
	int r = check_usable(s);
	size_t settled = 0, seen = s->held;

	if (r == KS_OK && len < s->held)
		r = fail(s, KS_ERROR_MISUSE);
	while (r == KS_OK && seen < len) {
		size_t n = len - seen < SLICE_MAX ? len - seen : SLICE_MAX;

		r = mask_window(s, scratch, buf + settled, seen + n - settled, WINDOW_GOES_ON);
		seen += n;
		settled = seen - s->held;
	}
	if (r != KS_OK)
		return fail(s, r);
	*ret_settled = settled;
	return KS_OK;
}

int
ks_stream_mask_end(struct ks_stream *s, struct ks_scratch *scratch, uint8_t *buf, size_t held)
{
	int r = check_usable(s);

	if (r == KS_OK && held != s->held)
		r = KS_ERROR_MISUSE;
	if (r == KS_OK)
		r = mask_window(s, scratch, buf, held, WINDOW_LAST);
	s->has_ended = true;
	return r == KS_OK ? r : fail(s, r);
}

int
ks_stream_mask_held(struct ks_stream *s, struct ks_scratch *scratch, uint8_t *buf, size_t held)
{
	int r = check_usable(s);

	if (r == KS_OK && held != s->held)
		r = KS_ERROR_MISUSE;
	if (r == KS_OK && held > 0)
		r = mask_window(s, scratch, buf, held, WINDOW_GIVEN_UP);
	return r == KS_OK ? r : fail(s, r);
}

int
ks_stream_is_idle(const struct ks_stream *s)
{
	const struct carry *c = &s->carry;

	return s->held == 0 && c->active == 0 && c->open_count == 0 && c->lead_count == 0 &&
	       c->noun_count == 0;
}

size_t
ks_stream_held(const struct ks_stream *s)
{
	return s->held;
}

/* -------------------------------------------------------------------- push ---- */

static int
push(struct ks_stream *s, const uint8_t *data, size_t len)
{
	if (len && s->options.sink(s->options.sink_ctx, data, len) != 0)
		return fail(s, KS_ERROR_SINK);
	return KS_OK;
}

int
ks_stream_feed(struct ks_stream *s, struct ks_scratch *scratch, const uint8_t *data, size_t len)
{
	int r = s->buf ? check_usable(s) : KS_ERROR_MISUSE;

	while (r == KS_OK && len > 0) {
		size_t n = len < SLICE_MAX ? len : SLICE_MAX, settled;

		memcpy(s->buf + s->held, data, n);
		r = ks_stream_mask(s, scratch, s->buf, s->held + n, &settled);
		if (r == KS_OK)
			r = push(s, s->buf, settled);
		if (r == KS_OK)
			memmove(s->buf, s->buf + settled, s->held);
		data += n;
		len -= n;
	}
	return r;
}

int
ks_stream_feed_end(struct ks_stream *s, struct ks_scratch *scratch)
{
	size_t held = s->held;
	int r = s->buf ? ks_stream_mask_end(s, scratch, s->buf, held) : KS_ERROR_MISUSE;

	return r == KS_OK ? push(s, s->buf, held) : r;
}
