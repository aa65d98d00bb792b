/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The notation of byte sets: the inside of a bracket expression. What Hyperscan and PCRE read
 * differently (POSIX classes, escapes beyond those listed in docs/rules.md) is refused, so that a
 * set means the same to everybody.
 */
#include "byteset.h"

#include <string.h>

struct cursor {
	const char *at, *end;
};

/* One element of a set: a single byte, or with \s several. */
struct element {
	struct byteset many;
	bool is_many;
	uint8_t byte;
};

bool
ks_byteset_equal(const struct byteset *a, const struct byteset *b)
{
	return memcmp(a->words, b->words, sizeof(a->words)) == 0;
}

bool
ks_byteset_within(const struct byteset *part, const struct byteset *whole)
{
	for (int i = 0; i < 4; i++) {
		if (part->words[i] & ~whole->words[i])
			return false;
	}
	return true;
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static const char *
parse_hex(struct cursor *c, struct element *ret)
{
	if (c->end - c->at < 2 || hex_value(c->at[0]) < 0 || hex_value(c->at[1]) < 0)
		return "\\x needs two hexadecimal digits";
	ret->byte = (uint8_t)(hex_value(c->at[0]) << 4 | hex_value(c->at[1]));
	c->at += 2;
	return NULL;
}

static const char *
parse_escape(struct cursor *c, struct element *ret)
{
	if (c->at == c->end)
		return "a backslash at the end of a set";
	char letter = *c->at++;
	switch (letter) {
	case 'n':
		ret->byte = '\n';
		return NULL;
	case 'r':
		ret->byte = '\r';
		return NULL;
	case 't':
		ret->byte = '\t';
		return NULL;
	case 'x':
		return parse_hex(c, ret);
	case 's':
		ret->is_many = true;
		for (const char *p = " \t\n\v\f\r"; *p; p++)
			byteset_add(&ret->many, (uint8_t)*p);
		return NULL;
	case '\\':
	case '-':
	case '^':
	case '[':
	case ']':
		ret->byte = (uint8_t)letter;
		return NULL;
	default:
		return "an escape in a set that is none of \\n \\r \\t \\s \\xHH \\\\ \\- \\^ \\[ "
		       "\\]";
	}
}

static const char *
parse_element(struct cursor *c, struct element *ret)
{
	*ret = (struct element){ 0 };
	char first = *c->at++;
	if (first == '\\')
		return parse_escape(c, ret);
	if (first == ']')
		return "']' in a set must be written \\]";
	if (first == '[' && c->at < c->end && (*c->at == ':' || *c->at == '.' || *c->at == '='))
		return "named classes such as [:alpha:] are not part of the notation";
	ret->byte = (uint8_t)first;
	return NULL;
}

static bool
range_follows(const struct cursor *c)
{
	return c->end - c->at >= 2 && *c->at == '-';
}

static const char *
parse_item(struct cursor *c, struct byteset *set)
{
	struct element from, to;
	const char *wrong = parse_element(c, &from);
	if (wrong)
		return wrong;
	if (from.is_many) {
		for (int i = 0; i < 4; i++)
			set->words[i] |= from.many.words[i];
		return range_follows(c) ? "a range cannot begin with \\s" : NULL;
	}
	to = from;
	if (range_follows(c)) {
		c->at++;
		wrong = parse_element(c, &to);
		if (wrong)
			return wrong;
		if (to.is_many || to.byte < from.byte)
			return "a range in a set must end with a byte not below its first";
	}
	for (unsigned b = from.byte; b <= to.byte; b++)
		byteset_add(set, (uint8_t)b);
	return NULL;
}

const char *
ks_byteset_parse(const char *text, size_t len, struct byteset *ret_set)
{
	static const struct byteset empty;
	struct byteset set = { { 0 } };
	struct cursor c = { .at = text, .end = text + len };
	bool negated = len > 0 && *text == '^';

	c.at += negated;
	while (c.at < c.end) {
		const char *wrong = parse_item(&c, &set);
		if (wrong)
			return wrong;
	}
	for (int i = 0; negated && i < 4; i++)
		set.words[i] = ~set.words[i];
	if (ks_byteset_equal(&set, &empty))
		return "a set without bytes";
	*ret_set = set;
	return NULL;
}

const char *
ks_byteset_end(const char *p)
{
	for (p++; *p; p++) {
		if (*p == '\\' && p[1])
			p++;
		else if (*p == ']')
			return p + 1;
	}
	return NULL;
}

const char *
ks_element_end(const char *p)
{
	const char *end = *p == '[' ? ks_byteset_end(p) : NULL;

	return end ? end : p + (*p == '\\' && p[1] ? 2 : 1);
}
