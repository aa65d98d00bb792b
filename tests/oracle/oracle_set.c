/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sets of bytes in the notation of docs/rules.md. PCRE2 is asked, byte by byte, what is in a
 * bracket expression; only what PCRE2 would allow beyond that notation is refused here.
 */
#include "oracle.h"

#include <stdio.h>
#include <string.h>

#include "oracle_private.h"

static bool
is_hex(char c)
{
	return c != '\0' && strchr("0123456789ABCDEFabcdef", c) != NULL;
}

/* The length of the escape that text[0, len) begins with; 0: it is none of those allowed. */
static size_t
escape_length(const char *text, size_t len)
{
	if (len < 2)
		return 0;
	if (text[1] == 'x')
		return len >= 4 && is_hex(text[2]) && is_hex(text[3]) ? 4 : 0;
	return strchr("nrt\\-^[]s", text[1]) ? 2 : 0;
}

/* Whether text[0, len) has no escape but the documented ones, and no bare ']'. */
static bool
is_notation(const char *text, size_t len)
{
	size_t i = 0, step;

	while (i < len) {
		step = text[i] == '\\' ? escape_length(text + i, len - i) : 1;
		if (step == 0 || text[i] == ']')
			return false;
		i += step;
	}
	return true;
}

/* Ask for each of the 256 bytes. Returns how many are in the set, or a negative error. */
static int
ask_all_bytes(const pcre2_code *code, struct oracle_set *set)
{
	pcre2_match_data *data = pcre2_match_data_create_from_pattern(code, NULL);
	int count = 0;

	if (!data)
		return ORACLE_ERROR;
	for (unsigned b = 0; b < 256; b++) {
		uint8_t byte = (uint8_t)b;
		int rc = pcre2_match(code, &byte, 1, 0, 0, data, NULL);

		if (rc < 0 && rc != PCRE2_ERROR_NOMATCH) {
			count = ORACLE_ERROR;
			break;
		}
		set->has[b] = rc > 0;
		count += rc > 0;
	}
	pcre2_match_data_free(data);
	return count;
}

int
oracle_set_init(struct oracle_set *ret_set, const char *text, size_t len)
{
	struct oracle_set set;
	char pattern[512];
	int rc, count, length;
	size_t where;
	pcre2_code *code;

	if (len == 0 || len > sizeof(pattern) - 3 || !is_notation(text, len))
		return ORACLE_ERROR;
	length = snprintf(pattern, sizeof(pattern), "[%.*s]", (int)len, text);
	code = pcre2_compile((PCRE2_SPTR)pattern, (PCRE2_SIZE)length,
	                     PCRE2_DOTALL | PCRE2_ANCHORED | PCRE2_ENDANCHORED, &rc, &where, NULL);
	if (!code)
		return ORACLE_ERROR;
	count = ask_all_bytes(code, &set);
	pcre2_code_free(code);
	if (count <= 0)
		return ORACLE_ERROR;
	*ret_set = set;
	return 0;
}

size_t
oracle_set_span(const char *text)
{
	size_t i = 1;

	if (text[0] != '[')
		return 0;
	while (text[i] != '\0' && text[i] != ']') {
		if (text[i] == '\\' && text[i + 1] != '\0')
			i++;
		i++;
	}
	return text[i] == ']' ? i + 1 : 0;
}
