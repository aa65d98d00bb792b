/* SPDX-License-Identifier: Apache-2.0 */
/* A fingerprint without a key would be one that everybody can try keys against: there is none. */
#include "masking.h"

#include "command.h"
#include "message.h"

void
ks_masking_set(const struct options *options, const struct rule_selection *rules,
               struct ks_stream_options *stream)
{
	stream->mask = options->mask;
	stream->fill = options->fill;
	stream->keep_last = options->keep_last;
	stream->fingerprint = rules->fingerprint;
	stream->known = rules->known ? rules->known->compiled : NULL;
	if (rules->allowlist) {
		stream->is_allowed = ks_allowlist_has;
		stream->allow_ctx = rules->allowlist;
	}
}

static bool
is_hash(enum ks_mask mask)
{
	return mask == KS_MASK_HASH || mask == KS_MASK_FILL_HASH;
}

static bool
changes_length(enum ks_mask mask)
{
	return mask == KS_MASK_TAG || mask == KS_MASK_HASH;
}

int
ks_masking_check(const struct options *options, const struct rule_selection *rules)
{
	if (options->command->bit != COMMAND_FILTER && changes_length(options->mask)) {
		ks_message(
			"--mask tag and hash change lengths, by which a restart finds its place; "
			"see fill-hash");
		return EXIT_USAGE;
	}
	if (rules->fingerprint)
		return 0;
	if (is_hash(options->mask)) {
		ks_message(
			"--mask hash and fill-hash need --key-file; see keysieve key new --help");
		return EXIT_USAGE;
	}
	for (size_t i = 0; i < ks_ruleset_count(rules->set); i++) {
		struct ks_catalog_entry entry;

		ks_catalog_get(rules->catalog, rules->index[i], &entry);
		if (!is_hash(entry.rule.mask))
			continue;
		ks_message("%s:%u:%u: rule %s is masked by a hash, which needs --key-file",
		           entry.file, entry.line, entry.column, entry.rule.id);
		return EXIT_USAGE;
	}
	return 0;
}

int
ks_masking_try(const struct rule_selection *rules)
{
	struct ks_scratch *scratch = NULL;
	int r = ks_scratch_new(rules->set, &scratch);

	ks_scratch_free(scratch);
	if (r == KS_OK)
		return 0;
	ks_message("%s", ks_status_text(r));
	return EXIT_INTERNAL;
}
