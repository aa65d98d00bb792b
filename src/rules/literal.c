/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fixed bytes of a trigger, without listing its matches: of each part of the expression only the
 * least lengths are kept, so that the result may be too small where they belong to different matches,
 * but never too large. What is not understood counts as one byte that is not fixed.
 */
#include "literal.h"

#include <ctype.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "byteset.h"

#define NONE        UINT_MAX /* there is no such match */
#define SET_MAX     8        /* bytes of a set that counts as a fixed byte: it is taken apart */
#define DEPTH_MAX   200      /* of groups */
#define REPEATS_MAX 256U

/* What the matches of a part of the expression have at least. */
struct literal {
	unsigned whole;               /* matches that are fixed from end to end: their length */
	unsigned head, tail, longest; /* others: what is fixed at the start, the end, anywhere */
};

static const struct literal nothing = { 0, NONE, NONE, NONE };
static const struct literal fixed_byte = { 1, NONE, NONE, NONE };
static const struct literal any_byte = { NONE, 0, 0, 0 };

static unsigned
least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static unsigned
most(unsigned a, unsigned b)
{
	return a > b ? a : b;
}

/* a or b */
static struct literal
either(struct literal a, struct literal b)
{
	return (struct literal){ least(a.whole, b.whole), least(a.head, b.head),
		                 least(a.tail, b.tail), least(a.longest, b.longest) };
}

/* a, then b */
static struct literal
both(struct literal a, struct literal b)
{
	struct literal r = { NONE, NONE, NONE, NONE };
	bool a_whole = a.whole != NONE, a_other = a.longest != NONE;
	bool b_whole = b.whole != NONE, b_other = b.longest != NONE;

	if (a_whole && b_whole)
		r.whole = a.whole + b.whole;
	if (a_whole && b_other)
		r = either(r, (struct literal){ NONE, a.whole + b.head, b.tail,
		                                most(b.longest, a.whole + b.head) });
	if (a_other && b_whole)
		r = either(r, (struct literal){ NONE, a.head, a.tail + b.whole,
		                                most(a.longest, a.tail + b.whole) });
	if (a_other && b_other)
		r = either(r,
		           (struct literal){ NONE, a.head, b.tail,
		                             most(most(a.longest, b.longest), a.tail + b.head) });
	return r;
}

/* Further optional repetitions cannot make less of it than one does. */
static struct literal
repeat(struct literal part, unsigned min, unsigned max)
{
	struct literal r = nothing;

	for (unsigned i = 0; i < min && i < REPEATS_MAX; i++)
		r = both(r, part);
	return max > min ? both(r, either(nothing, part)) : r;
}

/* ------------------------------------------------------------------- parsing ---- */

struct reader {
	const char *p;
	unsigned depth;
};

static struct literal read_alternatives(struct reader *r);

static struct literal
read_set(struct reader *r)
{
	const char *from = r->p + 1, *end = ks_byteset_end(r->p);
	struct byteset set = { { 0 } };
	unsigned count = 0;

	if (!end) {
		r->p += strlen(r->p);
		return any_byte;
	}
	r->p = end;
	if (ks_byteset_parse(from, (size_t)(end - from) - 1, &set))
		return any_byte;
	for (unsigned b = 0; b < 256; b++)
		count += byteset_has(&set, (uint8_t)b);
	return count <= SET_MAX ? fixed_byte : any_byte;
}

/* "\x41", "\d", "\." ... */
static struct literal
read_escape(struct reader *r)
{
	char kind = r->p[1];

	r->p += kind ? 2 : 1;
	if (kind == 'x' && *r->p == '{')
		r->p += strcspn(r->p, "}") + (strchr(r->p, '}') != NULL);
	else if (kind == 'x')
		r->p += least((unsigned)strspn(r->p, "0123456789abcdefABCDEF"), 2);
	else if (kind >= '0' && kind <= '7')
		r->p += least((unsigned)strspn(r->p, "01234567"), 2);
	else if (isalnum((unsigned char)kind) && !strchr("aefnrt", kind))
		return any_byte;
	return fixed_byte;
}

/* "(...)", "(?:...)", "(?i)" */
static struct literal
read_group(struct reader *r)
{
	struct literal part;
	bool is_plain = true;

	if (r->depth == DEPTH_MAX) {
		r->p += strlen(r->p);
		return any_byte;
	}
	r->p++;
	if (*r->p == '?') {
		r->p += 1 + strspn(r->p + 1, "imsxJU-");
		if (*r->p == ')') {
			r->p++;
			return nothing; /* flags: case is not looked at anyway */
		}
		is_plain = *r->p == ':';
		r->p += is_plain;
	}
	r->depth++;
	part = read_alternatives(r);
	r->depth--;
	r->p += *r->p == ')';
	return is_plain ? part : any_byte;
}

static struct literal
read_atom(struct reader *r)
{
	switch (*r->p) {
	case '(':
		return read_group(r);
	case '[':
		return read_set(r);
	case '\\':
		return read_escape(r);
	case '.':
		r->p++;
		return any_byte;
	default:
		r->p++;
		return fixed_byte;
	}
}

/* "{3}", "{3,}" or "{3,5}" at p; other braces are plain bytes. Returns what is behind, or NULL. */
static const char *
parse_braces(const char *p, unsigned *ret_min, unsigned *ret_max)
{
	char *end;

	if (*p != '{' || !isdigit((unsigned char)p[1]))
		return NULL;
	*ret_min = *ret_max = (unsigned)strtoul(p + 1, &end, 10);
	if (*end == ',') {
		*ret_max = NONE;
		if (isdigit((unsigned char)*++end))
			*ret_max = (unsigned)strtoul(end, &end, 10);
	}
	return *end == '}' ? end + 1 : NULL;
}

static struct literal
read_repeated(struct reader *r)
{
	struct literal part = read_atom(r);
	unsigned min = 1, max = 1;
	const char *end = parse_braces(r->p, &min, &max);

	if (end) {
		r->p = end;
	} else if (*r->p && strchr("?*+", *r->p)) {
		min = *r->p == '+';
		max = NONE;
		r->p++;
	} else {
		return part;
	}
	if (*r->p == '?' || *r->p == '+')
		r->p++; /* how greedy it is makes no difference */
	return repeat(part, min, max);
}

static struct literal
read_sequence(struct reader *r)
{
	struct literal sequence = nothing;

	while (*r->p && *r->p != '|' && *r->p != ')')
		sequence = both(sequence, read_repeated(r));
	return sequence;
}

static struct literal
read_alternatives(struct reader *r)
{
	struct literal any = read_sequence(r);

	while (*r->p == '|') {
		r->p++;
		any = either(any, read_sequence(r));
	}
	return any;
}

unsigned
ks_literal_length(const char *trigger)
{
	struct reader r = { .p = trigger };
	struct literal all = read_alternatives(&r);

	return *r.p ? 0 : least(all.whole, all.longest);
}
