/* SPDX-License-Identifier: Apache-2.0 */
/* keysieve key new. Returns the exit status. */
#pragma once

#include "options.h"

int ks_key_new_command(const struct options *options);
