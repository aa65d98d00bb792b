/* SPDX-License-Identifier: Apache-2.0 */
/* Advice is given for pages of which every byte is in the memory, so that nothing beside it changes. */
#include "pages.h"

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

static void
advise(uint8_t *memory, size_t len, int advice)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t skip = (page - (uintptr_t)memory % page) % page;

	if (len >= skip + page)
		(void)madvise(memory + skip, (len - skip) & ~(page - 1), advice);
}

void
ks_pages_populate(void *memory, size_t len)
{
#ifdef MADV_POPULATE_WRITE
	advise(memory, len, MADV_POPULATE_WRITE);
#else
	(void)memory;
	(void)len;
#endif
}

void
ks_pages_forget(void *memory, size_t len)
{
	advise(memory, len, MADV_DONTNEED);
}
