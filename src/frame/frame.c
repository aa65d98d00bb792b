/* SPDX-License-Identifier: Apache-2.0 */
/* The names of frame formats. */
#include <string.h>

#include "keysieve.h"

static const char *const names[] = {
	[KS_FRAME_AUTO] = "auto",     [KS_FRAME_RAW] = "raw",         [KS_FRAME_CRI] = "cri",
	[KS_FRAME_DOCKER] = "docker", [KS_FRAME_JOURNAL] = "journal",
};

#define NAME_COUNT (sizeof(names) / sizeof(names[0]))

const char *
ks_frame_name(enum ks_frame frame)
{
	return (size_t)frame < NAME_COUNT ? names[frame] : "unknown";
}

int
ks_frame_parse(const char *name, enum ks_frame *ret_frame)
{
	for (size_t i = 0; i < NAME_COUNT; i++) {
		if (strcmp(name, names[i]) == 0) {
			*ret_frame = (enum ks_frame)i;
			return KS_OK;
		}
	}
	return KS_ERROR_UNKNOWN;
}
