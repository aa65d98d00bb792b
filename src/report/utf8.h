/* SPDX-License-Identifier: Apache-2.0 */
/* Is text UTF-8? */
#pragma once

#include <stddef.h>

/* The length of the valid character that text begins with, 1 of ASCII; 0: there is none. */
size_t ks_utf8_length(const char *text);
