/* SPDX-License-Identifier: Apache-2.0 */
/* The list is kept short by the test itself: a reason for a cell that is 100 % fails it. */
#include "reasons.h"

#include <stddef.h>
#include <string.h>

#define OPEN_URL "open gap: the trigger knows no escaped slashes, as in :\\/\\/"
#define OPEN_PEM "open gap: the trigger knows one backslash before the n of a line end, not two"

const struct reason reasons[] = {
	{ "url-password", CONTEXT_JSON, OPEN_URL },
	{ "url-user-token", CONTEXT_JSON, OPEN_URL },
	{ "pgp-private-key", CONTEXT_ESCAPED_JSON, OPEN_PEM },
	{ "putty-private-key", CONTEXT_ESCAPED_JSON, OPEN_PEM },
	{ NULL },
};

const struct reason *
reason_find(const char *id, enum context context)
{
	for (const struct reason *r = reasons; r->id; r++) {
		if (r->context == context && strcmp(r->id, id) == 0)
			return r;
	}
	return NULL;
}
