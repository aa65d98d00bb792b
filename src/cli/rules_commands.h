/* SPDX-License-Identifier: Apache-2.0 */
/* keysieve rules ...: commands about rules, not logs. Each returns the exit status. */
#pragma once

#include "options.h"

int ks_rules_list_command(const struct options *options);
int ks_rules_check_command(const struct options *options);
int ks_rules_test_command(const struct options *options);
int ks_rules_explain_command(const struct options *options);
int ks_rules_allow_command(const struct options *options);
int ks_rules_import_command(const struct options *options);
