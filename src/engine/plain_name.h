/* SPDX-License-Identifier: Apache-2.0 */
/* Names that may be shown: where one is wanted that is unknown, a secret value may have been given. */
#pragma once

#include <stdbool.h>

#define KS_UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define KS_LOWER "abcdefghijklmnopqrstuvwxyz"

/*
 * Is text made of words as names are: each of up to 15 of these letters with up to two digits behind them, and separators
 * between them? Random characters are not: they are one long word, or have digits in it.
 */
bool ks_plain_name(const char *text, const char *letters, const char *separators);
