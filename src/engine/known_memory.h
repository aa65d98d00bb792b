/* SPDX-License-Identifier: Apache-2.0 */
/* Memory for secrets: never swapped out, if the system allows it; in no core file; wiped. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Zeroed. NULL when memory is out. *is_locked becomes false if it cannot be locked. */
void *ks_known_memory_new(size_t size, bool *is_locked);
/* NULL is fine. */
void ks_known_memory_free(void *memory, size_t size);
/* Make memory larger or smaller; what is new is zeroed. NULL when memory is out: then the old one is still there. */
void *ks_known_memory_resize(void *memory, size_t size, size_t wanted, bool *is_locked);
/*
 * Make room for one more element in list, which has count of *max. Returns the list, or NULL when memory is
 * out: then the old one is still there.
 */
void *ks_known_memory_grow(void *list, size_t count, size_t *max, size_t element, bool *is_locked);
