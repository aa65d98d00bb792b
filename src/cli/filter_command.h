/* SPDX-License-Identifier: Apache-2.0 */
/* keysieve [FILE...]: mask what comes in, write what goes out. */
#pragma once

#include "options.h"

/* Returns the exit status. */
int ks_filter_command(const struct options *options);
