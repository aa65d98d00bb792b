/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An example tells where the run begins: at its first drawn byte (its second drawn part, if the
 * rule has a 'before'). The trigger is the longest text that ends there and that the rule's
 * expression matches.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "keys.h"

#include <assert.h>
#include <ctype.h>
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "example.h"
#include "harness.h"
#include "macro.h"

#define SEPARATOR   "{separator}"
#define DRAWABLE    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-._~+/="
#define LONG_RUN    300U
#define LONGER_BY   100U /* than an example that is longer than that */
#define PEM_COLUMNS 64U  /* a run that can hold line ends has them */

/* The trigger with a group around its last {separator}; the caller frees it. */
static char *
group_separator(const char *trigger)
{
	const char *separator = NULL;
	char *grouped;
	int len;

	for (const char *p = trigger; (p = strstr(p, SEPARATOR)); p++)
		separator = p;
	if (!separator)
		return strdup(trigger);
	len = asprintf(&grouped, "%.*s(?<gap>%s)%s", (int)(separator - trigger), trigger, SEPARATOR,
	               separator + strlen(SEPARATOR));
	return len < 0 ? NULL : grouped;
}

/* The trigger as PCRE2 has it, to match a whole text. NULL: it does not compile. */
static pcre2_code *
compile_trigger(const char *trigger)
{
	char *grouped = group_separator(trigger), *expanded = NULL;
	pcre2_code *code;
	PCRE2_SIZE where;
	int error;

	if (grouped)
		expanded = ks_macro_expand(grouped);
	assert(expanded);
	code = pcre2_compile((PCRE2_SPTR)expanded, PCRE2_ZERO_TERMINATED,
	                     PCRE2_DOTALL | PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_NEVER_UTF,
	                     &error, &where, NULL);
	free(expanded);
	free(grouped);
	return code;
}

/* Where the name ends and the value begins, if {separator} is part of the match. */
static void
note_separator(struct key_form *form, const pcre2_code *code, pcre2_match_data *match, size_t from)
{
	const PCRE2_SIZE *at = pcre2_get_ovector_pointer(match);
	int group = pcre2_substring_number_from_name(code, (PCRE2_SPTR) "gap");

	if (group < 0)
		return;
	at += 2 * (size_t)group;
	if (at[0] == PCRE2_UNSET)
		return;
	form->name_len = at[0] - from;
	form->value_from = at[1] - from;
}

static bool
is_part_of_name(char c)
{
	return isalnum((unsigned char)c) || strchr("_.-", c);
}

/* Find the longest trigger that ends at end; a carrier's begins with the whole of the word. */
static bool
find_lead(struct key_form *form, const pcre2_code *code, const struct example *e, size_t end)
{
	pcre2_match_data *match = pcre2_match_data_create_from_pattern(code, NULL);
	size_t from = 0, start;

	assert(match);
	while (from < end && pcre2_match(code, e->text, end, from, 0, match, NULL) < 0)
		from++;
	start = from;
	while (form->rule->kind == KS_KIND_CARRIER && start > 0 &&
	       is_part_of_name((char)e->text[start - 1]))
		start--;
	if (from < end) {
		note_separator(form, code, match, start);
		form->lead = strndup((const char *)e->text + start, end - start);
	}
	pcre2_match_data_free(match);
	return from < end;
}

static void
add_letter(struct alphabet *alphabet, char c)
{
	alphabet->bytes[alphabet->count++] = c;
}

/* Which bytes the rule's sets have. */
static void
read_sets(struct key_form *form)
{
	for (unsigned b = 0; b < 256; b++)
		form->body[b] = ks_rule_body_has(form->rule, (uint8_t)b) != 0;
	for (const char *p = DRAWABLE; *p; p++) {
		if (form->rule->before && ks_rule_before_has(form->rule, (uint8_t)*p))
			add_letter(&form->before, *p);
		if (!form->body[(uint8_t)*p])
			continue;
		add_letter(&form->all, *p);
		if (isdigit(*p))
			add_letter(&form->digits, *p);
		if (isupper(*p))
			add_letter(&form->uppers, *p);
		if (islower(*p))
			add_letter(&form->lowers, *p);
	}
}

