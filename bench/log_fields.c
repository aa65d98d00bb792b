/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fields. Ids are fresh each time, names and addresses come from small pools, as in real logs: that
 * is what makes lines compress.
 */
#include "log_fields.h"

#include <assert.h>
#include <stdio.h>
#include <time.h>

#include "log_keys.h"
#include "log_words.h"

#define PICK(pen, list) \
	pen_text((pen), (list)[rng_skewed(&(pen)->rng, sizeof(list) / sizeof((list)[0]))])

typedef void (*field_fn)(struct pen *pen);

static const char hex_digits[] = "0123456789abcdef";

static void
number_write(struct pen *pen, uint64_t n)
{
	char digits[20];
	size_t i = sizeof(digits);

	do
		digits[--i] = (char)('0' + n % 10);
	while ((n /= 10) != 0);
	pen_bytes(pen, digits + i, sizeof(digits) - i);
}

/* The number's last width digits, with leading zeros. */
static void
number_write_fixed(struct pen *pen, uint64_t n, size_t width)
{
	for (size_t i = width; i-- > 0; n /= 10)
		pen->p[i] = (char)('0' + n % 10);
	pen->p += width;
}

static void
hex_write(struct pen *pen, size_t count)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < count; i++) {
		if (i % 16 == 0)
			bits = rng_next(&pen->rng);
		pen->p[i] = hex_digits[bits & 15];
		bits >>= 4;
	}
	pen->p += count;
}

/* The clock as text anew. The milliseconds change with each event, the rest now and then. */
static void
pen_stamp(struct pen *pen)
{
	time_t seconds = (time_t)(pen->now_ms / 1000);
	struct tm tm;

	if (!gmtime_r(&seconds, &tm))
		return;
	(void)strftime(pen->iso, sizeof(pen->iso), "%Y-%m-%dT%H:%M:%S.000", &tm);
	(void)strftime(pen->day, sizeof(pen->day), "%b %e", &tm);
}

void
pen_init(struct pen *pen, uint64_t seed)
{
	pen->p = NULL;
	pen->rng.state = seed;
	pen->now_ms = UINT64_C(1773220353000);
	pen->key.from = NULL;
	pen_stamp(pen);
}

void
pen_tick(struct pen *pen)
{
	uint64_t before = pen->now_ms / 1000;
	uint64_t ms;

	pen->now_ms += rng_skewed(&pen->rng, 30);
	if (pen->now_ms / 1000 != before)
		pen_stamp(pen);
	ms = pen->now_ms % 1000;
	pen->iso[20] = (char)('0' + ms / 100);
	pen->iso[21] = (char)('0' + ms / 10 % 10);
	pen->iso[22] = (char)('0' + ms % 10);
}

static void
field_iso(struct pen *pen)
{
	pen_bytes(pen, pen->iso, 23);
	pen_char(pen, 'Z');
}

static void
field_iso_ns(struct pen *pen)
{
	pen_bytes(pen, pen->iso, 23);
	number_write_fixed(pen, rng_next(&pen->rng) >> 32, 6);
	pen_char(pen, 'Z');
}

static void
field_comma_time(struct pen *pen)
{
	pen_bytes(pen, pen->iso, 10);
	pen_char(pen, ' ');
	pen_bytes(pen, pen->iso + 11, 8);
	pen_char(pen, ',');
	pen_bytes(pen, pen->iso + 20, 3);
}

static void
field_syslog_time(struct pen *pen)
{
	pen_bytes(pen, pen->day, 6);
	pen_char(pen, ' ');
	pen_bytes(pen, pen->iso + 11, 8);
}

static void
field_apache_time(struct pen *pen)
{
	pen_bytes(pen, pen->iso + 8, 2);
	pen_char(pen, '/');
	pen_bytes(pen, pen->day, 3);
	pen_char(pen, '/');
	pen_bytes(pen, pen->iso, 4);
	pen_char(pen, ':');
	pen_bytes(pen, pen->iso + 11, 8);
	pen_text(pen, " +0000");
}

static void
field_epoch(struct pen *pen)
{
	number_write(pen, pen->now_ms / 1000);
	pen_char(pen, '.');
	pen_bytes(pen, pen->iso + 20, 3);
}

static void
field_short(struct pen *pen)
{
	static const uint32_t limits[] = { 10, 100, 1000, 10000, 100000 };
	uint64_t bits = rng_next(&pen->rng);

	number_write(pen, (bits >> 32) % limits[(bits & 0xFFFF) % 5]);
}

static void
field_long(struct pen *pen)
{
	number_write(pen, 100000 + rng_below(&pen->rng, UINT32_MAX - 100000));
}

static void
field_fraction(struct pen *pen)
{
	pen_text(pen, "0.");
	number_write_fixed(pen, rng_next(&pen->rng) >> 32, 6);
}

static void
field_ms(struct pen *pen)
{
	number_write(pen, rng_skewed(&pen->rng, 900));
	pen_char(pen, '.');
	number_write_fixed(pen, rng_next(&pen->rng) >> 32, 2);
}

static void
field_port(struct pen *pen)
{
	number_write(pen, 1024 + rng_below(&pen->rng, 64512));
}

static void
field_uuid(struct pen *pen)
{
	static const size_t groups[] = { 8, 4, 4, 4, 12 };

	for (size_t i = 0; i < 5; i++) {
		if (i > 0)
			pen_char(pen, '-');
		hex_write(pen, groups[i]);
	}
}

static void
field_hex8(struct pen *pen)
{
	hex_write(pen, 8);
}

static void
field_hex16(struct pen *pen)
{
	hex_write(pen, 16);
}

