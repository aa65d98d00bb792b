/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: any bytes as a rule file, with its allow-list. Every error has a place in the file, and words that show
 * nothing of it but plain names: it may be a log that was given by mistake. A file is right or wrong by itself, the
 * same each time. What is right is compiled, if it is small, expands its examples, and masks: the length of a
 * stream stays, and cuts make no difference.
 */
#include <ctype.h>

#include "catalog.h"
#include "example.h"
#include "literal.h"
#include "macro.h"
#include "target.h"

#define INPUT_MAX   1024U
#define RULES_MAX   3U
#define TRIGGER_MAX 24U /* bytes; longer ones take long to compile */
#define WINDOW      8U
#define TEXT_MAX    2048U

struct file {
	const uint8_t *text;
	size_t len, lines;
	unsigned errors;
};

/*
 * Has the input these bytes? Rules' ids are shown, and other names in small letters, but nothing with capitals and
 * digits, as keys have them.
 */
static bool
shows(const struct file *file, const char *window)
{
	unsigned uppers = 0, digits = 0;

	for (size_t i = 0; i < WINDOW; i++) {
		uppers += isupper((unsigned char)window[i]) != 0;
		digits += isdigit((unsigned char)window[i]) != 0;
	}
	return uppers > 1 && digits > 2 && memmem(file->text, file->len, window, WINDOW);
}

static void
on_error(void *ctx, const struct ks_error *error)
{
	struct file *file = ctx;
	size_t len = strlen(error->text);

	file->errors++;
	require(error->status <= KS_OK && error->status != KS_ERROR_INTERNAL, "a wrong status");
	require(len > 0 && is_plain_text(error->text), "no plain words");
	require(error->line >= 1 && error->line <= file->lines + 1, "a place outside the file");
	for (size_t i = 0; i + WINDOW <= len; i++)
		require(!shows(file, error->text + i), "bytes of the file in an error");
}

static void
on_finding(void *ctx, const struct ks_finding *finding)
{
	size_t *count = ctx;

	require(finding->length > 0, "an empty finding");
	++*count;
}

/* The text through the rules, cut after cut bytes. Returns the number of findings. */
static size_t
mask(const struct ks_ruleset *set, struct ks_scratch *scratch, struct ks_allowlist *allowed,
     uint8_t *text, size_t len, size_t cut)
{
	size_t count = 0;
	struct ks_stream_options options = { .fills_only = 1,
		                             .on_finding = on_finding,
		                             .finding_ctx = &count };

	if (allowed) {
		options.is_allowed = ks_allowlist_has;
		options.allow_ctx = allowed;
	}
	mask_in_cuts(set, scratch, &options, text, len, cut);
	return count;
}

static void
try_rules(const struct ks_catalog *catalog, const struct file *file)
{
	static uint8_t whole[TEXT_MAX], pieces[TEXT_MAX];
	size_t index[RULES_MAX] = { 0 };
	struct ks_allowlist *allowed = NULL;
	struct ks_scratch *scratch = NULL;
	struct ks_ruleset *set = NULL;
	struct ks_error error = { 0 };
	int r = ks_catalog_compile(catalog, &set, index, &error);

	require(r == KS_OK || (r == KS_ERROR_RULE && is_plain_text(error.text)), "another error");
	if (r != KS_OK)
		return;
	r = ks_catalog_compile_allowlist(catalog, index, ks_ruleset_count(set), NULL, &allowed,
	                                 &error);
	require(r == KS_OK || (r == KS_ERROR_RULE && is_plain_text(error.text)), "another error");
	require(ks_scratch_new(set, &scratch) == KS_OK, "no memory");
	memcpy(whole, file->text, file->len);
	memcpy(pieces, file->text, file->len);
	require(mask(set, scratch, allowed, whole, file->len, file->len) ==
	                mask(set, scratch, allowed, pieces, file->len, 7),
	        "cuts make other findings");
	require(memcmp(whole, pieces, file->len) == 0, "cuts make another text");
	ks_scratch_free(scratch);
	ks_allowlist_free(allowed);
	ks_ruleset_free(set);
}

static void
expand(const struct ks_rule *rule, const char *template)
{
	struct example example = { 0 }, again = { 0 };
	struct ks_error error = { 0 };

	if (ks_example_expand(rule, template, &example, &error) != KS_OK) {
		require(error.status == KS_ERROR_RULE && is_plain_text(error.text), "no error");
		return;
	}
	require(example.len <= strlen(template) + EXAMPLE_SECRET_MAX * 100000U, "too long a text");
	for (size_t i = 0; i < example.secret_count; i++)
		require(example.secrets[i].from < example.secrets[i].to &&
		                example.secrets[i].to <= example.len,
		        "a secret outside the text");
	require(ks_example_expand(rule, template, &again, &error) == KS_OK &&
	                again.len == example.len &&
	                memcmp(again.text, example.text, again.len) == 0,
	        "another text the second time");
	ks_example_done(&example);
	ks_example_done(&again);
}

/* Is it small enough to be compiled, a thousand times a second? */
static bool
is_small(const struct ks_catalog *catalog)
{
	if (ks_catalog_count(catalog) == 0 || ks_catalog_count(catalog) > RULES_MAX)
		return false;
	for (size_t i = 0; i < ks_catalog_count(catalog); i++) {
		struct ks_catalog_entry entry;

		ks_catalog_get(catalog, i, &entry);
		if (strlen(entry.rule.trigger) > TRIGGER_MAX || strchr(entry.rule.trigger, '{'))
			return false;
	}
	return true;
}

static void
try_catalog(const struct ks_catalog *catalog, const struct file *file)
{
	for (size_t i = 0; i < ks_catalog_count(catalog); i++) {
		const struct file_rule *rule = &catalog->entries[i].rule;
		char *trigger = ks_macro_expand(rule->rule.trigger);

		require(trigger, "no memory");
		(void)ks_literal_length(trigger);
		free(trigger);
		for (size_t k = 0; rule->examples.items && rule->examples.items[k]; k++)
			expand(&rule->rule, rule->examples.items[k]);
	}
	if (is_small(catalog))
		try_rules(catalog, file);
}

static size_t
count_lines(const uint8_t *text, size_t len)
{
	size_t lines = 1;

	/* YAML has more line ends than one: CR, NEL, LS, PS */
	for (size_t i = 0; i < len; i++)
		lines += text[i] == '\n' || text[i] == '\r' || text[i] == 0x85 || text[i] == 0xa8 ||
		         text[i] == 0xa9;
	return lines;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct file file = { .text = data, .len = len };
	struct ks_catalog *catalog;
	struct ks_error error = { 0 };
	struct rulefile rules;
	int r;

	if (len == 0 || len > INPUT_MAX)
		return 0;
	file.lines = count_lines(data, len);
	r = ks_rulefile_parse("file", (const char *)data, len, RULEFILE_CHECKED, on_error, &file,
	                      &rules);
	require((r == KS_OK) == (file.errors == 0), "a status without an error");
	ks_rulefile_done(&rules);
	catalog = ks_catalog_new();
	require(catalog, "no memory");
	if (ks_catalog_add_text(catalog, "file", (const char *)data, len, &error) == KS_OK)
		try_catalog(catalog, &file);
	else
		require(ks_catalog_count(catalog) == 0, "rules of a file that is wrong");
	ks_catalog_free(catalog);
	return 0;
}
