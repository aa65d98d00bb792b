/* SPDX-License-Identifier: Apache-2.0 */
/* See source_names.h. A name has one place where it is kept, by its hash; what was there before is forgotten. */
#include "source_names.h"

#include <stdlib.h>
#include <string.h>

static void
forget(struct source_name *kept)
{
	free(kept->name);
	free(kept->shown);
	*kept = (struct source_name){ 0 };
}

void
ks_source_names_done(struct source_names *names)
{
	for (size_t i = 0; i < SOURCE_NAMES; i++)
		forget(&names->kept[i]);
}

/* Mask text where it is. Returns KS_OK or an error, and text must not be shown. */
static int
mask(const struct ks_ruleset *set, const struct ks_known *known, char *text)
{
	const struct ks_stream_options options = { .fills_only = 1, .known = known };
	struct ks_scratch *scratch = NULL;
	struct ks_stream *stream = NULL;
	size_t len = strlen(text), settled;
	int r = ks_scratch_new(set, &scratch);

	if (r == KS_OK)
		r = ks_stream_new(set, &options, &stream);
	if (r == KS_OK)
		r = ks_stream_mask(stream, scratch, (uint8_t *)text, len, &settled);
	if (r == KS_OK)
		r = ks_stream_mask_end(stream, scratch, (uint8_t *)text + settled, len - settled);
	ks_stream_free(stream);
	ks_scratch_free(scratch);
	return r;
}

static struct source_name *
place_of(struct source_names *names, const char *name)
{
	uint64_t hash = 0xcbf29ce484222325U; /* FNV-1a */

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 0x100000001b3U;
	return &names->kept[hash % SOURCE_NAMES];
}

const char *
ks_source_names_show(struct source_names *names, const struct ks_ruleset *set,
                     const struct ks_known *known, const char *name)
{
	struct source_name *kept = place_of(names, name);

	if (kept->set == set && kept->known == known && strcmp(kept->name, name) == 0)
		return kept->shown;
	forget(kept);
	kept->name = strdup(name);
	kept->shown = strdup(name);
	if (!kept->name || !kept->shown || mask(set, known, kept->shown) != KS_OK)
		return "?";
	kept->set = set;
	kept->known = known;
	return kept->shown;
}
