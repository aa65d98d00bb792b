/* SPDX-License-Identifier: Apache-2.0 */
/* Room is made as it is needed, and kept: a log with keys in it has more of them. */
#include "findings.h"

#include <stdlib.h>
#include <string.h>

#define ROOM_LEAST 64U

struct kept_finding {
	struct ks_finding finding;
	char fingerprint[KS_FINGERPRINT_SIZE];
};

void
ks_findings_done(struct findings *list)
{
	free(list->items);
	*list = (struct findings){ 0 };
}

static bool
reserve(struct findings *list)
{
	size_t max = list->max ? 2 * list->max : ROOM_LEAST;
	struct kept_finding *grown;

	if (list->count < list->max)
		return true;
	grown = realloc(list->items, max * sizeof(*grown));
	if (!grown)
		return false;
	list->items = grown;
	list->max = max;
	return true;
}

void
ks_findings_add(struct findings *list, const struct ks_finding *finding)
{
	struct kept_finding *kept;

	if (list->is_short || !reserve(list)) {
		list->is_short = true;
		return;
	}
	kept = &list->items[list->count++];
	kept->finding = *finding;
	kept->finding.fingerprint = NULL;
	kept->fingerprint[0] = '\0';
	if (finding->fingerprint)
		memcpy(kept->fingerprint, finding->fingerprint, KS_FINGERPRINT_SIZE);
}

void
ks_findings_tell(struct findings *list, ks_finding_fn fn, void *ctx)
{
	for (size_t i = 0; i < list->count; i++) {
		struct kept_finding *kept = &list->items[i];

		if (kept->fingerprint[0])
			kept->finding.fingerprint = kept->fingerprint;
		fn(ctx, &kept->finding);
	}
	ks_findings_clear(list);
}

void
ks_findings_clear(struct findings *list)
{
	list->count = 0;
	list->is_short = false;
}
