/* SPDX-License-Identifier: Apache-2.0 */
/* keysieve completion. */
#pragma once

#include "options.h"

/* Returns the exit status. */
int ks_completion_command(const struct options *options);
