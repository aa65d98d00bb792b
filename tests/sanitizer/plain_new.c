/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The objects of libraries written in C++, which is Hyperscan's compiler, without AddressSanitizer: it sees nothing of
 * what is done with them there, and takes three quarters of the time in which rules are compiled to hand out their memory.
 * What Hyperscan takes by malloc(), as all that it gives us, is looked at. The other operators call these two.
 */
#include <stddef.h>
#include <stdlib.h>

void *__libc_malloc(size_t size);
void __libc_free(void *memory);

void *operator_new(size_t size) __asm__("_Znwm");
void operator_delete(void *memory) __asm__("_ZdlPv");

/* C cannot throw: without memory it ends, as with the sanitizer. */
void *
operator_new(size_t size)
{
	void *memory = __libc_malloc(size ? size : 1);

	if (!memory)
		abort();
	return memory;
}

void
operator_delete(void *memory)
{
	__libc_free(memory);
}
