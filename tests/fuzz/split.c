/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: any bytes, cut anywhere, against the oracle. The first byte of an input chooses the
 * set of rules; check_input() does the cutting. Small sets, in which a few bytes are a match, let
 * the fuzzer find its way into every feature.
 */
#include <stddef.h>
#include <stdint.h>

#include "harness.h"

#define INPUT_MAX    300U
#define RULES(array) (sizeof(array) / sizeof((array)[0]))

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const struct ks_rule provider_rules[] = {
	{ .id = "early", .trigger = "ab", .body = "a-d", .min = 4 },
	{ .id = "most", .trigger = "q[:=]{1,2}", .body = "0-9a-d/", .min = 60, .max = 64 },
	{ .id = "kinds",
	  .trigger = "m_",
	  .body = "A-Za-z0-9_-",
	  .min = 5,
	  .boundary = KS_BOUNDARY_WORD,
	  .conditions = KS_REQUIRE_UPPER | KS_REQUIRE_LOWER | KS_REQUIRE_DIGIT },
	{ .id = "follow", .trigger = "://", .body = "^/@", .min = 2, .follow = "@" },
	{ .id = "infix", .trigger = "J[QJ]9", .before = "[A-Z0-9]{9}", .body = "A-Z0-9", .min = 5 },
};

static const struct ks_rule carrier_rules[] = {
	{ .id = "bearer",
	  .kind = KS_KIND_CARRIER,
	  .trigger = "(?i)be[ =]{1,2}",
	  .body = "A-Za-z0-9._/-",
	  .min = 6 },
	{ .id = "password",
	  .kind = KS_KIND_CARRIER,
	  .trigger = "p=",
	  .body = "^\\s",
	  .min = 3,
	  .conditions = KS_REFUSE_PLACEHOLDER },
	{ .id = "key", .trigger = "s-[a-z0-9]{2,4}-", .body = "A-Za-z0-9_-", .min = 8 },
	{ .id = "short",
	  .trigger = "k8",
	  .body = "a-f0-9",
	  .min = 3,
	  .max = 5,
	  .boundary = KS_BOUNDARY_ALNUM },
	{ .id = "lead",
	  .kind = KS_KIND_CARRIER,
	  .trigger = "//[a-z]{0,6}:",
	  .body = "^\\s/@",
	  .min = 2,
	  .follow = "@" },
	{ .id = "hex", .trigger = "hexkey", .body = "0-9a-f", .min = 8 },
	{ .id = "pem", .trigger = "--B", .body = "A-Za-z0-9+/=\\s\\\\", .min = 10 },
};

static const struct ks_rule setting_rules[] = {
	{ .id = "gap",
	  .kind = KS_KIND_CARRIER,
	  .trigger = "(?i)ai{name}{separator}",
	  .body = "A-Za-z0-9/",
	  .min = 3 },
	{ .id = "head",
	  .kind = KS_KIND_CARRIER,
	  .trigger = "(?:abc|def)[a-z_]{0,20}key{separator}",
	  .body = "a-z0-9",
	  .min = 4,
	  .boundary = KS_BOUNDARY_ALNUM },
	{ .id = "simple",
	  .kind = KS_KIND_CARRIER,
	  .trigger = "[A-Z]_pat{separator}",
	  .body = "A-Z0-9=",
	  .min = 2 },
	{ .id = "inner",
	  .kind = KS_KIND_CARRIER,
	  .trigger = "au{separator}be ",
	  .body = "a-z0-9",
	  .min = 4 },
	{ .id = "key", .trigger = "s-", .body = "a-z0-9", .min = 4 },
};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct bench_pair pairs[4];

	if (!pairs[0].set) {
		pair_init(&pairs[0], provider_rules, RULES(provider_rules));
		pair_init(&pairs[1], carrier_rules, RULES(carrier_rules));
		pair_init(&pairs[2], setting_rules, RULES(setting_rules));
		pair_init(&pairs[3], carrier_rules, RULES(carrier_rules));
		pair_allow(&pairs[3]);
	}
	if (len > 0 && len <= INPUT_MAX)
		check_input(&pairs[*data & 3], data + 1, len - 1, CUT_ALL, "fuzz");
	return 0;
}
