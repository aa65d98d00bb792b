/* SPDX-License-Identifier: Apache-2.0 */
/* One rule of a file, from its YAML node. */
#pragma once

#include "rule_value.h"

/*
 * Read a rule into *rule, which owns what it gets, right or wrong. Complains of everything that is
 * wrong with it. Returns 0, or the status of one of the complaints.
 */
int ks_rule_node_read(struct parser *p, yaml_node_t *node, struct file_rule *rule);
