/* SPDX-License-Identifier: Apache-2.0 */
/* Known values as shells, SQL and Python quote them: docs/definition.md, "Known values". */
#pragma once

#include "known_form.h"

/* Does a shell take it for more than itself, wherever it stands unquoted? */
bool ks_known_shell_is_special(uint8_t b);
/* Only for what is before it, or as the first byte? */
bool ks_known_shell_is_special_there(const uint8_t *bytes, size_t at);

/* What becomes of byte at of a text. There is room for 8 bytes. Returns how many it is. */
size_t ks_known_shell_put(uint8_t *to, const uint8_t *bytes, size_t len, size_t at,
                          enum shell_style style);

/* Is it escaped in SHELL_REPR and those behind? A character above U+007F. */
bool ks_known_shell_escapes(uint32_t value, enum shell_style style);
/* So, in 10 bytes at most. */
size_t ks_known_shell_put_wide(uint8_t *to, uint32_t value);
