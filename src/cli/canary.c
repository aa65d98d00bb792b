/* SPDX-License-Identifier: Apache-2.0 */
/*
 * It takes every path that keys of the log take: the masks of the options, a redactor, raw text, and text that a
 * container runtime has cut into two frames. An example is made up the same way each time, and varies by rule.
 */
#include "canary.h"

#include <stdlib.h>
#include <string.h>

#include "example.h"
#include "masking.h"

#define PIECE     8U /* bytes of a secret in a row that must not come out */
#define HEAD      "2026-11-22T10:00:00.000000000Z stdout "
#define HEAD_SIZE (sizeof(HEAD) - 1)

struct canary {
	const char *rule;
	struct example example;
	size_t cut; /* between two bytes of the secret */
};

/* What comes out, gathered. */
struct catch
{
	uint8_t *bytes;
	size_t len, size;
};

/* ------------------------------------------------------------------------ making ---- */

/* Parts that touch are one; short ones could stand in any text. Returns how many are left. */
static size_t
join_secrets(struct example *e)
{
	size_t kept = 0;

	for (size_t i = 0; i < e->secret_count; i++) {
		size_t from = e->secrets[i].from;

		while (i + 1 < e->secret_count && e->secrets[i].to == e->secrets[i + 1].from)
			i++;
		if (e->secrets[i].to - from < PIECE)
			continue;
		e->secrets[kept].from = from;
		e->secrets[kept++].to = e->secrets[i].to;
	}
	e->secret_count = kept;
	return kept;
}

/* Returns KS_OK, or an error: also if the rule has no example that can be made. */
static int
make_from(struct canary *canary, const struct ks_catalog_entry *entry)
{
	struct ks_error error;
	int r = KS_ERROR_UNKNOWN;

	for (const char *const *text = entry->examples; text && *text && r != KS_OK; text++) {
		r = ks_example_expand(&entry->rule, *text, &canary->example, &error);
		if (r == KS_OK && join_secrets(&canary->example) == 0) {
			ks_example_done(&canary->example);
			r = KS_ERROR_UNKNOWN;
		}
		if (r == KS_ERROR_MEMORY)
			return r;
	}
	canary->rule = entry->rule.id;
	return r;
}

/* From a provider's rule if there is one, for it alone decides what it masks; else from a carrier's. */
static int
make(struct canary *canary, const struct rule_selection *rules)
{
	static const enum ks_kind kinds[] = { KS_KIND_PROVIDER, KS_KIND_CARRIER };
	size_t count = ks_ruleset_count(rules->set);
	int r = KS_ERROR_UNKNOWN;

	for (size_t k = 0; k < 2; k++) {
		for (size_t i = count; r == KS_ERROR_UNKNOWN && i-- > 0;) {
			struct ks_catalog_entry entry;

			ks_catalog_get(rules->catalog, rules->index[i], &entry);
			if (entry.rule.kind == kinds[k])
				r = make_from(canary, &entry);
			if (r != KS_OK && r != KS_ERROR_MEMORY)
				r = KS_ERROR_UNKNOWN;
		}
	}
	return r;
}

/* ---------------------------------------------------------------- putting through ---- */

/* A ks_sink_fn. */
static int
gather(void *ctx, const uint8_t *data, size_t len)
{
	struct catch *out = ctx;
	uint8_t *grown;

	if (out->len + len > out->size) {
		grown = realloc(out->bytes, out->len + len);
		if (!grown)
			return KS_ERROR_SINK;
		out->bytes = grown;
		out->size = out->len + len;
	}
	if (len > 0)
		memcpy(out->bytes + out->len, data, len);
	out->len += len;
	return 0;
}

static int
feed_frame(struct ks_redactor *redactor, struct ks_scratch *scratch, const char *tag,
           const uint8_t *text, size_t len)
{
	int r = ks_redactor_feed(redactor, scratch, (const uint8_t *)HEAD, HEAD_SIZE);

	if (r == KS_OK)
		r = ks_redactor_feed(redactor, scratch, (const uint8_t *)tag, 2);
	if (r == KS_OK)
		r = ks_redactor_feed(redactor, scratch, text, len);
	return r == KS_OK ? ks_redactor_feed(redactor, scratch, (const uint8_t *)"\n", 1) : r;
}

