/* SPDX-License-Identifier: Apache-2.0 */
/* keysieve follow FILE...: mask what is written to files, for as long as they are written. */
#pragma once

#include "options.h"

/* Returns the exit status. */
int ks_follow_command(const struct options *options);
