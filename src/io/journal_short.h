/* SPDX-License-Identifier: Apache-2.0 */
/* An entry of the journal as a line for people. */
#pragma once

#include "buffer.h"

/* See ks_journal_format_entry(). */
void ks_journal_short(const uint8_t *entry, size_t len, struct buffer *output);
