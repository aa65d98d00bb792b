/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recall: how many of a rule's keys are masked, in each notation of a log, with all rules on. A
 * table for people and a TAP test for each of its columns. No message holds a key.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "keys.h"
#include "page.h"
#include "reasons.h"
#include "slowness.h"

#define SEEDS       7U /* keys of each length in a cell */
#define SPLIT_SEEDS 1U
#define NO_CUT      SIZE_MAX

/* The first key of a cell that is not as it should be. */
struct miss {
	const struct form *form;
	size_t run_len, cut; /* cut: position in the line, or NO_CUT */
	const char *what;    /* NULL: there is none */
};

struct cell {
	unsigned keys, hits;
	struct miss miss;
};

/* A row: one rule. */
struct row {
	const char *id;
	bool is_readable; /* else its first example could not be read, and there are no cells */
	struct cell cells[CONTEXT_COUNT];
};

struct engine {
	struct ks_ruleset *set;
	struct ks_scratch *scratch;
};

struct recall {
	struct ks_catalog *catalog;
	struct engine engine;
	struct row *rows;
	size_t row_count;
	struct page page;
	uint8_t *output, *whole; /* of max bytes */
	size_t max;
	unsigned tests, failures;
};

/* -------------------------------------------------------------- engine ---- */

static void
engine_init(struct engine *engine, const struct ks_catalog *catalog)
{
	struct ks_error error = { .status = 0 };
	int r = ks_catalog_compile(catalog, &engine->set, NULL, &error);

	if (r == KS_OK)
		r = ks_scratch_new(engine->set, &engine->scratch);
	if (r != KS_OK) {
		(void)printf("Bail out! %s\n", error.text);
		exit(EXIT_FAILURE);
	}
}

static void
engine_done(struct engine *engine)
{
	ks_scratch_free(engine->scratch);
	ks_ruleset_free(engine->set);
}

/* Mask buf, given in two pieces. */
static void
engine_mask(struct engine *engine, uint8_t *buf, size_t len, size_t cut)
{
	struct ks_stream *stream;
	size_t settled = 0, more = 0;
	int r = ks_stream_new(engine->set, NULL, &stream);

	assert(r == KS_OK);
	if (cut < len)
		r = ks_stream_mask(stream, engine->scratch, buf, cut, &settled);
	assert(r == KS_OK);
	r = ks_stream_mask(stream, engine->scratch, buf + settled, len - settled, &more);
	assert(r == KS_OK);
	settled += more;
	r = ks_stream_mask_end(stream, engine->scratch, buf + settled, len - settled);
	assert(r == KS_OK);
	ks_stream_free(stream);
}

/* --------------------------------------------------------------- cells ---- */

/* Put the page through, into output. */
static void
run_page(struct recall *t, size_t cut)
{
	if (t->page.max > t->max) {
		t->max = t->page.max;
		t->output = realloc(t->output, t->max);
		t->whole = realloc(t->whole, t->max);
		assert(t->output && t->whole);
	}
	memcpy(t->output, t->page.bytes, t->page.len);
	engine_mask(&t->engine, t->output, t->page.len, cut);
}

/* Where a line of the output is wrong, add it to misses, which are the contexts'. */
static void
judge_line(const struct recall *t, const struct key *key, size_t n, struct miss *misses)
{
	const struct line *line = &t->page.lines[n];
	struct miss *miss = &misses[line->form->context];
	const char *what = page_judge(&t->page, line, t->output);

	if (what && !miss->what)
		*miss = (struct miss){ line->form, key->run_len, NO_CUT, what };
}

static void
count_key(struct cell *cell, const struct miss *miss)
{
	cell->keys++;
	if (!miss->what)
		cell->hits++;
	else if (!cell->miss.what)
		cell->miss = *miss;
}

static const struct form *
forms_of(const struct key *key)
{
	return key->form->name_len ? setting_forms : key_forms;
}

