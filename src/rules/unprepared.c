/* SPDX-License-Identifier: Apache-2.0 */
/* For the program that prepares the rules, which has nothing prepared yet. */
#include "pack.h"

const struct pack_rule ks_pack_rules[1] = { { NULL } };
const size_t ks_pack_rule_count = 0;
const struct ks_prepared ks_pack_prepared = { NULL, 0 };
const uint8_t ks_pack_digest[PACK_DIGEST] = { 0 };
