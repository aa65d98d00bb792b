/* SPDX-License-Identifier: Apache-2.0 */
/* Points in time and lengths of time, as people and ledgers write them. Both are in milliseconds. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define SECOND       INT64_C(1000)
#define MINUTE       (60 * SECOND)
#define HOUR         (60 * MINUTE)
#define DAY          (24 * HOUR)
#define INSTANT_SIZE 32U /* bytes of each text below, with its NUL */

/* The earlier and the later of two points in time. */
static inline int64_t
ks_instant_min(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static inline int64_t
ks_instant_max(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* Milliseconds since 1970-01-01T00:00:00Z. */
int64_t ks_instant_now(void);

/*
 * Read a time of RFC 3339, 2026-11-22T10:00:00Z, or a date, 2026-11-22, which is its beginning in UTC. Years are
 * 1970 to 9999. False: it is neither.
 */
bool ks_instant_read(const char *text, int64_t *ret_instant);

/* "2026-11-22T10:00:00Z", with milliseconds if there are any. */
void ks_instant_write(int64_t instant, char ret_text[INSTANT_SIZE]);
/* "2026-11-22 10:00:00 UTC", "2026-11-22 10:00", and "2026-11-22". */
void ks_instant_write_plain(int64_t instant, char ret_text[INSTANT_SIZE]);
void ks_instant_write_minute(int64_t instant, char ret_text[INSTANT_SIZE]);
void ks_instant_write_date(int64_t instant, char ret_text[INSTANT_SIZE]);

/* Read a number with its unit, s, m, h, d or w: 90d. False: it is none, or longer than 9999 years. */
bool ks_duration_read(const char *text, int64_t *ret_duration);

/* "90d" and "90 days", rounded down to the largest unit that is not longer than it. */
void ks_duration_write(int64_t duration, char ret_text[INSTANT_SIZE]);
void ks_duration_write_words(int64_t duration, char ret_text[INSTANT_SIZE]);
/* "36 hours": not rounded, but to seconds. */
void ks_duration_write_exact(int64_t duration, char ret_text[INSTANT_SIZE]);
