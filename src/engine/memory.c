/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hyperscan keeps some of a stream's last bytes in memory of its own. Its allocators are the only way
 * to wipe that, and they are the process's: so this is the caller's decision.
 */
#include <hs.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "keysieve.h"

static void
wipe_and_free(void *block)
{
	if (block)
		explicit_bzero(block, malloc_usable_size(block));
	free(block);
}

int
ks_memory_wipe_on_free(void)
{
	if (hs_set_stream_allocator(malloc, wipe_and_free) != HS_SUCCESS ||
	    hs_set_scratch_allocator(malloc, wipe_and_free) != HS_SUCCESS)
		return KS_ERROR_INTERNAL;
	return KS_OK;
}
