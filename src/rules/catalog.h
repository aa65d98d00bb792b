/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a catalog: rules from packs and files, each with a switch. */
#pragma once

#include <stdbool.h>

#include "allow.h"
#include "keysieve.h"
#include "pack.h"
#include "rulefile.h"

/* The pack of all rules that are not built in. */
extern const char ks_user_pack[];

struct entry {
	struct file_rule rule;
	const char *pack;
	bool is_enabled;
	bool is_unmeasured; /* its trigger is still to be looked at */
};

struct ks_catalog {
	struct entry *entries;
	size_t count, max;
	struct allow_entry *allowed;
	size_t allowed_count;
	bool checks_late;
};

/* Look at what is still to be looked at. Errors: KS_ERROR_RULE with its place, KS_ERROR_MEMORY. */
int ks_catalog_measure(const struct ks_catalog *catalog, struct ks_error *reterr);

/* The entry of that id, or NULL. Lent until the catalog changes. */
struct entry *ks_catalog_find(const struct ks_catalog *catalog, const char *id);

/* Is it the name of a rule or pack? */
bool ks_catalog_has_name(const struct ks_catalog *catalog, const char *name);

/* Add rules whose strings stay where they are. Errors: KS_ERROR_MEMORY. */
int ks_catalog_add_prepared(struct ks_catalog *catalog, const struct pack_rule *rules,
                            size_t count);

/* Takes file's rules, all of them or none, and does what it switches. Errors: KS_ERROR_MEMORY. */
int ks_catalog_add(struct ks_catalog *catalog, struct rulefile *file, const char *pack);
