/* SPDX-License-Identifier: Apache-2.0 */
/* The database that the raw loop scans with. */
#pragma once

#include <hs.h>

/*
 * A streaming database: of the patterns in a file, one a line, or with patterns NULL that of
 * keysieve's own default rules. Says on stderr what went wrong and returns NULL if it cannot. It
 * lives as long as the process.
 */
hs_database_t *load_database(const char *patterns);
