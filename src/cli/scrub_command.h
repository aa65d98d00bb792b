/* SPDX-License-Identifier: Apache-2.0 */
/* keysieve --in-place: mask in files that are there already. */
#pragma once

#include "options.h"

/*
 * Returns the exit status. If SIGINT, SIGTERM or SIGHUP has come, it ends as soon as the file at hand is in
 * order, and the signal then ends the process.
 */
int ks_scrub_command(const struct options *options);
