/* SPDX-License-Identifier: Apache-2.0 */
/* What journalctl takes for text. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Is text[0, len) valid UTF-8 of characters that are assigned to be characters, without control characters
 * other than tabulators and, if they are allowed, line feeds?
 */
bool ks_text_is_printable(const uint8_t *text, size_t len, bool allow_newline);
