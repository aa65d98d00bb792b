/* SPDX-License-Identifier: Apache-2.0 */
/* The list is kept short by the test itself: a reason for a cell that is 100 % fails it. */
#include "reasons.h"

#include <stddef.h>
#include <string.h>

#define NOTATION \
	"the rule is for a value in one notation, which is quoted or escaped once more here"

const struct reason reasons[] = {
	{ "pem-private-key-pieces", CONTEXT_JSON, NOTATION },
	{ "pem-private-key-pieces", CONTEXT_ESCAPED_JSON, NOTATION },
	{ "pem-private-key-pieces", CONTEXT_ENV, NOTATION },
	{ "pem-private-key-pieces", CONTEXT_ANSI, NOTATION },
	{ "pem-private-key-pieces", CONTEXT_SPLIT, NOTATION },
	{ "url-password-escaped", CONTEXT_JSON, NOTATION },
	{ "url-password-escaped", CONTEXT_ESCAPED_JSON, NOTATION },
	{ "url-password-escaped", CONTEXT_ENV, NOTATION },
	{ "url-password-escaped", CONTEXT_ANSI, NOTATION },
	{ "url-password-escaped", CONTEXT_PYTHON, NOTATION },
	{ "url-password-escaped", CONTEXT_SPLIT, NOTATION },
	{ "changed-value", CONTEXT_JSON, NOTATION },
	{ "changed-value", CONTEXT_ESCAPED_JSON, NOTATION },
	{ "changed-value", CONTEXT_ENV, NOTATION },
	{ "changed-value", CONTEXT_ANSI, NOTATION },
	{ "changed-value", CONTEXT_SPLIT, NOTATION },
	{ "auth-tuple", CONTEXT_PYTHON, NOTATION },
	{ "option-halves", CONTEXT_PYTHON, NOTATION },
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
