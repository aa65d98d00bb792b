/* SPDX-License-Identifier: Apache-2.0 */
/* Memory as the kernel sees it: in pages, which are there once they are used. */
#pragma once

#include <stddef.h>

/*
 * Room for count elements of so many bytes each, of which only as much becomes memory as is written to: that
 * does not hold for malloc(), which may be told to fill what it gives (MALLOC_PERTURB_, sanitizers). Zeroed.
 * NULL when memory is out.
 */
void *ks_pages_reserve(size_t count, size_t size);
/* With the same numbers. NULL is fine. */
void ks_pages_release(void *memory, size_t count, size_t size);

/* What follows is advice: the kernel need not listen, and nothing fails. */

/* All of it will be written: its pages come by one call, where each would be a fault of its own. */
void ks_pages_populate(void *memory, size_t len);

/* The bytes are not needed any more. The memory is still there, and whoever has it may write to it. */
void ks_pages_forget(void *memory, size_t len);
