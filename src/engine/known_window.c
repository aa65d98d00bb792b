/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Known values in a window. What they need of the bytes before a window is only the open ones, the
 * longest last part of the stream that is less than a pattern that begins so: whatever is to be found behind
 * the window begins there or later. If the next window is at hand, all bytes are taken for open that are cheaper to look
 * at with what follows. Open bytes are held, unless they are masked: then they may have gone.
 *
 *     ... gone |- - - from - - - - - - - held|- - - - - new - - - - -|
 *           open bytes of the last window --'        '-- those of this one
 *
 * Invariant: all open bytes that have gone are masked.
 */
#include "known_window.h"

#include <stdlib.h>
#include <string.h>

/* Room for open bytes and a pattern. */
static size_t
gone_max(const struct ks_known *known)
{
	size_t open = known->longest < KNOWN_BLIND_MAX ? KNOWN_BLIND_MAX : known->longest;

	return open + known->longest + 1;
}

int
ks_known_carry_init(struct known_carry *carry, const struct ks_known *known)
{
	*carry = (struct known_carry){ .known = known };
	if (!known)
		return KS_OK;
	if (!known->is_compiled)
		return KS_ERROR_MISUSE;
	carry->gone = malloc(gone_max(known));
	return carry->gone ? KS_OK : KS_ERROR_MEMORY;
}

void
ks_known_carry_free_gone(uint8_t *gone, const struct ks_known *known)
{
	if (gone)
		explicit_bzero(gone, gone_max(known));
	free(gone);
}

static void
forget_formers(struct known_carry *carry)
{
	while (carry->former_count > 0)
		ks_known_former_done(&carry->formers[--carry->former_count]);
	carry->hides_line = false;
}

void
ks_known_carry_reset(struct known_carry *carry)
{
	forget_formers(carry);
	if (carry->gone)
		explicit_bzero(carry->gone, carry->gone_len);
	carry->gone_len = carry->from = 0;
}

void
ks_known_carry_done(struct known_carry *carry)
{
	forget_formers(carry);
	ks_known_carry_free_gone(carry->gone, carry->known);
	carry->gone = NULL;
}

/* Those that are left of a stream that many others have followed need no room of their own. */
void
ks_known_carry_follow(struct known_carry *carry, struct known_carry *former, size_t len)
{
	carry->taken_at = len;
	carry->hides_line = former->hides_line;
	carry->former_count = former->former_count;
	memcpy(carry->formers, former->formers, sizeof(carry->formers));
	former->former_count = 0;
	if (former->gone_len == 0)
		return;
	if (carry->former_count == KNOWN_FORMERS_MAX) {
		carry->hides_line = true;
		return;
	}
	ks_known_former_init(&carry->formers[carry->former_count++], former->known, former->gone,
	                     former->gone_len);
	former->gone = NULL;
	former->gone_len = 0;
}

bool
ks_known_carry_is_open(const struct known_carry *carry)
{
	return carry->gone_len > 0 || carry->former_count > 0 || carry->hides_line;
}

struct search {
	const struct window *w;
	const struct ks_known *known;
	struct span_list found;
	size_t gone_len; /* bytes before the window in what is searched */
	size_t from_max; /* what begins from here on is not asked for */
};

/* A known_match_fn. */
static void
on_match(void *ctx, const struct known_match *match)
{
	struct search *search = ctx;
	const struct window *w = search->w;
	size_t from = match->from > search->gone_len ? match->from - search->gone_len : 0;
	struct credit credit = {
		.from = w->offset + match->from - search->gone_len,
		.rule = (uint32_t)w->set->rule_count,
		.rank = CREDIT_KNOWN,
	};
	struct span span = {
		.from = from,
		.to = match->to - search->gone_len,
		.credit = credit,
		.head = CREDIT_OF_NONE,
		.known = { credit.from, match->text, search->known->texts[match->text].number },
	};

	if (match->from < search->from_max && match->to > search->gone_len)
		ks_span_list_merge(&search->found, span);
}

/*
 * One pass over text[from, len). What it finds is gathered by itself: put among the spans of rules one by one, it
 * would move them again and again.
 */
static size_t
find_in(struct search *search, struct window *w, enum known_pass pass, const uint8_t *text,
        size_t from, size_t len)
{
	size_t open;

	search->found = (struct span_list){ ks_scratch_spare_spans(w->scratch), 0 };
	open = ks_known_find(search->known, pass, text, from, len, on_match, search);
	ks_span_list_join(&w->spans, &search->found);
	return open;
}

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* So many bytes are looked at where the first have gone. */
static size_t
looked_at(const struct window *w, const struct known_carry *carry)
{
	return carry->gone_len + least(w->len, carry->known->longest);
}

