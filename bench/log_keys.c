/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kinds are one table: a prefix that may stay readable, and the shape of what follows. A shape
 * is literal text with %<count><class> for random bytes; no literal in it is long enough to be
 * taken for a key.
 */
#include "log_keys.h"

enum key_trait {
	OPAQUE = 1, /* has nothing that tells it from any other id: needs a carrier */
	BASE64 = 2, /* + and /: not for URLs */
	HEADED = 4  /* the first random part and the ".eyJ" after it may stay readable */
};

struct key_kind {
	const char *name;
	const char *prefix; /* may stay readable */
	const char *shape;  /* must be masked */
	unsigned traits;
};

static const struct key_kind kinds[] = {
	{ "openai-project", "sk-proj-", "%74wT3BlbkFJ%74w", 0 },
	{ "openai-service", "sk-svcacct-", "%58wT3BlbkFJ%58w", 0 },
	{ "openai-legacy", "sk-", "%20aT3BlbkFJ%20a", 0 },
	{ "anthropic-api", "sk-ant-api03-", "%93wAA", 0 },
	{ "anthropic-oauth", "sk-ant-oat01-", "%93wAA", 0 },
	{ "google-api", "AIzaSy", "%33w", 0 },
	{ "groq", "gsk_", "%20aWGdyb3FY%24a", 0 },
	{ "huggingface", "hf_", "%34a", 0 },
	{ "xai", "xai-", "%80a", 0 },
	{ "perplexity", "pplx-", "%48a", 0 },
	{ "openrouter", "sk-or-v1-", "%64x", 0 },
	{ "nvidia", "nvapi-", "%64w", 0 },
	{ "replicate", "r8_", "%37a", 0 },
	{ "cerebras", "csk-", "%48l", 0 },
	{ "together", "tgp_v1_", "%43w", 0 },
	{ "pinecone", "pcsk_", "%5a_%63a", 0 },
	{ "langsmith", "lsv2_pt_", "%32x_%10x", 0 },
	{ "deepseek", "sk-", "%32x", 0 },
	{ "elevenlabs", "sk_", "%48x", 0 },
	{ "azure-openai", "", "%52aJQQJ99BD%12aAAABACOG%4a", 0 },
	{ "bedrock", "ABSKQmVkcm9ja0FQSUtleS", "%104b", BASE64 },
	{ "aws-access-key", "AKIA", "%16u", 0 },
	{ "github", "ghp_", "%36a", 0 },
	{ "github-fine", "github_pat_", "%22a_%59a", 0 },
	{ "gitlab", "glpat-", "%20w", 0 },
	{ "npm", "npm_", "%36a", 0 },
	{ "slack", "xoxb-", "%12d-%13d-%24a", 0 },
	{ "stripe", "sk_live_", "%24a", 0 },
	{ "vault", "hvs.", "%95w", 0 },
	{ "jwt", "eyJ", "%33w.eyJ%80w.%43w", HEADED },
	{ "mistral", "", "%32a", OPAQUE },
	{ "cohere", "", "%40a", OPAQUE },
	{ "azure-legacy", "", "%32x", OPAQUE },
	{ "exa", "", "%8x-%4x-%4x-%4x-%12x", OPAQUE },
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static const char alphabet_w[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
static const char alphabet_b[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/";

/* The bytes of a class: w base64url, b base64, a letters and digits, x, d, l lower, u base32. */
static const char *
class_bytes(char class, uint32_t *ret_count)
{
	switch (class) {
	case 'a':
		*ret_count = 62;
		return alphabet_w;
	case 'b':
		*ret_count = 64;
		return alphabet_b;
	case 'd':
		*ret_count = 10;
		return "0123456789";
	case 'l':
		*ret_count = 36;
		return "abcdefghijklmnopqrstuvwxyz0123456789";
	case 'u':
		*ret_count = 32;
		return "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	case 'x':
		*ret_count = 16;
		return "0123456789abcdef";
	default:
		*ret_count = 64;
		return alphabet_w;
	}
}

static void
bytes_write(struct pen *pen, size_t count, char class)
{
	uint32_t n;
	const char *bytes = class_bytes(class, &n);
	uint64_t bits = 0;

	for (size_t i = 0; i < count; i++) {
		if (i % 8 == 0)
			bits = rng_next(&pen->rng);
		pen_char(pen, bytes[((bits & 255) * n) >> 8]);
		bits >>= 8;
	}
}

/*
 * Rules may ask for a digit and both cases, and hardly a real key lacks one; the first part of each
 * kind gets them for certain, so that a missed key is never bad luck.
 */
static void
bytes_vary(struct pen *pen, char *at, size_t count, char class)
{
	if (count < 5 || class == 'd')
		return;
	at[1] = (char)('2' + (char)rng_below(&pen->rng, 6));
	if (class == 'u')
		return;
	at[2] = (char)('a' + (char)rng_below(&pen->rng, 6));
	if (class == 'a' || class == 'w' || class == 'b')
		at[3] = (char)('A' + (char)rng_below(&pen->rng, 26));
}

static void
shape_write(struct pen *pen, const char *shape)
{
	char *first = pen->p;

	while (*shape != '\0') {
		size_t count = 0;
		char *at = pen->p;

		if (*shape != '%') {
			pen_char(pen, *shape++);
			continue;
		}
		for (shape++; *shape >= '0' && *shape <= '9'; shape++)
			count = count * 10 + (size_t)(*shape - '0');
		bytes_write(pen, count, *shape);
		if (at == first)
			bytes_vary(pen, at, count, *shape);
		shape++;
	}
}

static const struct key_kind *
kind_draw(struct pen *pen, enum key_place place)
{
	unsigned refused = 0;
	const struct key_kind *kind;

	if (place == KEY_BARE)
		refused = OPAQUE;
	else if (place == KEY_QUERY)
		refused = BASE64;
	do
		kind = &kinds[rng_below(&pen->rng, KINDS)];
	while (kind->traits & refused);
	return kind;
}

void
key_write(struct pen *pen, enum key_place place)
{
	const struct key_kind *kind = kind_draw(pen, place);
	const char *from;

	pen_text(pen, kind->prefix);
	from = pen->p;
	shape_write(pen, kind->shape);
	if (kind->traits & HEADED)
		from += sizeof(".eyJ") - 1 + 33;
	pen->key.from = from;
	pen->key.length = (size_t)(pen->p - from);
	pen->key.kind = kind->name;
}
