/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Templates keep real-looking keys out of files. What is drawn depends on the rule and the template
 * only, so that a failing example fails again.
 */
#include "example.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "memory_text.h"

#define DIGITS    "0123456789"
#define UPPERS    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define LOWERS    "abcdefghijklmnopqrstuvwxyz"
#define DRAWN_MAX 100000U /* bytes of one placeholder */

static const struct {
	const char *name, *alphabet; /* alphabet NULL: of the rule */
} placeholders[] = {
	{ "body", NULL },
	{ "before", NULL },
	{ "alnum", DIGITS UPPERS LOWERS },
	{ "hex", DIGITS "abcdef" },
	{ "digit", DIGITS },
	{ "lower", LOWERS },
	{ "upper", UPPERS },
	{ "base64", DIGITS UPPERS LOWERS "+/" },
	{ "base64url", DIGITS UPPERS LOWERS "-_" },
};

struct writer {
	struct memory_text text;
	FILE *out;
	uint64_t random; /* splitmix64 state */
};

static size_t
position(const struct writer *w)
{
	return ks_memory_text_length(&w->text, w->out);
}

static uint64_t
next_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static uint64_t
seed_of(const char *id, const char *template)
{
	uint64_t seed = UINT64_C(0xcbf29ce484222325); /* FNV-1a */

	for (const char *p = id; *p; p++)
		seed = (seed ^ (uint8_t)*p) * UINT64_C(0x100000001b3);
	for (const char *p = template; *p; p++)
		seed = (seed ^ (uint8_t)*p) * UINT64_C(0x100000001b3);
	return seed;
}

/* A byte of alphabet that is also in among, or of alphabet if there is none. */
static char
draw(struct writer *w, const char *alphabet, const char *among)
{
	char both[128];
	size_t n = 0;

	for (const char *p = alphabet; *p && n < sizeof(both) - 1; p++) {
		if (strchr(among, *p))
			both[n++] = *p;
	}
	if (n)
		return both[next_random(&w->random) % n];
	return alphabet[next_random(&w->random) % strlen(alphabet)];
}

static void
write_drawn(struct writer *w, const char *alphabet, size_t count)
{
	/* One of each kind in front, for rules that require them. */
	static const char *const kinds[] = { DIGITS, UPPERS, LOWERS };

	for (size_t i = 0; i < count; i++)
		(void)fputc(draw(w, alphabet, count >= 3 && i < 3 ? kinds[i] : alphabet), w->out);
}

static void
write_uuid(struct writer *w)
{
	static const size_t groups[] = { 8, 4, 4, 4, 12 };

	for (size_t i = 0; i < 5; i++) {
		if (i > 0)
			(void)fputc('-', w->out);
		for (size_t n = 0; n < groups[i]; n++)
			(void)fputc(draw(w, DIGITS "abcdef", DIGITS "abcdef"), w->out);
	}
}

/* The printable bytes of the rule's body, or of its 'before'. */
static const char *
rule_alphabet(const struct ks_rule *rule, const char *name, char *buf)
{
	static const char drawable[] = DIGITS UPPERS LOWERS "-._~+/=";
	bool is_body = strcmp(name, "body") == 0;
	size_t n = 0;

	for (const char *p = drawable; *p; p++) {
		if (is_body ? ks_rule_body_has(rule, (uint8_t)*p)
		            : ks_rule_before_has(rule, (uint8_t)*p))
			buf[n++] = *p;
	}
	buf[n] = '\0';
	return buf;
}

/*
 * Write the placeholder at p, "{name:N}" or "{uuid}". Returns the byte behind it, p itself if it is
 * no placeholder, or NULL if it cannot be drawn.
 */
static const char *
write_placeholder(struct writer *w, const struct ks_rule *rule, const char *p)
{
	char name[16], alphabet[128];
	unsigned count;
	int used = 0;

	if (strncmp(p, "{uuid}", 6) == 0) {
		write_uuid(w);
		return p + 6;
	}
	if (sscanf(p, "{%15[a-z0-9]:%6u}%n", name, &count, &used) != 2 || used == 0)
		return p;
	for (size_t i = 0; i < sizeof(placeholders) / sizeof(placeholders[0]); i++) {
		const char *from = placeholders[i].alphabet;

		if (strcmp(name, placeholders[i].name) != 0)
			continue;
		if (!from)
			from = rule_alphabet(rule, name, alphabet);
		if (!*from || count < 1 || count > DRAWN_MAX)
			return NULL;
		write_drawn(w, from, count);
		return p + used;
	}
	return p;
}

static int
write_template(struct writer *w, const struct ks_rule *rule, const char *p, struct example *e,
               struct ks_error *reterr)
{
	while (*p) {
		size_t from = position(w);
		const char *end = *p == '{' ? write_placeholder(w, rule, p) : p;

		if (!end)
			return ks_error_rule(reterr, rule->id, "examples",
			                     "a placeholder that cannot be drawn");
		if (end == p) {
			(void)fputc(*p++, w->out);
			continue;
		}
		if (e->secret_count == EXAMPLE_SECRET_MAX)
			return ks_error_rule(reterr, rule->id, "examples",
			                     "more than 8 placeholders in one text");
		e->secrets[e->secret_count].from = from;
		e->secrets[e->secret_count++].to = position(w);
		p = end;
	}
	return KS_OK;
}

int
ks_example_expand(const struct ks_rule *rule, const char *template, struct example *ret_example,
                  struct ks_error *reterr)
{
	struct example e = { .len = 0 };
	struct writer w = { .random = seed_of(rule->id, template) };
	int r;

	w.out = ks_memory_text_open(&w.text);
	if (!w.out)
		return KS_ERROR_MEMORY;
	r = write_template(&w, rule, template, &e, reterr);
	if (ks_memory_text_close(&w.text, w.out) != KS_OK)
		r = KS_ERROR_MEMORY;
	e.text = (uint8_t *)w.text.text;
	e.len = w.text.len;
	if (r == KS_OK)
		*ret_example = e;
	else
		ks_example_done(&e);
	return r;
}

void
ks_example_done(struct example *e)
{
	free(e->text);
	*e = (struct example){ 0 };
}
