/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keysieve rules explain: a text line by line, and below each line what the rules make of it. Columns
 * are bytes, from 1.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "descriptor.h"
#include "explanation.h"
#include "message.h"
#include "named_input.h"
#include "rule_cache.h"
#include "rule_selection.h"
#include "rules_commands.h"
#include "sandbox.h"
#include "standard_output.h"
#include "text.h"
#include "word.h"

#define TEXT_MAX (4U << 20) /* bytes of a text */

/* ---------------------------------------------------------------------- reading ---- */

struct text {
	uint8_t *bytes; /* room for TEXT_MAX and one more */
	size_t len;
};

static int
text_init(struct text *text)
{
	void *memory = mmap(NULL, TEXT_MAX + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
	                    -1, 0);

	*text = (struct text){ 0 };
	if (memory == MAP_FAILED) {
		ks_message("%s", ks_status_text(KS_ERROR_MEMORY));
		return EXIT_INTERNAL;
	}
	(void)madvise(memory, TEXT_MAX + 1, MADV_DONTDUMP);
	text->bytes = memory;
	return 0;
}

static void
text_done(struct text *text)
{
	if (!text->bytes)
		return;
	explicit_bzero(text->bytes, text->len);
	(void)munmap(text->bytes, TEXT_MAX + 1);
}

static int
read_descriptor(struct text *text, const struct named_input *input)
{
	ssize_t n;

	do {
		n = ks_descriptor_read(input->fd, text->bytes + text->len,
		                       TEXT_MAX + 1 - text->len);
		text->len += n > 0 ? (size_t)n : 0;
	} while (n > 0 && text->len <= TEXT_MAX);
	if (text->len > TEXT_MAX)
		n = -EFBIG;
	if (n < 0)
		ks_message_file(input->name, strerror((int)-n));
	return n < 0 ? EXIT_IO : 0;
}

static int
read_text(struct text *text, const char *path)
{
	struct named_input input;
	int r = ks_named_input_open(path ? path : "-", &input);

	if (r != 0)
		return r;
	r = read_descriptor(text, &input);
	ks_named_input_close(&input);
	return r;
}

/* --------------------------------------------------------------------- printing ---- */

/* A place in the text, while it is gone through from its start. */
struct position {
	size_t line, line_start; /* line counts from 1 */
};

/* Go on to the line in which at is. */
static void
move_to(struct position *position, const uint8_t *text, size_t at)
{
	for (;;) {
		const uint8_t *start = text + position->line_start;
		const uint8_t *end = at > position->line_start
		                             ? memchr(start, '\n', at - position->line_start)
		                             : NULL;
		if (!end)
			return;
		position->line++;
		position->line_start = (size_t)(end - text) + 1;
	}
}

/* "3:14-29", "3:14-5:2", or "3:14" for an empty range. */
static void
print_range(struct position position, const uint8_t *text, size_t from, size_t to)
{
	size_t line;

	move_to(&position, text, from);
	line = position.line;
	(void)printf("  %zu:%zu", line, from - position.line_start + 1);
	if (to <= from)
		return;
	move_to(&position, text, to - 1);
	(void)putchar('-');
	if (position.line != line)
		(void)printf("%zu:", position.line);
	(void)printf("%zu", to - position.line_start);
}

static void
print_set(const char *text)
{
	(void)putchar('[');
	ks_standard_output_plain(text, SIZE_MAX);
	(void)putchar(']');
}

static void
print_bytes(const char *before, size_t count)
{
	(void)printf("%s%zu byte%s", before, count, count == 1 ? "" : "s");
}

/* Why the run of m is not masked, or what it is if it is. */
static void
print_reason(const struct match *m, const struct ks_rule *rule)
{
	size_t run = m->to - m->from;

	switch (m->reason) {
	case KS_REASON_MASKED:
		print_bytes("", m->to - m->masked_from);
		break;
	case KS_REASON_SHORT:
		print_bytes("too short: ", run);
		(void)printf(", at least %u are wanted", rule->min);
		break;
	case KS_REASON_LONG:
		print_bytes("too long: ", run);
		(void)printf(", at most %u are wanted", rule->max);
		break;
	case KS_REASON_DIGIT:
		print_bytes("no digit in ", run);
		break;
	case KS_REASON_UPPER:
		print_bytes("no upper-case letter in ", run);
		break;
	case KS_REASON_LOWER:
		print_bytes("no lower-case letter in ", run);
		break;
	case KS_REASON_FOLLOW:
		print_bytes("", run);
		(void)printf(", but none of ");
		print_set(rule->follow);
		(void)printf(" follows");
		break;
	case KS_REASON_PLACEHOLDER:
		print_bytes("a placeholder or an earlier mask of ", run);
		break;
	case KS_REASON_BEFORE:
		ks_standard_output_plain(rule->before, SIZE_MAX);
		(void)printf(" does not stand before it");
		break;
	case KS_REASON_BARE:
		(void)printf("just the beginning of a key that is masked already");
		break;
	case KS_REASON_ALLOWED:
		print_bytes("allowed: ", run);
		break;
	}
}

