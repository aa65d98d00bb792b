/* SPDX-License-Identifier: Apache-2.0 */
/* What rule files allow: runs that stay readable (docs/rules.md). As it is read, before it is compiled. */
#pragma once

#include "rule_value.h"

enum allow_kind {
	ALLOW_HASH,       /* the BLAKE2b of the run */
	ALLOW_KEYED_HASH, /* the same with a key */
	ALLOW_EXPRESSION  /* an expression that matches all of the run */
};

/* Strings belong to it. */
struct allow_entry {
	enum allow_kind kind;
	uint8_t hash[KS_HASH_SIZE];
	char key_id[KS_KEY_ID_SIZE]; /* of a keyed hash */
	char *expression;
	char *rule; /* the one that it is for; NULL: any */
	char *file;
	struct place place;
};

/*
 * Read one entry of "allow". Returns 0 or the status of what it complained about; then *ret_entry is
 * untouched.
 */
int ks_allow_entry_read(struct parser *p, yaml_node_t *node, struct allow_entry *ret_entry);

void ks_allow_entry_done(struct allow_entry *entry);