static void
measure_run(struct key_form *form, const struct example *e, size_t from)
{
	size_t to = from;

	while (to < e->len && form->body[e->text[to]])
		to++;
	form->documented = to - from;
	if (form->rule->follow && to < e->len)
		form->follow = (char)e->text[to];
}

bool
key_form_init(struct key_form *form, const struct ks_rule *rule, const char *example)
{
	pcre2_code *code = compile_trigger(rule->trigger);
	size_t part = rule->before ? 1 : 0, from;
	struct example e;
	bool found = false;

	*form = (struct key_form){ .rule = rule };
	if (!code || ks_example_expand(rule, example, &e, NULL) != KS_OK) {
		pcre2_code_free(code);
		return false;
	}
	read_sets(form);
	from = e.secret_count > part ? e.secrets[part].from : 0;
	/* Line ends before the first drawn byte belong to the run. */
	while (!(found = find_lead(form, code, &e, from)) && from > 0 &&
	       strchr("\r\n", e.text[from - 1]))
		from--;
	measure_run(form, &e, from);
	ks_example_done(&e);
	pcre2_code_free(code);
	return found;
}

void
key_form_done(struct key_form *form)
{
	free(form->lead);
	*form = (struct key_form){ 0 };
}

/* ------------------------------------------------------------- drawing ---- */

static char
draw_byte(const struct alphabet *alphabet, uint64_t *random)
{
	assert(alphabet->count > 0);
	return alphabet->bytes[random_next(random) % alphabet->count];
}

/* Put one byte of each required kind among the first of the run. */
static void
add_required(const struct key_form *form, char *run, size_t len, uint64_t *random)
{
	const struct {
		unsigned condition;
		const struct alphabet *alphabet;
	} kinds[] = { { KS_REQUIRE_DIGIT, &form->digits },
		      { KS_REQUIRE_UPPER, &form->uppers },
		      { KS_REQUIRE_LOWER, &form->lowers } };
	size_t decided = len < KS_RUN_DECIDED ? len : KS_RUN_DECIDED;
	size_t at = random_next(random) % decided;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (form->rule->conditions & kinds[i].condition)
			run[at++ % decided] = draw_byte(kinds[i].alphabet, random);
	}
}

static void
add_run(struct key *key, size_t len, uint64_t *random)
{
	const struct key_form *form = key->form;
	char *run = key->text + key->len;

	assert(key->len + len < KEY_LEN_MAX);
	for (size_t i = 0; i < len; i++) {
		bool is_line_end = form->body['\n'] && i % (PEM_COLUMNS + 1) == PEM_COLUMNS &&
		                   i + 1 < len;

		run[i] = is_line_end ? '\n' : draw_byte(&form->all, random);
	}
	add_required(form, run, len, random);
	key->len += len;
}

static size_t
run_length(const struct key_form *form, enum key_length length)
{
	size_t least = form->rule->min, most = form->rule->max;

	switch (length) {
	case KEY_LEAST:
		return least;
	case KEY_DOCUMENTED:
		return form->documented > least ? form->documented : least;
	case KEY_LONG:
		break;
	}
	if (most)
		return most;
	return form->documented < LONG_RUN ? LONG_RUN : form->documented + LONGER_BY;
}

/* The n of "[set]{n}". */
static size_t
before_length(const struct ks_rule *rule)
{
	return rule->before ? strtoul(strrchr(rule->before, '{') + 1, NULL, 10) : 0;
}

void
key_draw(struct key *key, const struct key_form *form, enum key_length length, uint64_t *random)
{
	size_t lead = strlen(form->lead), before = before_length(form->rule);

	key->form = form;
	key->run_len = run_length(form, length);
	assert(before + lead < KEY_LEN_MAX);
	for (key->len = 0; key->len < before; key->len++)
		key->text[key->len] = draw_byte(&form->before, random);
	memcpy(key->text + key->len, form->lead, lead);
	key->len += lead;
	key->secret_from = before ? 0 : key->len;
	add_run(key, key->run_len, random);
	key->secret_to = key->len;
	if (form->follow)
		key->text[key->len++] = form->follow;
}
