/* SPDX-License-Identifier: Apache-2.0 */
/* From the text of journalctl -o export to that of its other formats. */
#pragma once

#include "buffer.h"

enum journal_format { JOURNAL_EXPORT = 0, JOURNAL_JSON = 1, JOURNAL_SHORT = 2 };

/* Returns 0, or -1: there is none of that name. */
int ks_journal_format_parse(const char *name, enum journal_format *ret_format);

/*
 * Add to output what entry[0, len), the text of one whole entry, becomes.
 *
 * JOURNAL_JSON: as journalctl -o json --all, which does not leave out long values, in the order of the entry's
 * fields. JOURNAL_SHORT: as journalctl -o short --quiet, nothing for an entry without message.
 */
void ks_journal_format_entry(enum journal_format format, const uint8_t *entry, size_t len,
                             struct buffer *output);
