/* SPDX-License-Identifier: Apache-2.0 */
/* Memory for bytes that may hold secrets: it is in no core file, and wiped before it is given back. */
#pragma once

#include <stddef.h>

/* Zeros. Returns NULL when memory is out. */
void *ks_secret_memory_new(size_t size);
/* size: the same again. NULL is fine. */
void ks_secret_memory_free(void *memory, size_t size);

/* zalloc and zfree of a z_stream: zlib keeps the last 32 KiB of text. */
void *ks_secret_memory_zalloc(void *opaque, unsigned count, unsigned size);
void ks_secret_memory_zfree(void *opaque, void *memory);
