/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal export format: an entry is a sequence of fields, "NAME=value\n" or, for a value of any bytes,
 * "NAME\n", its length in 64 bits, the value and "\n"; and then an empty line.
 *
 * Which source a MESSAGE is of, and whether it goes on in the source's next one, other fields of the entry say,
 * which may stand behind it. So nothing of an entry is covered before it is whole, or longer than the limit;
 * then its fields are covered one by one, and their values as they come. Invariants: while an entry is awaited,
 * data[0, noted) are whole fields of it, and what they say has been noted; else the entry has been assigned
 * to a source.
 *
 * What passes is little: the names of messages, and the addresses that systemd writes before the other fields of an entry.
 * All else is payload, for somebody may have written it, or the input may be no journal.
 */
#include <endian.h>
#include <string.h>

#include "address.h"
#include "parser.h"

/* All fields but MESSAGE; messages of no source; what is no field; and then the sources. */
enum { STREAM_FIELDS, STREAM_ALONE, STREAM_RAW, STREAM_SOURCE };

#define ONE(n)     (UINT64_C(1) << (n))
#define SOURCE_MAX (FRAME_STREAM_MAX - STREAM_SOURCE)

#define NAME_LEN_MAX  64U
#define VALUE_LEN_MAX (UINT64_C(768) << 20) /* journald takes no more */
#define ID_LEN_MAX    64U

/* Nothing goes on across it. */
static const uint8_t hard_break[] = { '\0', '\n' };

struct id {
	uint8_t text[ID_LEN_MAX];
	size_t len;       /* 0: there is none */
	uint8_t priority; /* by which Docker and Podman tell stdout and stderr */
	uint64_t pid; /* of the log driver, as journald knows it: others can claim the container */
};

struct source {
	struct id id;
	uint64_t used; /* when, the last time; 0: this source is not taken yet */
};

enum line_break { BREAK_LINE, BREAK_NUL, BREAK_NONE };

/* What fields of an entry have told. */
struct notes {
	struct id stream, container;
	uint8_t priority;
	uint64_t pid;
	enum line_break line_break;
};

enum place { AT_FIELD, IN_TEXT, IN_BINARY, AFTER_BINARY, IN_RAW };

struct journal {
	/* while an entry is awaited */
	size_t noted;    /* bytes */
	size_t searched; /* the bytes behind those that hold no newline, after the name */
	struct notes notes;
	/* while it is covered */
	bool is_assigned;
	bool is_torn;             /* it broke off: what it would have said is not known */
	uint64_t message_streams; /* bits: more than one if it is not known which */
	enum line_break line_break;
	bool is_past_addresses;
	enum place place;
	uint64_t left;    /* of a binary value */
	uint64_t streams; /* of the value */
	uint8_t last;     /* byte of it */
	/* of all entries */
	struct source sources[SOURCE_MAX];
	uint64_t clock; /* entries assigned to a source */
};

/* -------------------------------------------------------------- fields ---- */

enum form { FORM_MORE, FORM_TEXT, FORM_BINARY, FORM_RAW };

struct field {
	enum form form;
	size_t name_len;
	size_t head;        /* what precedes the value */
	uint64_t value_len; /* FORM_BINARY */
};

static bool
is_name_byte(uint8_t b)
{
	return (b >= 'A' && b <= 'Z') || (b >= '0' && b <= '9') || b == '_';
}

/* A field that is not text has its length behind its name. */
static struct field
read_binary_head(const uint8_t *data, size_t len, size_t name_len)
{
	struct field field = { FORM_MORE, name_len, name_len + 1 + sizeof(uint64_t), 0 };
	uint64_t value_len;

	if (len < field.head)
		return field;
	memcpy(&value_len, data + name_len + 1, sizeof(value_len));
	field.value_len = le64toh(value_len);
	field.form = field.value_len <= VALUE_LEN_MAX ? FORM_BINARY : FORM_RAW;
	return field;
}

/* What begins at data, which is no empty line. It takes no more than 73 bytes to tell. */
static struct field
read_head(const uint8_t *data, size_t len)
{
	size_t n = 0;

	while (n < len && n <= NAME_LEN_MAX && is_name_byte(data[n]))
		n++;
	if (n == len && n <= NAME_LEN_MAX)
		return (struct field){ FORM_MORE };
	if (n == 0 || n > NAME_LEN_MAX)
		return (struct field){ FORM_RAW };
	if (data[n] == '=')
		return (struct field){ FORM_TEXT, n, n + 1 };
	return data[n] == '\n' ? read_binary_head(data, len, n) : (struct field){ FORM_RAW };
}

static bool
is_equal(const uint8_t *text, size_t len, const char *other)
{
	return len == strlen(other) && memcmp(text, other, len) == 0;
}

