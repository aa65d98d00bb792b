/* SPDX-License-Identifier: Apache-2.0 */
/* One YAML document in memory. */
#pragma once

#include "rule_value.h"

/* root is NULL for an empty document. What is returned is passed over: p->status counts. */
typedef int (*ks_document_fn)(struct parser *p, yaml_node_t *root, void *ctx);

/*
 * Parse p->text and call read, whose nodes live until it returns. Complains of what is no YAML, and of
 * a second document, which would be ignored silently otherwise. Returns 0, or the first error's status.
 */
int ks_document_read(struct parser *p, ks_document_fn read, void *ctx);
