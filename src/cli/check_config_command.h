/* SPDX-License-Identifier: Apache-2.0 */
/* keysieve check-config. */
#pragma once

#include "options.h"

/* Returns the exit status. */
int ks_check_config_command(const struct options *options);
