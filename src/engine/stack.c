/* SPDX-License-Identifier: Apache-2.0 */
/* Registers are wiped because a signal puts them on the stack, and because gcore has them. */
#include "stack.h"

#include <stdint.h>
#include <string.h>

#ifdef __x86_64__

/* Nothing here is compiled for AVX-512: no compiler needs to be told that its registers change. */
static void
wipe_registers(void)
{
	if (__builtin_cpu_supports("avx"))
		__asm__ volatile("vzeroall" ::
		                         : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6",
		                           "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12",
		                           "xmm13", "xmm14", "xmm15");
	if (__builtin_cpu_supports("avx512f"))
		__asm__ volatile(".irp n,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n\t"
		                 "vpxord %zmm\\n, %zmm\\n, %zmm\\n\n\t"
		                 ".endr");
}

#else

static void
wipe_registers(void)
{
}

#endif

__attribute__((noinline)) void
ks_stack_wipe(void)
{
	uint8_t below[STACK_WIPED];

	explicit_bzero(below, sizeof(below));
	wipe_registers();
}