/* --------------------------------------------------------------- notes ---- */

static void
note_id(struct id *id, const uint8_t *text, size_t len)
{
	if (len <= ID_LEN_MAX) {
		memcpy(id->text, text, len);
		id->len = len;
	}
}

static void
note_line_break(struct notes *notes, const uint8_t *text, size_t len)
{
	/* another process goes on with the line of the one before */
	if (is_equal(text, len, "line-max") || is_equal(text, len, "pid-change"))
		notes->line_break = BREAK_NONE;
	else if (is_equal(text, len, "nul"))
		notes->line_break = BREAK_NUL;
}

/* Any number will do that differs from others. */
static uint64_t
read_pid(const uint8_t *text, size_t len)
{
	uint64_t pid = 1;

	for (size_t i = 0; i < len && i < 16; i++)
		pid = pid * 10 + text[i];
	return pid;
}

static void
note_field(struct notes *notes, const uint8_t *name, size_t name_len, const uint8_t *value,
           size_t len)
{
	if (is_equal(name, name_len, "_STREAM_ID"))
		note_id(&notes->stream, value, len);
	else if (is_equal(name, name_len, "CONTAINER_ID_FULL"))
		note_id(&notes->container, value, len);
	else if (is_equal(name, name_len, "PRIORITY"))
		notes->priority = len == 1 ? value[0] : 0;
	else if (is_equal(name, name_len, "_PID"))
		notes->pid = read_pid(value, len);
	else if (is_equal(name, name_len, "_LINE_BREAK"))
		note_line_break(notes, value, len);
	else if (is_equal(name, name_len, "CONTAINER_PARTIAL_MESSAGE") &&
	         is_equal(value, len, "true"))
		notes->line_break = BREAK_NONE;
}

enum outcome { NEEDS_MORE, IS_WHOLE, IS_TOO_LONG };

static enum outcome
note_binary(struct journal *j, const uint8_t *data, size_t len, size_t limit, struct field field)
{
	size_t value = j->noted + field.head, end;

	if (field.value_len >= limit - value)
		return IS_TOO_LONG;
	end = value + (size_t)field.value_len;
	if (end >= len)
		return NEEDS_MORE;
	note_field(&j->notes, data + j->noted, field.name_len, data + value, end - value);
	j->noted = data[end] == '\n' ? end + 1 : end;
	return IS_WHOLE;
}

static enum outcome
note_text(struct journal *j, const uint8_t *data, size_t len, struct field field)
{
	size_t value = j->noted + field.head;
	size_t from = j->searched > value ? j->searched : value;
	const uint8_t *newline = memchr(data + from, '\n', len - from);
	size_t end = newline ? (size_t)(newline - data) : len;

	j->searched = end;
	if (!newline)
		return NEEDS_MORE;
	if (field.form == FORM_TEXT)
		note_field(&j->notes, data + j->noted, field.name_len, data + value, end - value);
	j->noted = end + 1;
	return IS_WHOLE;
}

/* Note fields up to the empty line behind them, of what is within the limit. */
static enum outcome
await_entry(struct journal *j, const uint8_t *data, size_t len, size_t limit)
{
	enum outcome outcome = IS_WHOLE;
	size_t seen = len < limit ? len : limit;

	while (outcome == IS_WHOLE && j->noted < seen) {
		struct field field;

		if (data[j->noted] == '\n')
			return IS_WHOLE;
		field = read_head(data + j->noted, seen - j->noted);
		if (field.form == FORM_MORE)
			break;
		outcome = field.form == FORM_BINARY ? note_binary(j, data, seen, limit, field)
		                                    : note_text(j, data, seen, field);
	}
	return outcome == IS_TOO_LONG || seen == limit ? IS_TOO_LONG : NEEDS_MORE;
}

/* ------------------------------------------------------------- sources ---- */

static bool
is_same(const struct id *a, const struct id *b)
{
	return a->len == b->len && a->priority == b->priority && a->pid == b->pid &&
	       memcmp(a->text, b->text, a->len) == 0;
}

/* The source that id names, in place of the one that was not used for longest, if need be. */
static struct source *
find_source(struct journal *j, const struct id *id, struct ks_redactor *redactor)
{
	struct source *oldest = &j->sources[0];

	for (struct source *s = j->sources; s < j->sources + SOURCE_MAX; s++) {
		if (is_same(&s->id, id))
			return s;
		if (s->used < oldest->used)
			oldest = s;
	}
	if (oldest->used)
		ks_redactor_renew(redactor, STREAM_SOURCE + (unsigned)(oldest - j->sources));
	*oldest = (struct source){ .id = *id };
	return oldest;
}