static int
feed(const struct canary *canary, enum ks_frame frame, struct ks_redactor *redactor,
     struct ks_scratch *scratch)
{
	const uint8_t *text = canary->example.text, *rest = text + canary->cut;
	size_t rest_len = canary->example.len - canary->cut;
	int r;

	if (frame == KS_FRAME_CRI) {
		r = feed_frame(redactor, scratch, "P ", text, canary->cut);
		if (r == KS_OK)
			r = feed_frame(redactor, scratch, "F ", rest, rest_len);
	} else {
		r = ks_redactor_feed(redactor, scratch, text, canary->cut);
		if (r == KS_OK)
			r = ks_redactor_feed(redactor, scratch, rest, rest_len);
	}
	return r == KS_OK ? ks_redactor_end(redactor, scratch) : r;
}

static int
put_through(const struct canary *canary, enum ks_frame frame, const struct options *options,
            const struct rule_selection *rules, struct catch *out)
{
	struct ks_redactor_options how = { .frame = frame };
	struct ks_redactor *redactor = NULL;
	struct ks_scratch *scratch = NULL;
	int r;

	ks_masking_set(options, rules, &how.stream);
	how.stream.is_allowed = NULL;
	how.stream.sink = gather;
	how.stream.sink_ctx = out;
	r = ks_scratch_new(rules->set, &scratch);
	if (r == KS_OK)
		r = ks_redactor_new(rules->set, &how, &redactor);
	if (r == KS_OK)
		r = feed(canary, frame, redactor, scratch);
	ks_redactor_free(redactor);
	ks_scratch_free(scratch);
	return r;
}

/* ----------------------------------------------------------------------- judging ---- */

static bool
holds_secret(const struct catch *out, const uint8_t *secret, size_t len)
{
	for (size_t i = 0; i + PIECE <= len; i++) {
		if (memmem(out->bytes, out->len, secret + i, PIECE))
			return true;
	}
	return false;
}

static enum canary_result
judge(const struct canary *canary, const struct catch *out)
{
	const struct example *e = &canary->example;

	for (size_t i = 0; i < e->secret_count; i++) {
		const uint8_t *secret = e->text + e->secrets[i].from;

		if (holds_secret(out, secret, e->secrets[i].to - e->secrets[i].from))
			return CANARY_EXPOSED;
	}
	return CANARY_MASKED;
}

static enum canary_result
try_frame(const struct canary *canary, enum ks_frame frame, const struct options *options,
          const struct rule_selection *rules)
{
	struct catch out = { 0 };
	int r = put_through(canary, frame, options, rules, &out);
	enum canary_result result = r == KS_OK ? judge(canary, &out) : CANARY_ERROR;

	free(out.bytes);
	return result;
}

enum canary_result
ks_canary_run(const struct options *options, const struct rule_selection *rules, uint64_t number,
              const char **ret_rule)
{
	static const enum ks_frame frames[] = { KS_FRAME_RAW, KS_FRAME_CRI };
	struct canary canary = { 0 };
	enum canary_result result = CANARY_MASKED;
	int r = make(&canary, rules);
	size_t from, len;
	bool is_framed;

	if (r != KS_OK)
		return r == KS_ERROR_MEMORY ? CANARY_ERROR : CANARY_NONE;
	*ret_rule = canary.rule;
	from = canary.example.secrets[0].from;
	len = canary.example.secrets[0].to - from;
	canary.cut = from + (size_t)(number * 7 % (len + 1));
	is_framed = !memchr(canary.example.text, '\n', canary.example.len);
	for (size_t i = 0; i < (is_framed ? 2 : 1) && result == CANARY_MASKED; i++)
		result = try_frame(&canary, frames[i], options, rules);
	ks_example_done(&canary.example);
	return result;
}
