/* SPDX-License-Identifier: Apache-2.0 */
/*
 * As journalctl writes it to a pipe: whole lines, no colours. Lines after the first are indented to where the
 * message began.
 */
#include "journal_short.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "journal_entry.h"
#include "printable.h"

#define SHOWN_MAX 300U /* a longer name of a host or a program is not shown */
#define TAB_WIDTH 8U

#define REALTIME_END (UINT64_C(1) << 55) /* microseconds; later times are none */

/* Values are NULL if the field is not there. */
struct parts {
	struct journal_field message, hostname, identifier, command, pid, syslog_pid, realtime,
		source_realtime;
};

/* The last field of a name counts. */
static void
find_parts(const uint8_t *entry, size_t len, struct parts *parts)
{
	const struct {
		const char *name;
		struct journal_field *field;
	} wanted[] = {
		{ "MESSAGE", &parts->message },
		{ "_HOSTNAME", &parts->hostname },
		{ "SYSLOG_IDENTIFIER", &parts->identifier },
		{ "_COMM", &parts->command },
		{ "_PID", &parts->pid },
		{ "SYSLOG_PID", &parts->syslog_pid },
		{ "__REALTIME_TIMESTAMP", &parts->realtime },
		{ "_SOURCE_REALTIME_TIMESTAMP", &parts->source_realtime },
	};
	struct journal_field field;
	size_t at = 0;

	while (ks_journal_field_next(entry, len, &at, &field)) {
		for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
			if (ks_journal_field_is(&field, wanted[i].name))
				*wanted[i].field = field;
		}
	}
}

/* ------------------------------------------------------------------------- time ---- */

static bool
parse_time(const struct journal_field *field, uint64_t *ret_usec)
{
	uint64_t usec = 0;

	if (!field->value || field->value_len == 0 || field->value_len > 17)
		return false;
	for (size_t i = 0; i < field->value_len; i++) {
		if (!isdigit(field->value[i]))
			return false;
		usec = usec * 10 + (unsigned)(field->value[i] - '0');
	}
	if (usec == 0 || usec >= REALTIME_END)
		return false;
	*ret_usec = usec;
	return true;
}

static void
add_time(struct buffer *output, const struct parts *parts)
{
	uint64_t usec = 0;
	char text[32];
	struct tm tm;
	time_t t;

	if (!parse_time(&parts->source_realtime, &usec))
		(void)parse_time(&parts->realtime, &usec);
	t = (time_t)(usec / 1000000);
	if (localtime_r(&t, &tm) && strftime(text, sizeof(text), "%b %d %H:%M:%S", &tm) > 0)
		ks_buffer_add_text(output, text);
}

/* ------------------------------------------------------------------------- head ---- */

static bool
is_shown(const struct journal_field *field)
{
	return field->value && field->value_len < SHOWN_MAX &&
	       ks_text_is_printable(field->value, field->value_len, true);
}

/* Returns how far lines that follow are indented. */
static size_t
add_head(struct buffer *output, const struct parts *parts)
{
	const struct journal_field *name = &parts->identifier, *pid = &parts->pid;
	size_t begin = output->len, not_counted = 0;

	add_time(output, parts);
	if (is_shown(&parts->hostname)) {
		ks_buffer_add_byte(output, ' ');
		ks_buffer_add(output, parts->hostname.value, parts->hostname.value_len);
	}
	if (!is_shown(name))
		name = &parts->command;
	if (is_shown(name)) {
		ks_buffer_add_byte(output, ' ');
		ks_buffer_add(output, name->value, name->value_len);
	} else {
		ks_buffer_add_text(output, " unknown");
		not_counted = sizeof(" unknown") - 1; /* nor does journalctl */
	}
	if (!is_shown(pid))
		pid = &parts->syslog_pid;
	if (is_shown(pid)) {
		ks_buffer_add_byte(output, '[');
		ks_buffer_add(output, pid->value, pid->value_len);
		ks_buffer_add_byte(output, ']');
	}
	ks_buffer_add_text(output, ": ");
	return output->len - begin - not_counted;
}

/* ---------------------------------------------------------------------- message ---- */

