/* SPDX-License-Identifier: Apache-2.0 */
/* keysieve journal: the systemd journal, masked. */
#pragma once

#include "options.h"

/* Returns the exit status. */
int ks_journal_command(const struct options *options);
