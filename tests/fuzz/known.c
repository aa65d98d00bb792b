/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: any bytes as known values, and any bytes masked with them, cut anywhere, against the oracle. An
 * input is its number of values, then each behind its length, then the text. In the text 0xFE and a byte stand for
 * a spelling of a value, 0xFF and two for the beginning of one, so that the fuzzer need not find out how to encode.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "harness.h"

#define VALUE_MAX_COUNT 4U
#define VALUE_MAX       40U
#define TEXT_MAX        200U

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const struct ks_rule rules[] = {
	{ .id = "key", .trigger = "ab", .body = "a-d9", .min = 4 },
	{ .id = "carrier",
	  .kind = KS_KIND_CARRIER,
	  .trigger = "p=",
	  .body = "^\\s",
	  .min = 3,
	  .conditions = KS_REFUSE_PLACEHOLDER },
	{ .id = "pem", .trigger = "--B", .body = "A-Za-z0-9+/=\\s\\\\", .min = 10 },
};

struct input {
	const uint8_t *data;
	size_t len;
};

static uint8_t
take(struct input *in)
{
	if (in->len == 0)
		return 0;
	in->len--;
	return *in->data++;
}

static void
take_values(struct input *in, struct bench_pair *pair)
{
	unsigned count = 1 + take(in) % VALUE_MAX_COUNT;
	enum ks_known_verdict verdict;

	while (count-- > 0) {
		size_t n = take(in) % (VALUE_MAX + 1);

		n = n < in->len ? n : in->len;
		pair_know(pair, in->data, n, &verdict);
		in->data += n;
		in->len -= n;
	}
	pair_known(pair);
}

static size_t
put_spelling(const struct bench_pair *pair, struct input *in, int is_whole, uint8_t *to, size_t max)
{
	size_t count = oracle_spelling_count(pair->oracle), len;
	const uint8_t *bytes;

	if (count == 0)
		return 0;
	bytes = oracle_spelling_get(pair->oracle, take(in) * 7U % count, &len);
	if (!is_whole)
		len = take(in) % len + 1;
	len = len < max ? len : max;
	memcpy(to, bytes, len);
	return len;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct bench_pair pair;
	struct input in = { data, len };
	uint8_t text[TEXT_MAX];
	size_t n = 0;

	if (!pair.set)
		pair_init(&pair, rules, sizeof(rules) / sizeof(rules[0]));
	take_values(&in, &pair);
	while (in.len > 0 && n < TEXT_MAX) {
		uint8_t b = take(&in);

		if (b < 0xfe)
			text[n++] = b;
		else
			n += put_spelling(&pair, &in, b == 0xfe, text + n, TEXT_MAX - n);
	}
	check_input(&pair, text, n, CUT_ALL, "fuzz");
	pair_forget(&pair);
	return 0;
}
