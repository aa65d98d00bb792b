/* SPDX-License-Identifier: Apache-2.0 */
/* Allocations that fail. glibc's own names are called, as dlsym(3) itself may allocate. */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "fault.h"

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static bool
fails(const char *name)
{
	return fault_is_error(fault_of(FAULT_ALLOC, name));
}

void *
malloc(size_t size)
{
	return fails("malloc") ? NULL : __libc_malloc(size);
}

void *
calloc(size_t count, size_t size)
{
	return fails("calloc") ? NULL : __libc_calloc(count, size);
}

void *
realloc(void *block, size_t size)
{
	return fails("realloc") ? NULL : __libc_realloc(block, size);
}

void *
reallocarray(void *block, size_t count, size_t size)
{
	size_t whole;

	if (fails("reallocarray"))
		return NULL;
	if (__builtin_mul_overflow(count, size, &whole)) {
		errno = ENOMEM;
		return NULL;
	}
	return __libc_realloc(block, whole);
}

int
posix_memalign(void **ret, size_t alignment, size_t size)
{
	void *block = fails("posix_memalign") ? NULL : __libc_memalign(alignment, size);

	if (!block)
		return ENOMEM;
	*ret = block;
	return 0;
}

void *
aligned_alloc(size_t alignment, size_t size)
{
	return fails("aligned_alloc") ? NULL : __libc_memalign(alignment, size);
}
