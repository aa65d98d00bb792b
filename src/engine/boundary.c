/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A boundary is checked in one of two ways that mean the same. Where a trigger's width is fixed its
 * start is known, and what stands before it is looked at here: so Hyperscan is given plain literals,
 * which it finds at twice the speed (docs/performance.md). Elsewhere it is a part of the expression: the
 * escapes that it lets through are a regular language of bounded width.
 */
#include "boundary.h"

#include <string.h>

/* A sequence that may stand before a trigger although its last byte is a letter or a digit. */
#define ESCAPE                                                   \
	"\\\\[0abefnrtv]"                   /* \n */             \
	"|(?:\\\\x|%(?:25)?)[0-9A-Fa-f]{2}" /* \x3d %3D %253D */ \
	"|\\\\u[0-9A-Fa-f]{4}"              /* \u003d */         \
	"|[\\\\#][0-7]{3}"                  /* \033 #012 */      \
	"|\\[[0-9;:?]{0,16}[A-Zhlm]"        /* ESC[1;31m */

#define HEX        "0123456789ABCDEFabcdef"
#define OCTAL      "01234567"
#define PARAMETERS "0123456789;:?"

const char *
ks_boundary_expression(enum ks_boundary boundary)
{
	switch (boundary) {
	case KS_BOUNDARY_NONE:
		return "";
	case KS_BOUNDARY_ALNUM:
		return "(?:^|[^A-Za-z0-9]|" ESCAPE ")";
	case KS_BOUNDARY_WORD:
		return "(?:^|[^A-Za-z0-9_]|" ESCAPE ")";
	case KS_BOUNDARY_TOKEN:
		return "(?:^|[^A-Za-z0-9_-]|" ESCAPE ")";
	}
	return NULL;
}

static bool
is_in(const char *set, uint8_t b)
{
	return b && strchr(set, b);
}

static bool
is_alnum(uint8_t b)
{
	return (b >= '0' && b <= '9') || (b >= 'A' && b <= 'Z') || (b >= 'a' && b <= 'z');
}

static bool
is_refused(enum ks_boundary boundary, uint8_t b)
{
	return is_alnum(b) || (b == '_' && boundary >= KS_BOUNDARY_WORD) ||
	       (b == '-' && boundary == KS_BOUNDARY_TOKEN);
}

/* Do the last bytes before end consist of introduction and then count bytes of set? */
static bool
ends_with(const uint8_t *end, size_t n, const char *introduction, const char *set, size_t count)
{
	size_t len = strlen(introduction);

	if (n < len + count || memcmp(end - count - len, introduction, len) != 0)
		return false;
	for (size_t i = 1; i <= count; i++) {
		if (!is_in(set, end[-(ptrdiff_t)i]))
			return false;
	}
	return true;
}

/* "[", up to 16 parameters, a letter: the end of a control sequence, whatever became of the ESC */
static bool
ends_control_sequence(const uint8_t *end, size_t n)
{
	if (!is_in("ABCDEFGHIJKLMNOPQRSTUVWXYZhlm", end[-1]))
		return false;
	for (size_t i = 2; i <= n && i <= BOUNDARY_WIDTH_MAX; i++) {
		uint8_t b = end[-(ptrdiff_t)i];

		if (b == '[')
			return true;
		if (!is_in(PARAMETERS, b))
			return false;
	}
	return false;
}

#define ESCAPE_WIDTH_MAX 6U /* of all but control sequences */

static bool
ends_escape(const uint8_t *end, size_t n)
{
	return ends_with(end, n, "\\", "0abefnrtv", 1) || ends_with(end, n, "\\x", HEX, 2) ||
	       ends_with(end, n, "%", HEX, 2) || ends_with(end, n, "%25", HEX, 2) ||
	       ends_with(end, n, "\\u", HEX, 4) || ends_with(end, n, "\\", OCTAL, 3) ||
	       ends_with(end, n, "#", OCTAL, 3) || ends_control_sequence(end, n);
}

bool
ks_boundary_allows(enum ks_boundary boundary, const uint8_t *before, size_t n)
{
	if (boundary == KS_BOUNDARY_NONE || n == 0)
		return true;
	return !is_refused(boundary, before[n - 1]) || ends_escape(before + n, n);
}

size_t
ks_boundary_depth(enum ks_boundary boundary, const uint8_t *before, size_t n)
{
	size_t depth = 2;

	if (boundary == KS_BOUNDARY_NONE || n == 0)
		return 0;
	if (!is_refused(boundary, before[n - 1]))
		return 1;
	while (depth < BOUNDARY_WIDTH_MAX && depth <= n && is_in(PARAMETERS, before[n - depth]))
		depth++;
	return depth < ESCAPE_WIDTH_MAX ? ESCAPE_WIDTH_MAX : depth;
}
