/* SPDX-License-Identifier: Apache-2.0 */
/* Which packs there are, and which of them are on by default. */
#include "pack.h"

#include <string.h>

#include "keysieve.h"

bool
ks_pack_is_default(const char *pack)
{
	return strcmp(pack, "generic") != 0;
}

int
ks_pack_exists(const char *name)
{
	for (size_t i = 0; i < ks_pack_file_count; i++) {
		if (strcmp(ks_pack_files[i].pack, name) == 0)
			return 1;
	}
	return 0;
}
