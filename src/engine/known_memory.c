/* SPDX-License-Identifier: Apache-2.0 */
/* See known_memory.h. Every block is a mapping of its own: there are few, and they are large. */
#include "known_memory.h"

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
ks_known_memory_grow(void *list, size_t count, size_t *max, size_t element, bool *is_locked)
{
	size_t more = *max ? *max * 2 : 4096 / element;
	void *grown;

	if (count < *max)
		return list;
	grown = ks_known_memory_new(more * element, is_locked);
	if (!grown)
		return NULL;
	if (count > 0)
		memcpy(grown, list, count * element);
	ks_known_memory_free(list, *max * element);
	*max = more;
	return grown;
}