/* The streams that a message of nobody knows which source can be of. */
static uint64_t
all_streams(const struct journal *j)
{
	uint64_t streams = ONE(STREAM_ALONE);

	for (unsigned i = 0; i < SOURCE_MAX; i++)
		streams |= j->sources[i].used ? ONE(STREAM_SOURCE + i) : 0;
	return streams;
}

/*
 * From now on the entry is covered. One that breaks off before it says which source it is of may be of any, and
 * decides nothing about what was before it.
 */
static void
assign_entry(struct journal *j, struct ks_redactor *redactor, bool is_torn)
{
	struct notes *notes = &j->notes;
	struct source *source = NULL;

	notes->container.pid = notes->pid;
	notes->container.priority = notes->priority;
	if (notes->stream.len)
		source = find_source(j, &notes->stream, redactor);
	else if (notes->container.len && ((notes->priority && notes->pid) || !is_torn))
		source = find_source(j, &notes->container, redactor);
	if (source) {
		source->used = ++j->clock;
	}
	j->message_streams = ONE(source ? STREAM_SOURCE + (unsigned)(source - j->sources)
	                                : STREAM_ALONE);
	if (!source && is_torn) {
		j->message_streams = all_streams(j);
		ks_redactor_give_up(redactor, j->message_streams);
	}
	j->line_break = notes->line_break;
	j->is_torn = is_torn;
	j->is_assigned = true;
}

static void
forget_entry(struct journal *j)
{
	j->noted = j->searched = 0;
	memset(&j->notes, 0, sizeof(j->notes));
	j->is_assigned = j->is_torn = j->is_past_addresses = false;
	j->place = AT_FIELD;
}

/* ------------------------------------------------------------ covering ---- */

#define COVER_MORE SIZE_MAX

/* The head of a field, and what its value is. */
static void
begin_field(struct journal *j, struct ks_redactor *redactor, const uint8_t *name,
            struct field field)
{
	static const uint8_t sign[] = { '=' };
	size_t len = field.name_len;

	j->last = 0;
	if (is_equal(name, len, "MESSAGE")) {
		j->streams = j->message_streams;
		ks_redactor_pass(redactor, field.head);
		return;
	}
	j->streams = ONE(STREAM_FIELDS);
	len += field.form == FORM_TEXT;
	ks_redactor_payload(redactor, STREAM_FIELDS, len);
	ks_redactor_pass(redactor, field.head - len);
	if (field.form == FORM_BINARY)
		ks_redactor_context(redactor, STREAM_FIELDS, sign, sizeof(sign));
}

static void
cover_value(struct journal *j, struct ks_redactor *redactor, const uint8_t *data, size_t n)
{
	if (n == 0)
		return;
	if (j->streams & (j->streams - 1))
		ks_redactor_payload_of_any(redactor, j->streams, n);
	else
		ks_redactor_payload(redactor, (unsigned)__builtin_ctzll(j->streams), n);
	j->last = data[n - 1];
}

/* Give the stream what the journal has taken from it: the end of the line. */
static void
end_line(const struct journal *j, struct ks_redactor *redactor, unsigned stream)
{
	static const uint8_t newline[] = { '\n' };

	if (stream < STREAM_SOURCE)
		ks_redactor_context(redactor, stream, hard_break, sizeof(hard_break));
	else if (j->line_break == BREAK_NUL)
		ks_redactor_context(redactor, stream, hard_break, 1);
	else if (j->line_break == BREAK_LINE &&
	         j->last != '\n') /* Podman leaves it in the message */
		ks_redactor_context(redactor, stream, newline, sizeof(newline));
}

/* A message of an entry that breaks off need not be the end of a line. */
static void
end_value(const struct journal *j, struct ks_redactor *redactor)
{
	if (!(j->is_torn && j->streams == j->message_streams))
		end_line(j, redactor, (unsigned)__builtin_ctzll(j->streams));
}

static size_t
line_length(const uint8_t *data, size_t len)
{
	const uint8_t *newline = memchr(data, '\n', len);

	return newline ? (size_t)(newline - data) : len;
}

static size_t
cover_text(struct journal *j, struct ks_redactor *redactor, const uint8_t *data, size_t len)
{
	size_t n = line_length(data, len);

	cover_value(j, redactor, data, n);
	if (n == len)
		return n;
	end_value(j, redactor);
	ks_redactor_pass(redactor, 1);
	j->place = AT_FIELD;
	return n + 1;
}

static size_t
cover_binary(struct journal *j, struct ks_redactor *redactor, const uint8_t *data, size_t len)
{
	size_t n = j->left < len ? (size_t)j->left : len;

	cover_value(j, redactor, data, n);
	j->left -= n;
	if (j->left == 0) {
		end_value(j, redactor);
		j->place = AFTER_BINARY;
	}
	return n;
}