/* The length of the colour or the link for a terminal that text, from an escape byte on, begins with; or 0. */
static size_t
escape_length(const uint8_t *text, size_t len)
{
	size_t i = 2;

	if (len < 3 || (text[1] != '[' && text[1] != ']'))
		return 0;
	if (text[1] == '[') {
		while (i < len && (isdigit(text[i]) || text[i] == ';'))
			i++;
		return i < len && text[i] == 'm' ? i + 1 : 0;
	}
	while (i < len && text[i] >= ' ' && text[i] <= '~')
		i++;
	return i < len && text[i] == '\a' ? i + 1 : 0;
}

/* Carriage returns go if the line ends behind them. Returns how many text begins with. */
static size_t
add_returns(struct buffer *ret_text, const uint8_t *text, size_t len)
{
	size_t n = 0;

	while (n < len && text[n] == '\r')
		n++;
	if (n < len && text[n] != '\n')
		ks_buffer_add(ret_text, text, n);
	return n;
}

/*
 * An escape byte. What begins a colour or a link goes; else the byte stays, as does the next one, whatever
 * that is. Returns how many bytes that is.
 */
static size_t
add_escape(struct buffer *ret_text, const uint8_t *text, size_t len)
{
	size_t n = escape_length(text, len);

	if (n > 0)
		return n;
	n = len > 1 && text[1] != '[' && text[1] != ']' ? 2 : 1;
	ks_buffer_add(ret_text, text, n);
	return n;
}

/* Without what only a terminal understands. */
static void
strip(const struct journal_field *message, struct buffer *ret_text)
{
	const uint8_t *p = message->value;
	size_t len = message->value_len, i = 0;

	while (i < len) {
		switch (p[i]) {
		case '\r':
			i += add_returns(ret_text, p + i, len - i);
			break;
		case '\x1b':
			i += add_escape(ret_text, p + i, len - i);
			break;
		case '\t':
			ks_buffer_add_spaces(ret_text, TAB_WIDTH);
			i++;
			break;
		default:
			ks_buffer_add_byte(ret_text, p[i]);
			i++;
		}
	}
}

/* "1.9K", cut, not rounded. */
static void
add_size(struct buffer *output, uint64_t size)
{
	static const char units[] = "EPTGMK";
	char text[32];

	for (unsigned i = 0; units[i]; i++) {
		unsigned shift = 10 * (6 - i);

		if (size >> shift == 0)
			continue;
		(void)snprintf(text, sizeof(text), "%u.%u%c", (unsigned)(size >> shift),
		               (unsigned)((size >> (shift - 10)) % 1024 * 10 / 1024), units[i]);
		ks_buffer_add_text(output, text);
		return;
	}
	(void)snprintf(text, sizeof(text), "%uB", (unsigned)size);
	ks_buffer_add_text(output, text);
}

/* An empty message is a line too. */
static void
add_lines(struct buffer *output, const uint8_t *text, size_t len, size_t indent)
{
	size_t at = 0;

	if (len == 0)
		ks_buffer_add_byte(output, '\n');
	while (at < len) {
		const uint8_t *end = memchr(text + at, '\n', len - at);
		size_t n = end ? (size_t)(end - (text + at)) : len - at;

		if (at > 0)
			ks_buffer_add_spaces(output, indent);
		ks_buffer_add(output, text + at, n);
		ks_buffer_add_byte(output, '\n');
		at += n + 1;
	}
}

void
ks_journal_short(const uint8_t *entry, size_t len, struct buffer *output)
{
	struct parts parts = { 0 };
	struct buffer text = { 0 };
	size_t indent;

	find_parts(entry, len, &parts);
	if (!parts.message.value)
		return;
	indent = add_head(output, &parts);
	strip(&parts.message, &text);
	if (ks_text_is_printable(text.bytes, text.len, true)) {
		add_lines(output, text.bytes, text.len, indent);
	} else {
		ks_buffer_add_byte(output, '[');
		add_size(output, text.len);
		ks_buffer_add_text(output, " blob data]\n");
	}
	output->is_short |= text.is_short;
	ks_buffer_done(&text);
}