/* Find what begins in the bytes that have gone. Returns where the first open one is, or gone_len: none is. */
static size_t
find_in_gone(struct window *w, struct known_carry *carry)
{
	struct search search = { .w = w,
		                 .known = carry->known,
		                 .gone_len = carry->gone_len,
		                 .from_max = carry->gone_len };
	size_t open = carry->gone_len, len = looked_at(w, carry);

	if (carry->gone_len == 0)
		return 0;
	memcpy(carry->gone + carry->gone_len, w->buf, len - carry->gone_len);
	for (enum known_pass pass = 0; pass < KNOWN_PASSES; pass++)
		open = least(open, find_in(&search, w, pass, carry->gone, 0, len));
	return open;
}

static size_t
find_in_window(struct window *w, const struct known_carry *carry)
{
	struct search search = { .w = w, .known = carry->known, .from_max = w->len };
	size_t open = w->len;

	for (enum known_pass pass = 0; pass < KNOWN_PASSES; pass++) {
		if (pass == PASS_END && w->is_followed)
			open = least(open,
			             ks_known_blind(carry->known, w->buf, carry->from, w->len));
		else
			open = least(open, find_in(&search, w, pass, w->buf, carry->from, w->len));
	}
	return open;
}

/* The first byte from at on that is not masked. */
static size_t
skip_masked(const struct window *w, size_t at)
{
	for (size_t i = w->spans.count; i > 0 && w->spans.items[i - 1].to > at; i--) {
		if (w->spans.items[i - 1].from <= at)
			return w->spans.items[i - 1].to;
	}
	return at;
}

/*
 * Keep what has gone of the open bytes: of those that had gone from gone on, and the window's from open on. Nothing else stays where they
 * were looked at.
 */
static void
keep_gone(const struct window *w, struct known_carry *carry, size_t gone, size_t open)
{
	size_t left = carry->gone_len - gone;
	size_t behind = carry->gone_len > 0 ? looked_at(w, carry) : 0;

	carry->from = open > w->floor ? open - w->floor : 0;
	memmove(carry->gone, carry->gone + gone, left);
	if (open < w->floor) {
		memcpy(carry->gone + left, w->buf + open, w->floor - open);
		left += w->floor - open;
	}
	if (left < behind)
		explicit_bzero(carry->gone + left, behind - left);
	carry->gone_len = left;
}

static void
hide(struct window *w, size_t from, size_t to)
{
	if (from < to)
		ks_span_list_merge(&w->spans, (struct span){ .from = from,
		                                             .to = to,
		                                             .credit = CREDIT_OF_NONE,
		                                             .head = CREDIT_OF_NONE,
		                                             .known = KNOWN_CREDIT_OF_NONE });
}

static void
hide_line(struct window *w, struct known_carry *carry, size_t from)
{
	const uint8_t *end = memchr(w->buf + from, '\n', w->len - from);

	hide(w, from, end ? (size_t)(end - w->buf) : w->len);
	carry->hides_line = !end;
}

static void
resolve_formers(struct window *w, struct known_carry *carry)
{
	size_t from = carry->taken_at > w->offset ? (size_t)(carry->taken_at - w->offset) : 0;
	size_t count = 0;

	if (from >= w->len)
		return;
	carry->taken_at = w->offset + w->len;
	if (carry->hides_line)
		hide_line(w, carry, from);
	for (size_t i = 0; i < carry->former_count; i++) {
		struct known_former *former = &carry->formers[i];
		bool goes_on;

		hide(w, from,
		     from + ks_known_former_follow(former, w->buf + from, w->len - from, &goes_on));
		if (goes_on)
			carry->formers[count++] = *former;
		else
			ks_known_former_done(former);
	}
	carry->former_count = count;
}

void
ks_known_resolve(struct window *w, struct known_carry *carry)
{
	size_t gone, open;

	if (carry->former_count > 0 || carry->hides_line)
		resolve_formers(w, carry);
	if (!carry->known)
		return;
	gone = find_in_gone(w, carry);
	open = find_in_window(w, carry);
	if (gone < carry->gone_len)
		open = 0;
	if (w->gives_up && open < w->len) {
		hide(w, open, w->len);
	} else if (!w->is_last) {
		w->floor = least(w->floor, skip_masked(w, open));
	}
	keep_gone(w, carry, gone, open);
}
