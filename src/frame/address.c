/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Forms are text in which a byte below ' ' but the newline stands for digits. None of these can go on with what follows
 * it in the form, so that nothing is tried twice.
 */
#include "address.h"

#include <stdbool.h>

#define NUMBER "\1" /* 64 bits, decimal */
#define HEX    "\2" /* 64 bits */
#define ID     "\3" /* 128 bits */

#define CURSOR "__CURSOR=s=" ID ";i=" HEX ";b=" ID ";m=" HEX ";t=" HEX ";x=" HEX "\n"
#define TIME   "__REALTIME_TIMESTAMP="

static const struct digits {
	size_t min, max;
	bool is_hex;
} digits[] = { [1] = { 1, 20, false }, [2] = { 1, 16, true }, [3] = { 32, 32, true } };

#define DIGITS_END (sizeof(digits) / sizeof(digits[0]))

static bool
is_digit(uint8_t b, bool is_hex)
{
	return (b >= '0' && b <= '9') || (is_hex && b >= 'a' && b <= 'f');
}

static size_t
count_digits(const uint8_t *text, size_t len, const struct digits *wanted)
{
	size_t n = 0;

	while (n < len && n < wanted->max && is_digit(text[n], wanted->is_hex))
		n++;
	return n;
}

static enum address
match(const char *form, const uint8_t *text, size_t len, size_t *ret_len)
{
	size_t at = 0, n;

	for (; *form; form++, at += n) {
		uint8_t sign = (uint8_t)*form;
		size_t min = sign < DIGITS_END ? digits[sign].min : 1;

		n = sign < DIGITS_END ? count_digits(text + at, len - at, &digits[sign])
		                      : at < len && text[at] == sign;
		if (n < min)
			return at + n == len ? ADDRESS_OPEN : ADDRESS_NONE;
	}
	*ret_len = at;
	return ADDRESS_WHOLE;
}

enum address
ks_address_parse(const uint8_t *text, size_t len, size_t *ret_len)
{
	static const char *const forms[] = {
		CURSOR,
		TIME NUMBER "\n",
		"__MONOTONIC_TIMESTAMP=" NUMBER "\n",
		"__SEQNUM=" NUMBER "\n",
		"__SEQNUM_ID=" ID "\n",
	};
	enum address address = ADDRESS_NONE;

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]) && address == ADDRESS_NONE; i++)
		address = match(forms[i], text, len, ret_len);
	return address;
}

enum address
ks_address_parse_first(const uint8_t *text, size_t len)
{
	size_t n;

	return match(CURSOR TIME, text, len, &n);
}
