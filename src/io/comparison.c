/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The originals are kept until their masked bytes come out of the redactor: as many bytes as it holds, and one
 * call's. Reading them once more from the file would not do: they may have changed there.
 */
#include "comparison.h"

#include <stdlib.h>
#include <string.h>

#include "secret_memory.h"

#define FIRST_SIZE (512U << 10)

struct comparison {
	struct ks_redactor *redactor;
	ks_comparison_fn fn;
	void *ctx;
	ks_finding_fn on_finding; /* the user's */
	void *finding_ctx;
	uint64_t findings, masked;
	uint8_t *memory; /* [begin, end): originals */
	size_t begin, end, size;
};

static void
count(void *ctx, const struct ks_finding *finding)
{
	struct comparison *c = ctx;

	c->findings++;
	c->masked += finding->length;
	if (c->on_finding)
		c->on_finding(c->finding_ctx, finding);
}

static int
compare(void *ctx, const uint8_t *data, size_t len)
{
	struct comparison *c = ctx;
	const uint8_t *original = c->memory + c->begin;

	c->begin += len;
	return c->fn(c->ctx, data, original, len);
}

int
ks_comparison_new(const struct ks_ruleset *set, const struct ks_redactor_options *options,
                  ks_comparison_fn fn, void *ctx, struct comparison **ret_comparison)
{
	struct ks_redactor_options own = *options;
	struct comparison *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return KS_ERROR_MEMORY;
	c->fn = fn;
	c->ctx = ctx;
	c->on_finding = options->stream.on_finding;
	c->finding_ctx = options->stream.finding_ctx;
	own.stream.on_finding = count;
	own.stream.finding_ctx = c;
	own.stream.fills_only = 1; /* nothing else keeps bytes in their places */
	own.stream.sink = compare;
	own.stream.sink_ctx = c;
	r = ks_redactor_new(set, &own, &c->redactor);
	if (r != KS_OK) {
		free(c);
		return r;
	}
	*ret_comparison = c;
	return KS_OK;
}

void
ks_comparison_free(struct comparison *c)
{
	if (!c)
		return;
	ks_redactor_free(c->redactor);
	ks_secret_memory_free(c->memory, c->size);
	free(c);
}

/* Make room for n bytes behind the originals. */
static int
reserve(struct comparison *c, size_t n)
{
	size_t used = c->end - c->begin, size = c->size ? c->size : FIRST_SIZE;
	uint8_t *grown = c->memory;

	if (n <= c->size - c->end)
		return KS_OK;
	while (size < 2 * (used + n))
		size *= 2;
	if (size > c->size) {
		grown = ks_secret_memory_new(size);
		if (!grown)
			return KS_ERROR_MEMORY;
	}
	if (used > 0)
		memmove(grown, c->memory + c->begin, used);
	if (grown != c->memory) {
		ks_secret_memory_free(c->memory, c->size);
		c->size = size;
	}
	c->memory = grown;
	c->begin = 0;
	c->end = used;
	return KS_OK;
}

int
ks_comparison_feed(struct comparison *c, struct ks_scratch *scratch, const uint8_t *data,
                   size_t len)
{
	int r = reserve(c, len);

	if (r != KS_OK)
		return r;
	memcpy(c->memory + c->end, data, len);
	c->end += len;
	return ks_redactor_feed(c->redactor, scratch, data, len);
}

int
ks_comparison_end(struct comparison *c, struct ks_scratch *scratch)
{
	return ks_redactor_end(c->redactor, scratch);
}

bool
ks_comparison_is_idle(const struct comparison *c)
{
	return ks_redactor_is_idle(c->redactor) != 0;
}

uint64_t
ks_comparison_findings(const struct comparison *c)
{
	return c->findings;
}

uint64_t
ks_comparison_masked(const struct comparison *c)
{
	return c->masked;
}
