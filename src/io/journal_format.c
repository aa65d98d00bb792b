/* SPDX-License-Identifier: Apache-2.0 */
/* Which format for which entry. The formats are in journal_json.c and journal_short.c. */
#include "journal_format.h"

#include <string.h>

#include "journal_json.h"
#include "journal_short.h"

int
ks_journal_format_parse(const char *name, enum journal_format *ret_format)
{
	static const char *const names[] = {
		[JOURNAL_EXPORT] = "export", [JOURNAL_JSON] = "json", [JOURNAL_SHORT] = "short"
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(name, names[i]) == 0) {
			*ret_format = (enum journal_format)i;
			return 0;
		}
	}
	return -1;
}

void
ks_journal_format_entry(enum journal_format format, const uint8_t *entry, size_t len,
                        struct buffer *output)
{
	switch (format) {
	case JOURNAL_EXPORT:
		ks_buffer_add(output, entry, len);
		break;
	case JOURNAL_JSON:
		ks_journal_json(entry, len, output);
		break;
	case JOURNAL_SHORT:
		ks_journal_short(entry, len, output);
		break;
	}
}
