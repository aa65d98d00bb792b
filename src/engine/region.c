/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is put in place of a region.
 *
 *     fill        ****************************
 *     keep last   ************************k7Qz       its last bytes wait for the region's end
 *     fill-hash   ***1f2e3d4c-0123456789abcdef       and so do these
 *     tag         [REDACTED:rule-id]                 at the region's end, when it is known whose it is
 *     hash        [REDACTED:rule-id#1f2e3d4c-0123456789abcdef]
 *
 * Which of them is decided by the matches that begin where the region does, for these are known when its first
 * byte settles; the rule that is named is the finding's.
 *
 * Invariant: what comes out is a function of the region's bytes and its spans, not of the calls by which they
 * come; and of a region no byte is put out but the last keep_last ones of one that is long enough.
 */
#include "region.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "fingerprint.h"

#define LONG_ENOUGH 32U /* for a fingerprint in it, or for some of it to be shown */
#define TAG_MAX     (sizeof("[REDACTED::]") + RULE_ID_MAX + KS_FINGERPRINT_SIZE)

/* ------------------------------------------------------------------- life cycle ---- */

static enum ks_mask
same_length(enum ks_mask mask)
{
	if (mask == KS_MASK_HASH)
		return KS_MASK_FILL_HASH;
	return mask == KS_MASK_TAG ? KS_MASK_FILL : mask;
}

/* How regions are masked whose first match is of that rule; NULL: of none that is known. */
static struct mask_style
style_of(const struct compiled_rule *rule, const struct ks_stream_options *options)
{
	struct mask_style style = { options->mask, (uint8_t)options->keep_last };

	if (options->fills_only)
		return (struct mask_style){ KS_MASK_FILL, 0 };
	if (rule && rule->style.mask != KS_MASK_DEFAULT)
		style.mask = rule->style.mask;
	if (rule && rule->style.keep_last != KEEP_DEFAULT)
		style.keep_last = rule->style.keep_last;
	if (style.mask == KS_MASK_DEFAULT)
		style.mask = KS_MASK_FILL;
	if (options->keeps_length)
		style.mask = same_length(style.mask);
	if (style.mask != KS_MASK_FILL)
		style.keep_last = 0;
	return style;
}

static bool
stays_in_place(const struct mask_style *style)
{
	return style->mask == KS_MASK_FILL && style->keep_last == 0;
}

static bool
has_fingerprint(const struct mask_style *style)
{
	return style->mask == KS_MASK_HASH || style->mask == KS_MASK_FILL_HASH;
}

int
ks_stream_needs_sink(const struct ks_ruleset *set, const struct ks_stream_options *options)
{
	for (size_t i = 0; i < set->rule_count; i++) {
		struct mask_style style = style_of(&set->rules[i], options);

		if (!stays_in_place(&style))
			return 1;
	}
	return 0;
}

static bool
needs_fingerprint(const struct ks_ruleset *set, const struct ks_stream_options *options)
{
	for (size_t i = 0; i < set->rule_count; i++) {
		struct mask_style style = style_of(&set->rules[i], options);

		if (has_fingerprint(&style))
			return true;
	}
	return false;
}

int
ks_region_init(struct region *region, const struct ks_ruleset *set,
               const struct ks_stream_options *options)
{
	*region = (struct region){ .set = set, .options = options };
	region->is_pushed = options->sink != NULL;
	if (options->keep_last > KS_KEEP_LAST_MAX ||
	    (!region->is_pushed && ks_stream_needs_sink(set, options)) ||
	    (!options->fingerprint && needs_fingerprint(set, options)))
		return KS_ERROR_MISUSE;
	if (!options->fingerprint)
		return KS_OK;
	region->fingerprint = calloc(1, options->fingerprint->state_size);
	return region->fingerprint ? KS_OK : KS_ERROR_MEMORY;
}

void
ks_region_done(struct region *region)
{
	if (region->fingerprint)
		explicit_bzero(region->fingerprint, region->options->fingerprint->state_size);
	free(region->fingerprint);
	explicit_bzero(region, sizeof(*region));
}

void
ks_region_reset(struct region *region)
{
	struct region fresh = { .set = region->set,
		                .options = region->options,
		                .fingerprint = region->fingerprint,
		                .is_pushed = region->is_pushed };

	explicit_bzero(region, sizeof(*region));
	*region = fresh;
}

/* ---------------------------------------------------------------------- putting ---- */

static int
put(struct region *region, const void *data, size_t len)
{
	const struct ks_stream_options *o = region->options;

	if (!region->is_pushed || len == 0)
		return KS_OK;
	return o->sink(o->sink_ctx, data, len) == 0 ? KS_OK : KS_ERROR_SINK;
}

static void
fill_bytes(const struct region *region, uint8_t *p, size_t n)
{
	uint8_t fill = region->options->fill;

	for (size_t i = 0; i < n; i++)
		p[i] = p[i] == '\n' || p[i] == '\r' ? p[i] : fill;
}

static int
put_masked(struct region *region, uint8_t *data, size_t len)
{
	const struct ks_stream_options *o = region->options;

	if (o->on_fill && !region->is_pushed && len > 0 && o->on_fill(o->fill_ctx, data, len) != 0)
		return KS_ERROR_SINK;
	fill_bytes(region, data, len);
	return put(region, data, len);
}

/* Put all masked but the last max bytes, which are kept. */
static int
put_but_tail(struct region *region, uint8_t *data, size_t len, size_t max)
{
	size_t all = region->tail_len + len, leaving = all > max ? all - max : 0;
	size_t from_tail = leaving < region->tail_len ? leaving : region->tail_len;
	size_t from_data = leaving - from_tail;
	int r = put_masked(region, region->tail, from_tail);

	region->tail_len -= from_tail;
	memmove(region->tail, region->tail + from_tail, region->tail_len);
	if (r == KS_OK)
		r = put_masked(region, data, from_data);
	memcpy(region->tail + region->tail_len, data + from_data, len - from_data);
	region->tail_len += len - from_data;
	return r;
}

/* How many of the region's last bytes wait for its end. */
static size_t
tail_max(const struct mask_style *style)
{
	return style->mask == KS_MASK_FILL_HASH ? REGION_TAIL_MAX : style->keep_last;
}

static int
put_bytes(struct region *region, uint8_t *data, size_t len)
{
	switch (region->style.mask) {
	case KS_MASK_TAG:
	case KS_MASK_HASH:
		return KS_OK; /* something else, at the end */
	case KS_MASK_DEFAULT:
	case KS_MASK_FILL:
	case KS_MASK_FILL_HASH:
		break;
	}
	return put_but_tail(region, data, len, tail_max(&region->style));
}

static int
put_tag(struct region *region, const char *fingerprint)
{
	char text[TAG_MAX];
	const char *id = region->credit.rank == CREDIT_KNOWN
	                         ? KS_KNOWN_ID
	                         : ks_ruleset_id(region->set, region->credit.rule);
	int n = snprintf(text, sizeof(text), "[REDACTED:%s%s%s]", id, fingerprint ? "#" : "",
	                 fingerprint ? fingerprint : "");

	return put(region, text, (size_t)n);
}

/* A line's end stays where it is, so there is no room for a fingerprint around it. */
static bool
has_line_end(const uint8_t *data, size_t len)
{
	return memchr(data, '\n', len) || memchr(data, '\r', len);
}

static int
put_tail(struct region *region, const char *fingerprint)
{
	bool is_long = region->to - region->from >= LONG_ENOUGH;
	const struct mask_style *style = &region->style;

	if (is_long && style->mask == KS_MASK_FILL)
		return put(region, region->tail, region->tail_len);
	if (is_long && style->mask == KS_MASK_FILL_HASH &&
	    !has_line_end(region->tail, region->tail_len))
		return put(region, fingerprint, REGION_TAIL_MAX);
	return put_masked(region, region->tail, region->tail_len);
}

static int
put_end(struct region *region, const char *fingerprint, bool is_torn)
{
	switch (region->style.mask) {
	case KS_MASK_TAG:
		return put_tag(region, NULL);
	case KS_MASK_HASH:
		return put_tag(region, fingerprint);
	case KS_MASK_DEFAULT:
	case KS_MASK_FILL:
	case KS_MASK_FILL_HASH:
		break;
	}
	return is_torn ? put_masked(region, region->tail, region->tail_len)
	               : put_tail(region, fingerprint);
}

/* ----------------------------------------------------------------------- public ---- */

static void
report(const struct region *region, const char *fingerprint)
{
	const struct ks_stream_options *o = region->options;
	struct ks_finding finding = {
		.rule = region->credit.rule,
		.offset = region->from,
		.length = region->to - region->from,
		.line = o->counts_lines ? region->line : 0,
		.fingerprint = fingerprint,
		.known = region->known.number,
	};

	if (o->on_finding && region->credit.rank != CREDIT_NONE)
		o->on_finding(o->finding_ctx, &finding);
}

int
ks_region_close(struct region *region, bool is_torn)
{
	char text[KS_FINGERPRINT_SIZE], *fingerprint = NULL;
	int r;

	if (!region->is_open)
		return KS_OK;
	region->is_open = false;
	if (region->fingerprint) {
		fingerprint = text;
		region->options->fingerprint->end(region->fingerprint,
		                                  region->options->fingerprint->key, text);
	}
	report(region, fingerprint);
	r = put_end(region, fingerprint, is_torn);
	explicit_bzero(region->tail, sizeof(region->tail));
	region->tail_len = 0;
	return r;
}

static void
count_lines(struct region *region, const uint8_t *data, size_t len)
{
	if (region->options->counts_lines)
		region->line_ends += ks_line_ends(data, len);
}

int
ks_region_pass(struct region *region, uint8_t *data, size_t len)
{
	int r = len > 0 ? ks_region_close(region, false) : KS_OK;

	count_lines(region, data, len);
	return r == KS_OK ? put(region, data, len) : r;
}

static void
open_region(struct region *region, uint64_t at, const struct span *span)
{
	const struct ks_fingerprint *fingerprint = region->options->fingerprint;
	bool is_known = span->head.rank != CREDIT_NONE;

	region->is_open = true;
	region->from = at;
	region->line = region->line_ends + 1;
	region->credit = span->credit;
	region->known = span->known;
	region->style = style_of(is_known ? &region->set->rules[span->head.rule] : NULL,
	                         region->options);
	if (fingerprint)
		fingerprint->begin(region->fingerprint, fingerprint->key);
}

int
ks_region_cover(struct region *region, uint8_t *data, size_t len, uint64_t at,
                const struct span *span)
{
	if (region->is_open) {
		region->credit = ks_credit_min(region->credit, span->credit);
		region->known = ks_known_credit_min(region->known, span->known);
	} else {
		open_region(region, at, span);
	}
	region->to = at + len;
	count_lines(region, data, len);
	if (region->fingerprint)
		region->options->fingerprint->update(region->fingerprint, data, len);
	return put_bytes(region, data, len);
}
