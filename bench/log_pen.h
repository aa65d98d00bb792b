/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pen: where a log event grows, with the clock and the random numbers it draws from, and the
 * span of the key that was written into it. One pen a generator; nothing here allocates.
 *
 * The writers do not check for room. An event never needs more than EVENT_MAX bytes (the longest
 * makes some 3,000); the caller has so many free ones behind p before it asks for one, and checks
 * afterwards.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "prng.h"

#define EVENT_MAX 16384U

struct key_span {
	const char *from; /* first byte that must be masked; NULL: the event holds no key */
	size_t length;
	const char *kind;
};

struct pen {
	char *p;
	struct rng rng;
	uint64_t now_ms; /* the log's clock, milliseconds since the epoch */
	char iso[24];    /* the same as text: 2026-03-11T09:12:33.123 */
	char day[8];     /* Mar 11: the day as syslog writes it */
	struct key_span key;
};

static inline void
pen_bytes(struct pen *pen, const char *text, size_t length)
{
	memcpy(pen->p, text, length);
	pen->p += length;
}

static inline void
pen_text(struct pen *pen, const char *text)
{
	pen_bytes(pen, text, strlen(text));
}

static inline void
pen_char(struct pen *pen, char c)
{
	*pen->p++ = c;
}
