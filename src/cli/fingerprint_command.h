/* SPDX-License-Identifier: Apache-2.0 */
/* keysieve fingerprint: is this key in our logs? */
#pragma once

#include "options.h"

/* Returns the exit status. */
int ks_fingerprint_command(const struct options *options);