static void
print_verdict(const struct match *m, const struct ks_catalog *catalog,
              const struct ks_catalog_entry *entry)
{
	struct ks_catalog_entry owner;

	switch (m->standing) {
	case STANDING_ON:
		(void)printf(m->reason == KS_REASON_MASKED ? "masked, " : "not masked: ");
		break;
	case STANDING_INSIDE:
		(void)printf("not masked: it stands inside a word (boundary: %s)%s",
		             ks_word_text(ks_boundary_words, entry->rule.boundary),
		             m->reason == KS_REASON_MASKED ? ": " : "; besides, ");
		break;
	case STANDING_OFF:
		(void)printf("off: --enable %s", entry->rule.id);
		if (strcmp(entry->pack, "generic") == 0)
			(void)printf(" or --rules generic");
		(void)printf(" would mask ");
		break;
	}
	print_reason(m, &entry->rule);
	if (m->standing == STANDING_ON && m->reason == KS_REASON_MASKED &&
	    m->counted_as != m->rule) {
		ks_catalog_get(catalog, m->counted_as, &owner);
		(void)printf(", counted as %s", owner.rule.id);
	}
}

static void
print_match(const struct match *m, const struct ks_catalog *catalog, struct position position,
            const uint8_t *text)
{
	struct ks_catalog_entry entry;

	ks_catalog_get(catalog, m->rule, &entry);
	print_range(position, text, match_begin(m), m->to);
	(void)printf(" %s (", entry.rule.id);
	ks_standard_output_plain(entry.rule.provider ? entry.rule.provider : entry.pack, SIZE_MAX);
	(void)printf("): ");
	print_verdict(m, catalog, &entry);
	(void)putchar('\n');
}

/* A line without its end; what a terminal would act on is not shown. */
static void
print_line(size_t number, const uint8_t *line, size_t len)
{
	if (len > 0 && line[len - 1] == '\r')
		len--;
	(void)printf("%zu: ", number);
	for (size_t i = 0; i < len;) {
		if (line[i] != '\t')
			i += ks_text_put((const char *)line + i, len - i, stdout);
		else
			(void)putchar(line[i++]);
	}
	(void)putchar('\n');
}

/* Print the lines, and below each the matches that begin in it. */
static void
print_explanation(const struct explanation *e, const struct ks_catalog *catalog)
{
	struct position position = { .line = 1 };
	size_t n = 0, masked_to = 0;

	while (position.line_start < e->len) {
		const uint8_t *start = e->shown + position.line_start;
		const uint8_t *end = memchr(start, '\n', e->len - position.line_start);
		size_t next = end ? (size_t)(end - e->shown) + 1 : e->len;
		size_t before = n;

		print_line(position.line, start, next - position.line_start - (end != NULL));
		for (; n < e->count && (match_begin(&e->matches[n]) < next || next == e->len);
		     n++) {
			print_match(&e->matches[n], catalog, position, e->shown);
			if (e->matches[n].reason == KS_REASON_MASKED &&
			    e->matches[n].to > masked_to)
				masked_to = e->matches[n].to;
		}
		if (n == before && masked_to <= position.line_start && *start != '\n')
			(void)printf("  nothing that a rule looks for\n");
		position = (struct position){ position.line + 1, next };
	}
}

/* The sandbox lets nobody write to the cache; so the sets that an explanation needs are put there by one of nothing. */
static int
fill_cache(const struct options *options, const struct rule_selection *rules)
{
	const uint8_t nothing[1] = { 0 };
	struct explanation explanation = { .shown = NULL };
	char *cache = ks_rule_cache_directory(options);
	int r = 0;

	if (cache && options->sandbox != SANDBOX_OFF)
		r = ks_explanation_init(&explanation, options, rules, nothing, 0);
	ks_explanation_done(&explanation);
	free(cache);
	return r;
}

int
ks_rules_explain_command(const struct options *options)
{
	struct rule_selection rules = { .catalog = NULL };
	struct explanation explanation = { .shown = NULL };
	struct text text;
	int r = text_init(&text);

	if (r == 0 && options->files[0] && options->files[1]) {
		ks_message("rules explain takes one FILE");
		r = EXIT_USAGE;
	}
	if (r == 0)
		r = ks_rule_selection_init(&rules, options);
	if (r == 0)
		r = fill_cache(options, &rules);
	if (r == 0)
		r = ks_sandbox_enter(options);
	if (r == 0)
		r = read_text(&text, options->files[0]);
	if (r == 0)
		r = ks_explanation_init(&explanation, options, &rules, text.bytes, text.len);
	if (r == 0)
		print_explanation(&explanation, rules.catalog);
	ks_explanation_done(&explanation);
	ks_rule_selection_done(&rules);
	text_done(&text);
	return ks_standard_output_end(r);
}
