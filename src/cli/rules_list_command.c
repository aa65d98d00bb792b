/* SPDX-License-Identifier: Apache-2.0 */
/* keysieve rules list: the rules as a table for people, or as JSON for programs. */
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "message.h"
#include "rule_selection.h"
#include "rules_commands.h"
#include "sandbox.h"
#include "standard_output.h"
#include "word.h"

#define GAP          "  " /* between the columns of a table */
#define TABLE_MAX    80U  /* columns of a terminal, if that leaves PROVIDER_MIN for the provider */
#define KNOWN_MAX    27U  /* columns that the cells behind the provider take, and all gaps */
#define PROVIDER_MIN 12U

/* ------------------------------------------------------------------------ table ---- */

/* How many columns of a terminal text takes, if each character takes one. */
static size_t
width_of(const char *text)
{
	size_t width = 0;

	for (; *text; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

/* Text that is too wide is cut. */
static void
print_cell(const char *text, size_t width)
{
	size_t needed = width_of(text);

	if (needed > width) {
		ks_standard_output_plain(text, width - strlen("..."));
		(void)fputs("...", stdout);
	} else {
		ks_standard_output_plain(text, needed);
	}
	(void)printf("%*s" GAP, needed < width ? (int)(width - needed) : 0, "");
}

static const char *
provider_of(const struct ks_catalog_entry *entry)
{
	return entry->rule.provider ? entry->rule.provider : "-";
}

static size_t
greater(size_t a, size_t b)
{
	return a > b ? a : b;
}

static size_t
provider_max(size_t id_width)
{
	size_t others = id_width + KNOWN_MAX;

	return others + PROVIDER_MIN < TABLE_MAX ? TABLE_MAX - others : PROVIDER_MIN;
}

static void
print_table(const struct ks_catalog *catalog)
{
	size_t id_width = strlen("ID"), provider_width = strlen("PROVIDER");
	struct ks_catalog_entry entry;

	for (size_t i = 0; i < ks_catalog_count(catalog); i++) {
		ks_catalog_get(catalog, i, &entry);
		id_width = greater(id_width, width_of(entry.rule.id));
		provider_width = greater(provider_width, width_of(provider_of(&entry)));
	}
	if (provider_width > provider_max(id_width))
		provider_width = provider_max(id_width);
	print_cell("ID", id_width);
	print_cell("PROVIDER", provider_width);
	(void)printf("%-8s" GAP "%-8s" GAP "%s\n", "KIND", "PACK", "IS");
	for (size_t i = 0; i < ks_catalog_count(catalog); i++) {
		ks_catalog_get(catalog, i, &entry);
		print_cell(entry.rule.id, id_width);
		print_cell(provider_of(&entry), provider_width);
		(void)printf("%-8s" GAP "%-8s" GAP "%s\n",
		             ks_word_text(ks_kind_words, entry.rule.kind), entry.pack,
		             entry.enabled ? "on" : "off");
	}
}

/* ------------------------------------------------------------------------- JSON ---- */

static void
print_member(const char *name, const char *value)
{
	(void)printf(", \"%s\": ", name);
	ks_json_string(value, stdout);
}

/* The words of those bits that are set. */
static void
print_words(const char *name, const struct word *words, unsigned bits)
{
	const char *texts[8] = { NULL };
	size_t n = 0;

	for (; words->text; words++) {
		if (bits & words->value)
			texts[n++] = words->text;
	}
	(void)printf(", \"%s\": ", name);
	ks_json_strings(texts, stdout);
}

/* As a rule file writes it. */
static void
print_length(const struct ks_rule *rule)
{
	(void)printf(", \"length\": \"%u", rule->min);
	if (rule->max != rule->min)
		(void)printf("..");
	if (rule->max != 0 && rule->max != rule->min)
		(void)printf("%u", rule->max);
	(void)putchar('"');
}

static void
print_how_it_matches(const struct ks_rule *rule)
{
	print_member("trigger", rule->trigger);
	print_member("body", rule->body);
	print_length(rule);
	print_member("boundary", ks_word_text(ks_boundary_words, rule->boundary));
	print_words("require", ks_require_words, rule->conditions);
	print_words("refuse", ks_refuse_words, rule->conditions);
	print_member("follow", rule->follow);
	print_member("before", rule->before);
}

static void
print_object(const struct ks_catalog_entry *entry)
{
	const struct ks_rule *rule = &entry->rule;

	(void)printf("{\"id\": ");
	ks_json_string(rule->id, stdout);
	print_member("provider", rule->provider);
	print_member("title", rule->title ? rule->title : rule->id);
	print_member("kind", ks_word_text(ks_kind_words, rule->kind));
	print_member("pack", entry->pack);
	(void)printf(", \"enabled\": %s", entry->enabled ? "true" : "false");
	print_how_it_matches(rule);
	print_member("revoke", rule->revoke);
	print_member("file", entry->file);
	(void)printf(", \"line\": %u, \"examples\": ", entry->line);
	ks_json_strings(entry->examples, stdout);
	(void)printf(", \"counterexamples\": ");
	ks_json_strings(entry->counterexamples, stdout);
	(void)putchar('}');
}

static void
print_array(const struct ks_catalog *catalog)
{
	struct ks_catalog_entry entry;

	(void)putchar('[');
	for (size_t i = 0; i < ks_catalog_count(catalog); i++) {
		ks_catalog_get(catalog, i, &entry);
		(void)printf(i > 0 ? ",\n " : "\n ");
		print_object(&entry);
	}
	(void)printf("\n]\n");
}

int
ks_rules_list_command(const struct options *options)
{
	struct rule_selection rules;
	int r;

	if (options->files[0]) {
		ks_message("rules list takes no FILE; add one with --rules FILE");
		return EXIT_USAGE;
	}
	r = ks_sandbox_enter(options);
	if (r != 0)
		return r;
	r = ks_rule_selection_gather(&rules, options, NULL);
	if (r == 0 && options->json)
		print_array(rules.catalog);
	else if (r == 0)
		print_table(rules.catalog);
	ks_rule_selection_done(&rules);
	return ks_standard_output_end(r);
}
