/* SPDX-License-Identifier: Apache-2.0 */
/* Advice is given for pages of which every byte is in the memory, so that nothing beside it changes. */
#include "pages.h"

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* No mapping is empty. */
static size_t
bytes_of(size_t count, size_t size)
{
	return count > 0 ? count * size : 1;
}

void *
ks_pages_reserve(size_t count, size_t size)
{
	void *memory = mmap(NULL, bytes_of(count, size), PROT_READ | PROT_WRITE,
	                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return memory != MAP_FAILED ? memory : NULL;
}

void
ks_pages_release(void *memory, size_t count, size_t size)
{
	if (memory)
		(void)munmap(memory, bytes_of(count, size));
}

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
