/* SPDX-License-Identifier: Apache-2.0 */
/* Ids are in messages, tags and files: so few bytes may be in them. */
#include "rule_id.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "ruleset.h"

bool
ks_rule_id_is_valid(const char *id)
{
	return id && *id && strlen(id) <= RULE_ID_MAX &&
	       strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(id);
}

static int
compare_ids(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int
ks_rule_ids_check(const struct ks_rule *rules, size_t count, struct ks_error *reterr)
{
	const char **ids = calloc(count, sizeof(*ids));
	int r = KS_OK;

	if (!ids)
		return ks_error_set(reterr, KS_ERROR_MEMORY, "out of memory");
	for (size_t i = 0; i < count; i++)
		ids[i] = rules[i].id;
	qsort(ids, count, sizeof(*ids), compare_ids);
	for (size_t i = 1; r == KS_OK && i < count; i++) {
		if (strcmp(ids[i - 1], ids[i]) == 0)
			r = ks_error_rule(reterr, ids[i], "id", "there are two of it");
	}
	free(ids);
	return r;
}

char **
ks_rule_ids_copy(const struct ks_rule *rules, size_t count)
{
	size_t size = count * sizeof(char *);
	char **ids, *p;

	for (size_t i = 0; i < count; i++)
		size += strlen(rules[i].id) + 1;
	ids = malloc(size);
	if (!ids)
		return NULL;
	p = (char *)(ids + count);
	for (size_t i = 0; i < count; i++) {
		ids[i] = p;
		p = stpcpy(p, rules[i].id) + 1;
	}
	return ids;
}
