/* SPDX-License-Identifier: Apache-2.0 */
/* See secret_memory.h. Every block is a mapping of its own: there are few, and they are large. */
#include "secret_memory.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#define PIECE     4096U /* a page, most likely */
#define SIZE_ROOM 64U   /* zlib does not say how large what it frees is: that stands before it */

void *
ks_secret_memory_new(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return NULL;
	(void)madvise(memory, size, MADV_DONTDUMP);
	return memory;
}

static bool
is_zero(const uint8_t *p, size_t len)
{
	return !p[0] && memcmp(p, p + 1, len - 1) == 0;
}

/* Most of a block may never have been used. To write there would be to get a page for it. */
static void
wipe(uint8_t *memory, size_t size)
{
	for (size_t at = 0, n; at < size; at += n) {
		n = size - at < PIECE ? size - at : PIECE;
		if (!is_zero(memory + at, n))
			explicit_bzero(memory + at, n);
	}
}

void
ks_secret_memory_free(void *memory, size_t size)
{
	if (!memory)
		return;
	wipe(memory, size);
	(void)munmap(memory, size);
}

void *
ks_secret_memory_zalloc(void *opaque, unsigned count, unsigned size)
{
	size_t whole;
	uint8_t *memory;

	(void)opaque;
	if (__builtin_mul_overflow((size_t)count, size, &whole) || whole > SIZE_MAX - SIZE_ROOM)
		return NULL;
	whole += SIZE_ROOM;
	memory = ks_secret_memory_new(whole);
	if (!memory)
		return NULL;
	memcpy(memory, &whole, sizeof(whole));
	return memory + SIZE_ROOM;
}

void
ks_secret_memory_zfree(void *opaque, void *memory)
{
	uint8_t *begin = (uint8_t *)memory - SIZE_ROOM;
	size_t whole;

	(void)opaque;
	memcpy(&whole, begin, sizeof(whole));
	ks_secret_memory_free(begin, whole);
}
