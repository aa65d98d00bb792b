/* SPDX-License-Identifier: Apache-2.0 */
/* See plain_name.h. */
#include "plain_name.h"

#include <string.h>

#define NAME_MAX_LENGTH 64U
#define WORD_LETTERS    15U
#define WORD_DIGITS     2U

bool
ks_plain_name(const char *text, const char *letters, const char *separators)
{
	if (strlen(text) > NAME_MAX_LENGTH)
		return false;
	for (;;) {
		size_t count = strspn(text, letters), digits = strspn(text + count, "0123456789");

		if (count > WORD_LETTERS || digits > WORD_DIGITS || (digits > 0 && count == 0))
			return false;
		text += count + digits;
		if (!*text)
			return true;
		if (!strchr(separators, *text++))
			return false;
	}
}