/* One key in all notations, all of them in one stream, at whose end the key stands once more. */
static void
try_notations(struct recall *t, struct row *row, const struct key *key)
{
	struct miss misses[CONTEXT_COUNT] = { { .what = NULL } };
	const struct form *forms = forms_of(key);

	page_clear(&t->page);
	for (const struct form *form = forms; form->text; form++) {
		page_add_line(&t->page, form, key);
		page_add_stop(&t->page);
	}
	page_add_line(&t->page, &forms[0], key);
	run_page(t, NO_CUT);
	for (size_t i = 0; i < t->page.line_count; i++)
		judge_line(t, key, i, misses);
	for (int context = 0; context < CONTEXT_SPLIT; context++)
		count_key(&row->cells[context], &misses[context]);
}

/* One line cut at every position. */
static void
try_cuts(struct recall *t, const struct form *form, const struct key *key, struct miss *miss)
{
	struct miss misses[CONTEXT_COUNT] = { { .what = NULL } };

	page_clear(&t->page);
	page_add_line(&t->page, form, key);
	run_page(t, NO_CUT);
	judge_line(t, key, 0, misses);
	memcpy(t->whole, t->output, t->page.len);
	*miss = misses[form->context];
	for (size_t cut = 1; cut < t->page.len && !miss->what; cut++) {
		run_page(t, cut);
		if (memcmp(t->whole, t->output, t->page.len) != 0)
			*miss = (struct miss){ form, key->run_len, cut,
				               "it matters where it is cut" };
	}
}

/* The bare key and the first line of JSON. */
static void
try_split(struct recall *t, struct row *row, const struct key *key)
{
	const struct form *bare = forms_of(key), *json = bare;
	struct miss miss;

	while (json->context != CONTEXT_JSON)
		json++;
	try_cuts(t, bare, key, &miss);
	if (!miss.what)
		try_cuts(t, json, key, &miss);
	count_key(&row->cells[CONTEXT_SPLIT], &miss);
}

/* ---------------------------------------------------------------- rows ---- */

/* Keys depend on the rule's id only, not on what other rules there are. */
static uint64_t
seed_of(const char *id)
{
	uint64_t seed = UINT64_C(0xcbf29ce484222325); /* FNV-1a */

	for (; *id; id++)
		seed = (seed ^ (uint8_t)*id) * UINT64_C(0x100000001b3);
	return seed;
}

static void
fill_row(struct recall *t, const struct ks_catalog_entry *entry)
{
	struct row *row = &t->rows[t->row_count++];
	uint64_t random = seed_of(entry->rule.id);
	struct key_form form;
	struct key key;

	*row = (struct row){ .id = entry->rule.id };
	row->is_readable = key_form_init(&form, &entry->rule, entry->examples[0]);
	assert(!form.body[PAGE_STOP]);
	for (int length = 0; row->is_readable && length < KEY_LENGTH_COUNT; length++) {
		for (unsigned i = 0; i < SEEDS; i++) {
			key_draw(&key, &form, (enum key_length)length, &random);
			try_notations(t, row, &key);
			if (i < SPLIT_SEEDS && length < test_rounds(KEY_LENGTH_COUNT))
				try_split(t, row, &key);
		}
	}
	key_form_done(&form);
}

/* The rows of all rules that are on, but for those that are in rows already. */
static void
fill_rows(struct recall *t)
{
	size_t first = t->row_count;
	struct ks_catalog_entry entry;
	bool is_known;

	engine_init(&t->engine, t->catalog);
	for (size_t i = 0; i < ks_catalog_count(t->catalog); i++) {
		ks_catalog_get(t->catalog, i, &entry);
		is_known = false;
		for (size_t n = 0; n < first; n++)
			is_known = is_known || strcmp(t->rows[n].id, entry.rule.id) == 0;
		if (entry.enabled && !is_known)
			fill_row(t, &entry);
	}
	engine_done(&t->engine);
}

/* --------------------------------------------------------------- table ---- */

static void
print_table(const struct recall *t)
{
	(void)printf(
		"# Recall: keys of which all is masked and nothing else, %u a cell, in %%.\n#\n",
		SEEDS * KEY_LENGTH_COUNT);
	(void)printf("# %-28s", "rule");
	for (int i = 0; i < CONTEXT_COUNT; i++)
		(void)printf("%8s", context_names[i]);
	(void)printf("\n");
	for (size_t n = 0; n < t->row_count; n++) {
		const struct row *row = &t->rows[n];

		(void)printf("# %-28s", row->id);
		for (int i = 0; i < CONTEXT_COUNT; i++) {
			const struct cell *cell = &row->cells[i];

			if (reason_find(row->id, (enum context)i) || !cell->keys)
				(void)printf("%8s", "-");
			else
				(void)printf("%8u", cell->hits * 100 / cell->keys);
		}
		(void)printf("\n");
	}
}