static void
field_hex32(struct pen *pen)
{
	hex_write(pen, 32);
}

static void
field_hex64(struct pen *pen)
{
	hex_write(pen, 64);
}

static void
field_base64(struct pen *pen)
{
	static const char bytes[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
	uint64_t bits = 0;

	for (size_t i = 0; i < 22; i++) {
		if (i % 10 == 0)
			bits = rng_next(&pen->rng);
		pen_char(pen, bytes[bits & 63]);
		bits >>= 6;
	}
}

/* One of 512 addresses: the same ones come again, as clients do. */
static void
field_ip(struct pen *pen)
{
	struct rng r = { rng_skewed(&pen->rng, 512) };
	uint64_t bits = rng_next(&r);

	number_write(pen, (bits & 1) ? 10 : 11 + (bits >> 8) % 200);
	for (int shift = 16; shift <= 48; shift += 16) {
		pen_char(pen, '.');
		number_write(pen, (bits >> shift) % 256);
	}
}

static void
field_host(struct pen *pen)
{
	PICK(pen, hosts);
}

static void
field_user(struct pen *pen)
{
	PICK(pen, users);
}

static void
field_service(struct pen *pen)
{
	PICK(pen, services);
}

static void
field_word(struct pen *pen)
{
	PICK(pen, words);
}

static void
field_message(struct pen *pen)
{
	PICK(pen, messages);
}

static void
field_class(struct pen *pen)
{
	PICK(pen, classes);
}

static void
field_file(struct pen *pen)
{
	PICK(pen, files);
}

static void
field_agent(struct pen *pen)
{
	PICK(pen, agents);
}

static void
field_model(struct pen *pen)
{
	PICK(pen, models);
}

static void
field_method(struct pen *pen)
{
	PICK(pen, methods);
}

static void
field_status(struct pen *pen)
{
	PICK(pen, statuses);
}

static void
field_level(struct pen *pen)
{
	PICK(pen, levels);
}

static void
field_path(struct pen *pen)
{
	form_write(pen, paths[rng_skewed(&pen->rng, sizeof(paths) / sizeof(paths[0]))]);
}

static void
field_query(struct pen *pen)
{
	form_write(pen, queries[rng_skewed(&pen->rng, sizeof(queries) / sizeof(queries[0]))]);
}

static void
field_miss(struct pen *pen)
{
	form_write(pen, misses[rng_below(&pen->rng, sizeof(misses) / sizeof(misses[0]))]);
}

/* A replica set's pod: its hash comes from a pool of 64, its own name is of five letters. */
static void
field_pod(struct pen *pen)
{
	static const char bytes[] = "bcdfghjklmnpqrstvwxz2456789";
	struct rng r = { rng_below(&pen->rng, 64) };
	uint64_t bits = rng_next(&r);

	pen_text(pen, services[bits % (sizeof(services) / sizeof(services[0]))]);
	pen_char(pen, '-');
	for (int i = 0; i < 16; i++, bits = bits >> 4 ^ bits << 60)
		pen_char(pen, i == 10 ? '-' : bytes[bits % (sizeof(bytes) - 1)]);
}

static void
field_java_frames(struct pen *pen)
{
	for (uint32_t n = 2 + rng_skewed(&pen->rng, 12); n > 0; n--)
		form_write(pen, "\n\tat %C.%w(%w.java:%d)");
}

static void
field_python_frames(struct pen *pen)
{
	for (uint32_t n = 1 + rng_skewed(&pen->rng, 5); n > 0; n--)
		form_write(pen, "\n  File \"%F\", line %d, in %w\n    %w = self.%w(%w, %w=%w)");
}

static void
field_key_bare(struct pen *pen)
{
	key_write(pen, KEY_BARE);
}

static void
field_key_carrier(struct pen *pen)
{
	key_write(pen, KEY_CARRIER);
}

static void
field_key_query(struct pen *pen)
{
	key_write(pen, KEY_QUERY);
}

static void
field_percent(struct pen *pen)
{
	pen_char(pen, '%');
}

static const field_fn fields[128] = {
	['t'] = field_iso,         ['T'] = field_iso_ns,        ['c'] = field_comma_time,
	['y'] = field_syslog_time, ['a'] = field_apache_time,   ['e'] = field_epoch,
	['d'] = field_short,       ['D'] = field_long,          ['f'] = field_fraction,
	['g'] = field_ms,          ['p'] = field_port,          ['u'] = field_uuid,
	['x'] = field_hex8,        ['h'] = field_hex16,         ['X'] = field_hex32,
	['S'] = field_hex64,       ['b'] = field_base64,        ['i'] = field_ip,
	['H'] = field_host,        ['U'] = field_user,          ['s'] = field_service,
	['N'] = field_pod,         ['C'] = field_class,         ['F'] = field_file,
	['P'] = field_path,        ['q'] = field_query,         ['A'] = field_agent,
	['M'] = field_model,       ['G'] = field_method,        ['k'] = field_status,
	['L'] = field_level,       ['w'] = field_word,          ['m'] = field_message,
	['J'] = field_java_frames, ['Y'] = field_python_frames, ['K'] = field_key_bare,
	['V'] = field_key_carrier, ['Q'] = field_key_query,     ['n'] = field_miss,
	['%'] = field_percent,
};

void
form_write(struct pen *pen, const char *form)
{
	for (;;) {
		const char *field = form + strcspn(form, "%");

		pen_bytes(pen, form, (size_t)(field - form));
		if (*field == '\0')
			return;
		assert(fields[(unsigned char)field[1] & 127]);
		fields[(unsigned char)field[1] & 127](pen);
		form = field + 2;
	}
}
