/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers of bytes, as people write them. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define SIZE_UNLIMITED UINT64_MAX

/* Read a number of bytes, 1 or more, with K, M, G or T (1024 and so on) behind it or not; or "none". False: it is neither. */
bool ks_size_read(const char *text, uint64_t *ret_size);
