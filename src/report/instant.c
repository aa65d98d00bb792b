/* SPDX-License-Identifier: Apache-2.0 */
/* All times are shown in UTC: logs come from more than one machine. */
#include "instant.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#define WEEK         (7 * DAY)
#define DURATION_MAX (INT64_C(9999) * 366 * DAY)

int64_t
ks_instant_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * SECOND + now.tv_nsec / 1000000;
}

/* ---------------------------------------------------------------------- reading ---- */

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Read count digits and the character behind them, unless that is 0. */
static bool
take_number(const char **text, unsigned count, char behind, int *ret_number)
{
	int number = 0;

	for (; count > 0; count--) {
		if (!is_digit(**text))
			return false;
		number = number * 10 + (*(*text)++ - '0');
	}
	if (behind && *(*text)++ != behind)
		return false;
	*ret_number = number;
	return true;
}

/* Days from 1970-01-01; timegm() would take a lock, and correct days that do not exist. */
static int64_t
days_before(int year, int month, int day)
{
	static const int before[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };
	int leaps = (month > 2 ? year : year - 1);

	leaps = leaps / 4 - leaps / 100 + leaps / 400;
	return (int64_t)(year - 1970) * 365 + (leaps - 477) + before[month - 1] + day - 1;
}

static int
days_of_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && leap ? 29 : days[month - 1];
}

static bool
take_date(const char **text, int64_t *ret_instant)
{
	int year, month, day;

	if (!take_number(text, 4, '-', &year) || !take_number(text, 2, '-', &month) ||
	    !take_number(text, 2, '\0', &day))
		return false;
	if (year < 1970 || month < 1 || month > 12 || day < 1 || day > days_of_month(year, month))
		return false;
	*ret_instant = days_before(year, month, day) * DAY;
	return true;
}

/* Of the digits behind the point, all but three are read over. */
static bool
take_fraction(const char **text, int64_t *ret_milliseconds)
{
	int64_t milliseconds = 0, unit = 100;

	if (**text == '.') {
		(*text)++;
		if (!is_digit(**text))
			return false;
		for (; is_digit(**text); (*text)++, unit /= 10)
			milliseconds += (**text - '0') * unit;
	}
	*ret_milliseconds = milliseconds;
	return true;
}

static bool
take_clock(const char **text, int64_t *ret_time)
{
	int hour, minute, second;
	int64_t fraction;

	if (!take_number(text, 2, ':', &hour) || !take_number(text, 2, ':', &minute) ||
	    !take_number(text, 2, '\0', &second) || !take_fraction(text, &fraction))
		return false;
	*ret_time = hour * HOUR + minute * MINUTE + second * SECOND + fraction;
	return hour < 24 && minute < 60 && second <= 60;
}

static bool
take_zone(const char **text, int64_t *ret_offset)
{
	char sign = *(*text)++;
	int hours, minutes;

	*ret_offset = 0;
	if (sign == 'Z' || sign == 'z')
		return true;
	if ((sign != '+' && sign != '-') || !take_number(text, 2, ':', &hours) ||
	    !take_number(text, 2, '\0', &minutes) || hours > 23 || minutes > 59)
		return false;
	*ret_offset = (hours * HOUR + minutes * MINUTE) * (sign == '-' ? -1 : 1);
	return true;
}

bool
ks_instant_read(const char *text, int64_t *ret_instant)
{
	int64_t date, clock = 0, offset = 0;

	if (!take_date(&text, &date))
		return false;
	if (*text) {
		if ((*text != 'T' && *text != 't') || !(text++, take_clock(&text, &clock)) ||
		    !take_zone(&text, &offset))
			return false;
	}
	if (*text || date + clock < offset)
		return false;
	*ret_instant = date + clock - offset;
	return true;
}

static int64_t
unit_of(char c)
{
	switch (c) {
	case 's':
		return SECOND;
	case 'm':
		return MINUTE;
	case 'h':
		return HOUR;
	case 'd':
		return DAY;
	case 'w':
		return WEEK;
	default:
		return 0;
	}
}

bool
ks_duration_read(const char *text, int64_t *ret_duration)
{
	int64_t number = 0, unit;

	if (!is_digit(*text))
		return false;
	for (; is_digit(*text); text++) {
		number = number * 10 + (*text - '0');
		if (number > DURATION_MAX)
			return false;
	}
	unit = unit_of(*text);
	if (unit == 0 || text[1] || number > DURATION_MAX / unit)
		return false;
	*ret_duration = number * unit;
	return true;
}

/* ---------------------------------------------------------------------- writing ---- */

static struct tm
utc(int64_t instant)
{
	time_t seconds = (time_t)(instant / SECOND);
	struct tm tm = { 0 };

	(void)gmtime_r(&seconds, &tm);
	return tm;
}

void
ks_instant_write(int64_t instant, char ret_text[INSTANT_SIZE])
{
	struct tm tm = utc(instant);
	unsigned milliseconds = (unsigned)(instant % SECOND) % 1000U;
	size_t len = strftime(ret_text, INSTANT_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);

	if (milliseconds)
		len += (size_t)snprintf(ret_text + len, INSTANT_SIZE - len, ".%03u", milliseconds);
	(void)snprintf(ret_text + len, INSTANT_SIZE - len, "Z");
}

void
ks_instant_write_plain(int64_t instant, char ret_text[INSTANT_SIZE])
{
	struct tm tm = utc(instant);

	(void)strftime(ret_text, INSTANT_SIZE, "%Y-%m-%d %H:%M:%S UTC", &tm);
}

void
ks_instant_write_minute(int64_t instant, char ret_text[INSTANT_SIZE])
{
	struct tm tm = utc(instant);

	(void)strftime(ret_text, INSTANT_SIZE, "%Y-%m-%d %H:%M", &tm);
}

void
ks_instant_write_date(int64_t instant, char ret_text[INSTANT_SIZE])
{
	struct tm tm = utc(instant);

	(void)strftime(ret_text, INSTANT_SIZE, "%Y-%m-%d", &tm);
}

struct unit {
	int64_t length;
	char letter;
	const char *word;
};

/* The largest that is not longer than duration, and if wanted, measures it without a rest. */
static struct unit
largest_unit(int64_t duration, bool exact)
{
	static const struct unit units[] = { { DAY, 'd', "day" },
		                             { HOUR, 'h', "hour" },
		                             { MINUTE, 'm', "minute" } };

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (duration >= units[i].length && (!exact || duration % units[i].length == 0))
			return units[i];
	}
	return (struct unit){ SECOND, 's', "second" };
}

static void
write_words(int64_t duration, struct unit unit, char *ret_text)
{
	int64_t number = duration / unit.length;

	(void)snprintf(ret_text, INSTANT_SIZE, "%" PRId64 " %s%s", number, unit.word,
	               number == 1 ? "" : "s");
}

void
ks_duration_write(int64_t duration, char ret_text[INSTANT_SIZE])
{
	struct unit unit = largest_unit(duration, false);

	(void)snprintf(ret_text, INSTANT_SIZE, "%" PRId64 "%c", duration / unit.length,
	               unit.letter);
}

void
ks_duration_write_words(int64_t duration, char ret_text[INSTANT_SIZE])
{
	write_words(duration, largest_unit(duration, false), ret_text);
}

void
ks_duration_write_exact(int64_t duration, char ret_text[INSTANT_SIZE])
{
	write_words(duration, largest_unit(duration, true), ret_text);
}
