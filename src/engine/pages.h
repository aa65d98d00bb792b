/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel is told of memory that is about to be used, or no longer. It need not listen: nothing fails. */
#pragma once

#include <stddef.h>

/* All of it will be written: its pages come by one call, where each would be a fault of its own. */
void ks_pages_populate(void *memory, size_t len);

/* The bytes are not needed any more. The memory is still there, and whoever has it may write to it. */
void ks_pages_forget(void *memory, size_t len);
