/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Macros of triggers. What they stand for is written down a second time here, from docs/definition.md, so
 * that a slip in the engine's text shows.
 */
#include <stdlib.h>
#include <string.h>

#include "oracle_private.h"

#define Q                                                                                    \
	"(?i:\\\\{0,3}[\"'`]|&(?:quot|apos|#34|#034|#39|#039|#x22|#x27);|%22|%27|\\\\u0022|" \
	"\\\\u0027|\\\\\\\\u0022|\\\\\\\\u0027)"
#define E1 "(?:\x1b|\\\\x1b|\\\\u001b|\\\\u[{]1b[}]|\\\\033|\\\\e)\\[[0-9;]{0,8}m"
#define E  "(?:" E1 E1 "|" E1 "|)"
#define B  "[ \\t]{0,12}"
#define B1 "[ \\t]{1,12}"
#define C  "[ \\t]{0,40}"
#define C1 "[ \\t]{1,40}"
#define N  "(?:\r\n|\n)[ \\t]{1,12}"

#define R "(?:\x1b\\[m|\x1b\\[0m|)"
#define T                                                        \
	"(?:some|ok|optional|slice|key|token|secret|string|str|" \
	"(?:api|access|auth|client|secret)(?:key|token|secret|string|str))"

#define SEPARATOR                                                                              \
	"(?i:s?(?:[ _]?[0-9]|[ _]?[0-9][0-9]|[ _-]provided|[ _-]is|[ _-]not valid|"            \
	"[ _-]not_valid|[_-]base|[_-]prod|[_-]production|[_-]dev|[_-]development|[_-]staging|" \
	"[_-]stage|[_-]test|[_-]live|[_-]value|[_-]base64)?" E "(?:" Q                         \
	"?(?::private|:protected|)[\\])]?" E "(?:" B ":" R C "|: ?[|>][+-]?" N "|" C1          \
	"[:=?+.]{0,3}=>?" R B1 "|[:=?+.]{0,3}=>?|=>" N "|>|->|>" N "|->" N "|[ \\t]->[ \\t]|"  \
	"%3[AD](?:%20|\\+)?|\\\\u003[ADE]|\\\\\\\\u003[ADE])" E                                \
	"(?:(?:some[(]|ok[(]|optional[(]|)" T "?[\\[(]{1,2}(?:\r?\n[ \\t]{1,20}|)|"            \
	"\\[]string[{]|[{]" Q "(?:s|string|value|stringvalue)" Q ":(?: |)|"                    \
	"string[(][0-9]{1,5}[)] |[(]string[)] [(]len=[0-9]{1,5}[)] |[(]string[)]|"             \
	"[(]\\[]string[)]\\[|0x[0-9a-f]{4,16}[ \\t]|)"                                         \
	"(?:[ \\t]?[bfru@$]?" Q Q "?)?|" Q E ",[ \\t]?" E "[bfru@$]?" Q "))"

static const char *const macros[][2] = {
	{ "{separator}", SEPARATOR },
	{ "{name}",
	  "(?:[a-z0-9_.-]{0,20}| | api | access | secret | auth )(?:key|token|secret|pat)" },
	{ "{quote}", Q },
};

/* Which macro text begins with, or -1. */
static int
find(const char *text)
{
	for (int i = 0; i < 3; i++)
		if (strncmp(text, macros[i][0], strlen(macros[i][0])) == 0)
			return i;
	return -1;
}

char *
oracle_macro_expand(const char *trigger)
{
	/* every macro is at least 6 bytes long and none stands for more than 4096 */
	char *out = calloc(strlen(trigger) / 6 + 2, 4096), *to = out;

	while (out && *trigger) {
		size_t n = oracle_set_span(trigger);
		int macro = find(trigger);

		if (macro >= 0) {
			to = stpcpy(to, macros[macro][1]);
			trigger += strlen(macros[macro][0]);
			continue;
		}
		if (n == 0)
			n = trigger[0] == '\\' && trigger[1] ? 2 : 1;
		to = mempcpy(to, trigger, n);
		trigger += n;
	}
	return out;
}
