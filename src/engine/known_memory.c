/* SPDX-License-Identifier: Apache-2.0 */
/* See known_memory.h. Every block is a mapping of its own: there are few, and they are large. */
#include "known_memory.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

/* More may be locked than the soft limit says, up to the hard one. */
static bool
raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0 || limit.rlim_cur == limit.rlim_max)
		return false;
	limit.rlim_cur = limit.rlim_max;
	return setrlimit(RLIMIT_MEMLOCK, &limit) == 0;
}

static bool
lock(const void *memory, size_t size)
{
	return mlock(memory, size) == 0 || (raise_limit() && mlock(memory, size) == 0);
}

void *
ks_known_memory_new(size_t size, bool *is_locked)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return NULL;
	if (madvise(memory, size, MADV_DONTDUMP) != 0 || !lock(memory, size))
		*is_locked = false;
	return memory;
}

void
ks_known_memory_free(void *memory, size_t size)
{
	if (!memory)
		return;
	explicit_bzero(memory, size);
	(void)munmap(memory, size);
}

void *
ks_known_memory_resize(void *memory, size_t size, size_t wanted, bool *is_locked)
{
	void *moved;

	if (!memory)
		return ks_known_memory_new(wanted, is_locked);
	if (wanted < size)
		explicit_bzero((uint8_t *)memory + wanted, size - wanted);
	moved = mremap(memory, size, wanted, MREMAP_MAYMOVE);
	if (moved == MAP_FAILED && raise_limit())
		moved = mremap(memory, size, wanted, MREMAP_MAYMOVE);
	if (moved == MAP_FAILED) {
		/* it is locked, and no more may be */
		*is_locked = false;
		(void)munlock(memory, size);
		moved = mremap(memory, size, wanted, MREMAP_MAYMOVE);
	}
	return moved == MAP_FAILED ? NULL : moved;
}

void *
ks_known_memory_grow(void *list, size_t count, size_t *max, size_t element, bool *is_locked)
{
	size_t more = *max ? *max + *max / 4 : 65536 / element;
	void *grown;

	if (count < *max)
		return list;
	grown = ks_known_memory_resize(list, *max * element, more * element, is_locked);
	if (grown)
		*max = more;
	return grown;
}