static size_t
cover_raw(struct journal *j, struct ks_redactor *redactor, const uint8_t *data, size_t len)
{
	size_t n = line_length(data, len);

	j->place = n < len ? AT_FIELD : IN_RAW;
	n += n < len;
	ks_redactor_payload(redactor, STREAM_RAW, n);
	return n;
}

/*
 * Where the entry is and when it came: readers need that. Returns how many bytes were covered: 0 if it is no address; and
 * COVER_MORE if it takes more to tell.
 */
static size_t
cover_address(struct journal *j, struct ks_redactor *redactor, const uint8_t *data, size_t len,
              bool is_last)
{
	enum address address = ADDRESS_NONE;
	size_t n = 0;

	if (!j->is_past_addresses)
		address = ks_address_parse(data, len, &n);
	if (address == ADDRESS_OPEN && !is_last)
		return COVER_MORE;
	j->is_past_addresses = address != ADDRESS_WHOLE;
	ks_redactor_pass(redactor, n);
	return n;
}

/* An empty line, or the head of a field. Returns how many bytes were covered; 0: it takes more to tell. */
static size_t
cover_head(struct journal *j, struct ks_redactor *redactor, const uint8_t *data, size_t len,
           bool is_last)
{
	struct field field;
	size_t n;

	if (data[0] == '\n') {
		ks_redactor_pass(redactor, 1);
		ks_redactor_boundary(redactor);
		forget_entry(j);
		return 1;
	}
	n = cover_address(j, redactor, data, len, is_last);
	if (n > 0)
		return n == COVER_MORE ? 0 : n;
	field = read_head(data, len);
	if (field.form == FORM_MORE && !is_last)
		return 0;
	if (field.form == FORM_MORE || field.form == FORM_RAW)
		return cover_raw(j, redactor, data, len);
	begin_field(j, redactor, data, field);
	j->place = field.form == FORM_TEXT ? IN_TEXT : IN_BINARY;
	j->left = field.value_len;
	if (field.form == FORM_BINARY)
		(void)cover_binary(j, redactor, data, 0); /* it may be over already */
	return field.head;
}

/* Returns how many bytes were covered; 0: it takes more to tell. */
static size_t
cover_next(struct journal *j, struct ks_redactor *redactor, const uint8_t *data, size_t len,
           bool is_last)
{
	switch (j->place) {
	case IN_TEXT:
		return cover_text(j, redactor, data, len);
	case IN_BINARY:
		return cover_binary(j, redactor, data, len);
	case IN_RAW:
		return cover_raw(j, redactor, data, len);
	case AFTER_BINARY:
		j->place = AT_FIELD;
		if (data[0] != '\n')
			break;
		ks_redactor_pass(redactor, 1);
		return 1;
	case AT_FIELD:
		break;
	}
	return cover_head(j, redactor, data, len, is_last);
}

/* Is it known of which source the entry is that begins at data, or goes on there? */
static bool
is_assigned(struct journal *j, struct ks_redactor *redactor, const uint8_t *data, size_t len,
            bool is_last)
{
	enum outcome outcome;

	if (j->is_assigned)
		return true;
	outcome = await_entry(j, data, len, ks_redactor_limit(redactor));
	if (outcome == NEEDS_MORE && !is_last)
		return false;
	assign_entry(j, redactor, outcome == NEEDS_MORE);
	return true;
}

static void
journal_parse(void *state, struct ks_redactor *redactor, const uint8_t *data, size_t len,
              bool is_last)
{
	struct journal *j = state;
	size_t at = 0, n = 1;

	while (n > 0 && at < len) {
		if (!is_assigned(j, redactor, data + at, len - at, is_last))
			return;
		n = cover_next(j, redactor, data + at, len - at, is_last);
		at += n;
	}
}

static void
journal_restart(void *state, struct ks_redactor *redactor)
{
	static const uint8_t newline[] = { '\n' };
	struct journal *j = state;

	if (j->place == IN_TEXT || j->place == IN_BINARY)
		end_value(j, redactor);
	if (j->is_torn) {
		ks_redactor_give_up(redactor, j->message_streams);
		end_line(j, redactor, (unsigned)__builtin_ctzll(j->message_streams));
	}
	if (j->place == IN_RAW)
		ks_redactor_context(redactor, STREAM_RAW, newline, sizeof(newline));
	forget_entry(j);
}

const struct parser ks_journal_parser = {
	.frame = KS_FRAME_JOURNAL,
	.state_size = sizeof(struct journal),
	.parse = journal_parse,
	.restart = journal_restart,
};