/* The text of a form, with words for the parts. */
static void
print_form(const char *text)
{
	static const char *const names[] = { "", "KEY", "NAME", "VALUE" };

	for (; *text; text++) {
		if (*text <= FORM_VALUE)
			(void)printf("%s", names[(unsigned char)*text]);
		else if (*text == '\x1b')
			(void)printf("ESC");
		else if (*text == '\r')
			(void)printf("\\r");
		else
			(void)putchar(*text);
	}
}

static void
print_miss(const struct row *row, const struct cell *cell, int context)
{
	const struct miss *miss = &cell->miss;

	(void)printf("# %s, %s: %u of %u; first with a run of %zu in ", row->id,
	             context_names[context], cell->hits, cell->keys, miss->run_len);
	print_form(miss->form->text);
	if (miss->cut != NO_CUT)
		(void)printf(", cut at %zu", miss->cut);
	(void)printf(": %s\n", miss->what);
}

/* ----------------------------------------------------------------- TAP ---- */

static void
report(struct recall *t, bool is_ok, const char *what)
{
	(void)printf("%s %u - %s\n", is_ok ? "ok" : "not ok", ++t->tests, what);
	if (!is_ok)
		t->failures++;
}

static void
test_column(struct recall *t, int context)
{
	bool is_ok = true;

	for (size_t n = 0; n < t->row_count; n++) {
		const struct row *row = &t->rows[n];
		const struct cell *cell = &row->cells[context];

		if (cell->hits == cell->keys || reason_find(row->id, (enum context)context))
			continue;
		print_miss(row, cell, context);
		is_ok = false;
	}
	report(t, is_ok, context_names[context]);
}

static void
test_examples(struct recall *t)
{
	bool is_ok = t->row_count > 0;

	for (size_t n = 0; n < t->row_count; n++) {
		if (t->rows[n].is_readable)
			continue;
		(void)printf("# %s: the first example does not show its trigger\n", t->rows[n].id);
		is_ok = false;
	}
	report(t, is_ok, "every rule has a key");
}

static bool
is_needed(const struct recall *t, const struct reason *reason)
{
	for (size_t n = 0; n < t->row_count; n++) {
		const struct cell *cell = &t->rows[n].cells[reason->context];

		if (strcmp(t->rows[n].id, reason->id) == 0)
			return cell->hits < cell->keys;
	}
	return false;
}

/* Print them as footnotes, too. */
static void
test_reasons(struct recall *t)
{
	bool is_ok = true;

	for (const struct reason *r = reasons; r->id; r++) {
		(void)printf("# - %s, %s: %s\n", r->id, context_names[r->context], r->text);
		if (is_needed(t, r))
			continue;
		(void)printf("# %s, %s: needs no reason\n", r->id, context_names[r->context]);
		is_ok = false;
	}
	report(t, is_ok, "no reason too many");
}

int
main(void)
{
	struct recall t = { .catalog = ks_catalog_new() };
	int r;

	assert(t.catalog);
	r = ks_catalog_add_builtin(t.catalog, NULL);
	assert(r == KS_OK);
	t.rows = calloc(ks_catalog_count(t.catalog), sizeof(*t.rows));
	assert(t.rows);
	fill_rows(&t);
	r = ks_catalog_enable(t.catalog, "generic", NULL);
	assert(r == KS_OK);
	fill_rows(&t);

	print_table(&t);
	test_reasons(&t);
	test_examples(&t);
	for (int context = 0; context < CONTEXT_COUNT; context++)
		test_column(&t, context);
	(void)printf("1..%u\n", t.tests);

	page_done(&t.page);
	free(t.output);
	free(t.whole);
	free(t.rows);
	ks_catalog_free(t.catalog);
	return t.failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
