/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a rule file promises of itself. An example holds if all drawn bytes are masked, the first
 * finding is the rule's own, and every other byte is as it was; a counterexample holds if nothing
 * is masked.
 */
#include "selftest.h"

#include <stdlib.h>
#include <string.h>

#include "catalog.h"
#include "error.h"
#include "example.h"

struct selftest {
	const struct ks_catalog *catalog;
	struct selftest_set set;
	struct ks_scratch *scratch;
	ks_error_fn on_failure;
	void *ctx;
	struct selftest_result result;
};

/* One text, on its way through the engine. */
struct trial {
	const struct ks_catalog_entry *entry;
	size_t catalog_index;
	const struct example *example;
	bool is_counterexample;
	size_t number;
	uint8_t *buf;
	size_t first_rule; /* of the first finding; SIZE_MAX: none */
};

static void
note_finding(void *ctx, const struct ks_finding *finding)
{
	struct trial *trial = ctx;

	if (trial->first_rule == SIZE_MAX)
		trial->first_rule = finding->rule;
}

/* Put the text through, cut at cut. */
static int
run_cut(struct selftest *t, struct trial *trial, size_t cut)
{
	struct ks_stream_options options = { .on_finding = note_finding,
		                             .finding_ctx = trial,
		                             .fills_only = 1 };
	size_t len = trial->example->len, settled = 0, more = 0;
	struct ks_stream *stream;
	int r = ks_stream_new(t->set.rules, &options, &stream);

	if (r != KS_OK)
		return r;
	trial->first_rule = SIZE_MAX;
	memcpy(trial->buf, trial->example->text, len);
	r = ks_stream_mask(stream, t->scratch, trial->buf, cut, &settled);
	if (r == KS_OK)
		r = ks_stream_mask(stream, t->scratch, trial->buf + settled, len - settled, &more);
	if (r == KS_OK)
		r = ks_stream_mask_end(stream, t->scratch, trial->buf + settled + more,
		                       len - settled - more);
	ks_stream_free(stream);
	return r;
}

static bool
is_secret(const struct example *e, size_t at)
{
	for (size_t i = 0; i < e->secret_count; i++) {
		if (at >= e->secrets[i].from && at < e->secrets[i].to)
			return true;
	}
	return false;
}

/* An infix rule's trigger stands between two drawn parts and is masked with them. */
static bool
is_infix_trigger(const struct trial *trial, size_t at)
{
	const struct example *e = trial->example;

	return trial->entry->rule.before && e->secret_count > 1 && at >= e->secrets[0].from &&
	       at < e->secrets[e->secret_count - 1].to;
}

static const char *
find_wrong_byte(const struct trial *trial, size_t *ret_at)
{
	const struct example *e = trial->example;

	for (size_t i = 0; i < e->len; i++) {
		bool is_masked = trial->buf[i] != e->text[i];
		bool is_wanted = !trial->is_counterexample && is_secret(e, i);

		*ret_at = i;
		if (is_wanted && !is_masked && e->text[i] != '*')
			return "a byte of the secret is not masked";
		if (is_masked && !is_wanted && !is_infix_trigger(trial, i))
			return "a byte is masked that should not be";
	}
	*ret_at = 0;
	return NULL;
}

static const char *
find_fault(const struct selftest *t, const struct trial *trial, size_t *ret_at)
{
	const char *wrong = find_wrong_byte(trial, ret_at);

	if (wrong || trial->is_counterexample)
		return wrong;
	if (trial->first_rule == SIZE_MAX)
		return "there is no finding";
	if (t->set.index[trial->first_rule] != trial->catalog_index)
		return "the first finding is another rule's";
	return NULL;
}

static void
tell_failure(struct selftest *t, const struct trial *trial, struct ks_error *error)
{
	const struct file_rule *rule = &t->catalog->entries[trial->catalog_index].rule;
	const struct file_texts *texts = trial->is_counterexample ? &rule->counterexamples
	                                                          : &rule->examples;
	struct place place = texts->places[trial->number - 1];

	ks_error_place(error, rule->file, place.line, place.column);
	t->result.failures++;
	t->on_failure(t->ctx, error);
}

static const char *
list_name(const struct trial *trial)
{
	return trial->is_counterexample ? "counterexample" : "example";
}

/* Only the first cut at which a text fails is told. */
static int
try_cuts(struct selftest *t, struct trial *trial)
{
	for (size_t cut = 0; cut <= trial->example->len; cut++) {
		int r = run_cut(t, trial, cut);
		struct ks_error error;
		const char *what;
		size_t at;

		if (r != KS_OK)
			return r;
		t->result.runs++;
		what = find_fault(t, trial, &at);
		if (what) {
			(void)ks_error_set(&error, KS_ERROR_RULE,
			                   "rule %.64s: %s %zu, cut at %zu, byte %zu: %s",
			                   trial->entry->rule.id, list_name(trial), trial->number,
			                   cut, at, what);
			tell_failure(t, trial, &error);
			return KS_OK;
		}
	}
	return KS_OK;
}

static int
try_text(struct selftest *t, struct trial *trial, const char *template)
{
	struct example example;
	struct ks_error error;
	int r = ks_example_expand(&trial->entry->rule, template, &example, &error);

	t->result.texts++;
	if (r == KS_ERROR_RULE) {
		tell_failure(t, trial, &error);
		return KS_OK;
	}
	if (r != KS_OK)
		return r;
	trial->example = &example;
	trial->buf = malloc(example.len + 1);
	r = trial->buf ? try_cuts(t, trial) : KS_ERROR_MEMORY;
	free(trial->buf);
	trial->example = NULL;
	ks_example_done(&example);
	return r;
}

static int
try_rule(struct selftest *t, const struct ks_catalog_entry *entry, size_t catalog_index)
{
	struct trial trial = { .entry = entry, .catalog_index = catalog_index };
	int r = KS_OK;

	for (size_t i = 0; r == KS_OK && entry->examples[i]; i++) {
		trial.number = i + 1;
		r = try_text(t, &trial, entry->examples[i]);
	}
	trial.is_counterexample = true;
	for (size_t i = 0; r == KS_OK && entry->counterexamples[i]; i++) {
		trial.number = i + 1;
		r = try_text(t, &trial, entry->counterexamples[i]);
	}
	t->result.rules++;
	return r;
}

int
ks_selftest_run(const struct ks_catalog *catalog, struct selftest_set set,
                selftest_wanted_fn is_wanted, ks_error_fn on_failure, void *ctx,
                struct selftest_result *ret_result)
{
	struct selftest t = {
		.catalog = catalog, .set = set, .on_failure = on_failure, .ctx = ctx
	};
	struct ks_catalog_entry entry;
	int r = ks_scratch_new(set.rules, &t.scratch);

	for (size_t i = 0; r == KS_OK && i < ks_catalog_count(catalog); i++) {
		ks_catalog_get(catalog, i, &entry);
		if (entry.enabled && (!is_wanted || is_wanted(ctx, &entry)))
			r = try_rule(&t, &entry, i);
	}
	if (r == KS_OK)
		*ret_result = t.result;
	ks_scratch_free(t.scratch);
	return r;
}
