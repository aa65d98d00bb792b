/* SPDX-License-Identifier: Apache-2.0 */
/* The times that container runtimes write: 2026-11-22T10:00:01.123456789Z, or with +01:00 in place of the Z. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum stamp { STAMP_NONE, STAMP_OPEN, STAMP_WHOLE };

/* Does text begin with such a time? Open: it may, if more comes. Of a whole one *ret_len is the length. */
enum stamp ks_stamp_parse(const uint8_t *text, size_t len, size_t *ret_len);
