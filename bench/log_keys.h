/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fake credentials of some thirty kinds: right prefix, length and alphabet, random body. They are
 * made at run time only; no file holds one.
 */
#pragma once

#include "log_pen.h"

enum key_place {
	KEY_BARE = 0,    /* nothing around it says "secret": only kinds that show what they are */
	KEY_CARRIER = 1, /* a header, field or variable name before it does: any kind */
	KEY_QUERY = 2    /* the same in a URL: any kind whose bytes need no escape there */
};

/* Write a key of a random kind that fits the place and note its secret part in pen->key. */
void key_write(struct pen *pen, enum key_place place);
