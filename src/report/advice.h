/* SPDX-License-Identifier: Apache-2.0 */
/* What to do about a key that leaked, and other words about it that all reports share. */
#pragma once

#include "leak.h"

#define ADVICE_STEPS 4U

struct advice {
	char *steps[ADVICE_STEPS]; /* sentences */
};

/* Returns 0, or -ENOMEM; ks_advice_done() is right after both. */
int ks_advice_init(struct advice *advice, const struct leak *leak);
void ks_advice_done(struct advice *advice);

/* What tells it from other keys, or words that nothing does. */
const char *ks_leak_identity(const struct leak *leak, const char *none);
/* What the key is called: its title, or its rule. */
const char *ks_leak_title(const struct leak *leak);
/* "leaking", "quiet" or "revoked". */
const char *ks_leak_state_word(enum leak_state state);
/* "3 minutes ago", or "just now". */
void ks_leak_write_ago(int64_t instant, int64_t now, char ret_text[2 * INSTANT_SIZE]);
/* now - instant, but never less than nothing: clocks disagree. */
int64_t ks_leak_age(int64_t instant, int64_t now);
