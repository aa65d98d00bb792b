/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Docker's json-file: a line is an object whose member "log" is a piece of what a container wrote to the
 * stream that its member "stream" names. A piece that does not end a line of the container's does not end
 * in \n either, so the pieces of a stream, one behind the other, are what was written.
 *
 * A line is covered when it is whole, since it says late which stream it is of: it is looked through twice,
 * first to learn that, then to say what its bytes are. What is no such line is raw text.
 */
#include <string.h>

#include "json_scan.h"
#include "parser.h"
#include "stamp.h"

enum { STREAM_STDOUT, STREAM_STDERR, STREAM_RAW, STREAM_OTHER };

#define NO_STREAM FRAME_STREAM_MAX
#define TIME_MAX  40U /* more than what a time takes, and the quote before it */
#define BOTH      (UINT64_C(1) << STREAM_STDOUT | UINT64_C(1) << STREAM_STDERR)

/* Nothing goes on across it. */
static const uint8_t hard_break[] = { '\0', '\n' };

struct docker {
	size_t searched;  /* of the bytes to cover, how many have no newline among them */
	bool is_too_long; /* they are the rest of a line that was */
	bool is_raw_open; /* the last raw text had no newline */
};

enum member { MEMBER_LOG, MEMBER_STREAM, MEMBER_TIME, MEMBER_OTHER };

/* A scan of a line. */
struct walk {
	struct json_scan scan;
	enum member member; /* of the line's object */
};

struct line {
	const uint8_t *text;
	size_t len;
	enum json_token ending;
	bool has_log, has_others, is_wrong;
	size_t log_from, log_to;
	unsigned stream; /* NO_STREAM: not known */
};

/* What says what the bytes of a line are. */
struct cover {
	struct ks_redactor *redactor;
	const struct line *line;
	size_t covered;
};

static bool
is_text(const struct json_scan *scan, const char *text)
{
	size_t len = scan->to - scan->from;

	return len == strlen(text) && memcmp(scan->text + scan->from, text, len) == 0;
}

static enum member
find_member(const struct json_scan *scan)
{
	if (is_text(scan, "log"))
		return MEMBER_LOG;
	if (is_text(scan, "stream"))
		return MEMBER_STREAM;
	return is_text(scan, "time") ? MEMBER_TIME : MEMBER_OTHER;
}

static bool
is_stamp(const uint8_t *text, size_t len)
{
	size_t n;

	return ks_stamp_parse(text, len, &n) == STAMP_WHOLE && n == len;
}

static bool
is_time(const struct json_scan *scan)
{
	return is_stamp(scan->text + scan->from, scan->to - scan->from);
}

static enum json_token
next_token(struct walk *walk)
{
	enum json_token token = ks_json_next(&walk->scan);

	if (token == JSON_KEY && walk->scan.depth == 1)
		walk->member = find_member(&walk->scan);
	return token;
}

/* Of which member of the line is the token the value? MEMBER_OTHER also if it is deeper. */
static enum member
value_of(const struct walk *walk)
{
	return walk->scan.depth == 1 ? walk->member : MEMBER_OTHER;
}

static void
learn_stream(const struct json_scan *scan, struct line *line)
{
	line->is_wrong |= line->stream != NO_STREAM;
	if (is_text(scan, "stdout"))
		line->stream = STREAM_STDOUT;
	else if (is_text(scan, "stderr"))
		line->stream = STREAM_STDERR;
	else
		line->is_wrong = true;
}

/* A name that is not Docker's, or a value: of a label or a variable that somebody chose to log. Docker writes no numbers. */
static bool
is_other(const struct walk *walk, enum json_token token)
{
	if (token == JSON_PLAIN)
		return true;
	if (token != JSON_KEY && token != JSON_STRING)
		return false;
	return value_of(walk) == MEMBER_OTHER ||
	       (value_of(walk) == MEMBER_TIME && token == JSON_STRING && !is_time(&walk->scan));
}

static void
learn_log(const struct json_scan *scan, struct line *line)
{
	line->is_wrong |= line->has_log;
	line->has_log = true;
	line->log_from = scan->from;
	line->log_to = scan->to;
}

static struct line
learn(const uint8_t *text, size_t len)
{
	struct walk walk = { .scan = { .text = text, .len = len }, .member = MEMBER_OTHER };
	struct line line = { .text = text, .len = len, .stream = NO_STREAM };

	do {
		line.ending = next_token(&walk);
		line.has_others |= is_other(&walk, line.ending);
		if (line.ending == JSON_STRING && value_of(&walk) == MEMBER_STREAM)
			learn_stream(&walk.scan, &line);
		if (line.ending == JSON_STRING && value_of(&walk) == MEMBER_LOG)
			learn_log(&walk.scan, &line);
	} while (line.ending < JSON_END);
	if (line.ending == JSON_TORN && walk.scan.from < walk.scan.to &&
	    value_of(&walk) == MEMBER_LOG)
		learn_log(&walk.scan, &line);
	return line;
}

/* Is it a line of Docker's, or the beginning of the last one, which was never finished? */
static bool
is_piece(const struct line *line, bool is_whole)
{
	if (line->is_wrong || !line->has_log)
		return false;
	return line->ending == JSON_END ? line->stream != NO_STREAM
	                                : line->ending == JSON_TORN && !is_whole;
}

static uint64_t
streams_of(unsigned stream)
{
	return stream == NO_STREAM ? BOTH : UINT64_C(1) << stream;
}

static void
cover_plain(struct cover *c, unsigned stream, size_t n)
{
	if (stream == NO_STREAM)
		ks_redactor_payload_of_any(c->redactor, BOTH, n);
	else
		ks_redactor_payload(c->redactor, stream, n);
}

/* The payload text[from, to) of a line, and what of the frames is before it. */
static void
cover_text(struct cover *c, unsigned stream, size_t from, size_t to)
{
	const uint8_t *text = c->line->text;
	uint8_t character[JSON_CHARACTER_MAX] = { 0 };

	ks_redactor_pass(c->redactor, from - c->covered);
	for (size_t n, at = from; at < to; at += n) {
		size_t len = 0;

		n = text[at] == '\\' ? ks_json_unescape(text + at, to - at, character, &len) : 0;
		if (n) {
			ks_redactor_escape_of_any(c->redactor, streams_of(stream), n, character,
			                          len);
			continue;
		}
		if (text[at] == '\\') { /* the line breaks off in an escape */
			ks_redactor_pass(c->redactor, to - at);
			break;
		}
		n = ks_json_plain_length(text + at, to - at);
		cover_plain(c, stream, n);
	}
	c->covered = to;
}

static void
cover_other(struct cover *c, const struct json_scan *scan, enum json_token token)
{
	static const uint8_t colon[] = { '"', ':', '"' };
	bool is_name = token == JSON_KEY;

	if (is_name)
		ks_redactor_context(c->redactor, STREAM_OTHER, hard_break, sizeof(hard_break));
	cover_text(c, STREAM_OTHER, scan->from, scan->to);
	ks_redactor_context(c->redactor, STREAM_OTHER, is_name ? colon : hard_break,
	                    is_name ? sizeof(colon) : sizeof(hard_break));
}

/* The line breaks off: all that is left of it is payload of something. */
static void
cover_torn(struct cover *c)
{
	if (c->covered < c->line->log_from)
		cover_text(c, c->line->stream, c->line->log_from, c->line->log_to);
	cover_text(c, STREAM_OTHER, c->covered, c->line->len);
}

/* A line with more than Docker's own members. */
static void
cover_members(struct cover *c)
{
	const struct line *line = c->line;
	struct walk walk = { .scan = { .text = line->text, .len = line->len },
		             .member = MEMBER_OTHER };
	enum json_token token;

	do {
		token = next_token(&walk);
		if (is_other(&walk, token))
			cover_other(c, &walk.scan, token);
		else if (token == JSON_STRING && value_of(&walk) == MEMBER_LOG)
			cover_text(c, line->stream, line->log_from, line->log_to);
	} while (token < JSON_END);
	if (token == JSON_TORN)
		cover_torn(c);
}

static void
cover_piece(struct ks_redactor *redactor, const struct line *line)
{
	struct cover c = { .redactor = redactor, .line = line };

	if (line->has_others || line->ending == JSON_TORN)
		cover_members(&c);
	else
		cover_text(&c, line->stream, line->log_from, line->log_to);
	ks_redactor_pass(redactor, line->len - c.covered);
}

/* ----------------------------------------------------- lines as Docker writes them ---- */

/* Does text[0, end) end in these words? If so, *end is where they begin. */
static bool
take_off_end(const uint8_t *text, size_t *end, const char *words)
{
	size_t len = strlen(words);

	if (*end < len || memcmp(text + *end - len, words, len) != 0)
		return false;
	*end -= len;
	return true;
}

/* The same of a time that stands behind a quote. */
static bool
take_off_time(const uint8_t *text, size_t *end)
{
	size_t most = *end < TIME_MAX ? *end : TIME_MAX;
	const uint8_t *quote = memrchr(text + *end - most, '"', most);
	size_t from = quote ? (size_t)(quote - text) + 1 : *end;

	if (!is_stamp(text + from, *end - from))
		return false;
	*end = from;
	return true;
}

/*
 * Of which stream is a line that ends as Docker's do: ","stream":"stdout","time":"..."}? *ret_end is where that
 * begins, if the text of the log ends there; NO_STREAM: it does not end so.
 */
static unsigned
read_end(const uint8_t *text, size_t len, size_t *ret_end)
{
	unsigned stream = NO_STREAM;
	size_t at = len;

	if (!take_off_end(text, &at, "\"}") || !take_off_time(text, &at) ||
	    !take_off_end(text, &at, "\",\"time\":\""))
		return NO_STREAM;
	if (take_off_end(text, &at, "stdout"))
		stream = STREAM_STDOUT;
	else if (take_off_end(text, &at, "stderr"))
		stream = STREAM_STDERR;
	if (!take_off_end(text, &at, "\",\"stream\":\""))
		return NO_STREAM;
	*ret_end = at;
	return stream;
}

/*
 * Most lines: members in Docker's order and no others, so that they need be looked through only once. Returns
 * false, with nothing covered, if the line is another.
 */
static bool
cover_usual_line(struct ks_redactor *redactor, const uint8_t *text, size_t len)
{
	static const char begin[] = "{\"log\":\"";
	size_t from = sizeof(begin) - 1, to = 0, decoded;
	unsigned stream = read_end(text, len, &to);
	uint8_t *room;

	if (stream == NO_STREAM || to <= from || memcmp(text, begin, from) != 0)
		return false;
	room = ks_redactor_room(redactor, stream, len, to - from);
	decoded = room ? ks_json_decode(text + from, to - from, room) : SIZE_MAX;
	if (decoded == SIZE_MAX)
		return false;
	ks_redactor_pass(redactor, from);
	ks_redactor_string(redactor, stream, to - from, decoded);
	ks_redactor_pass(redactor, len - to);
	return true;
}

/*
 * A line without its newline. Where it breaks off before it says of which stream it is, it may be of either, and
 * decides nothing about what was before it.
 */
static void
cover_line(struct docker *docker, struct ks_redactor *redactor, const uint8_t *text, size_t len,
           bool is_whole)
{
	struct line line;

	if (is_whole && cover_usual_line(redactor, text, len)) {
		ks_redactor_pass(redactor, 1);
		return;
	}
	line = learn(text, len);
	if (!is_piece(&line, is_whole)) {
		ks_redactor_payload(redactor, STREAM_RAW, len + is_whole);
		docker->is_raw_open = !is_whole;
		return;
	}
	if (line.stream == NO_STREAM)
		ks_redactor_give_up(redactor, BOTH);
	cover_piece(redactor, &line);
	ks_redactor_pass(redactor, is_whole);
}

/* Returns how many bytes were covered. */
static size_t
cover_rest(struct docker *docker, struct ks_redactor *redactor, const uint8_t *data, size_t len)
{
	const uint8_t *newline = memchr(data, '\n', len);
	size_t n = newline ? (size_t)(newline - data) + 1 : len;

	ks_redactor_payload(redactor, STREAM_RAW, n);
	docker->is_raw_open = !newline;
	if (newline) {
		docker->is_too_long = false;
		ks_redactor_boundary(redactor);
	}
	return n;
}

/* Returns how many bytes were covered; 0: it takes more to tell. */
static size_t
cover_next(struct docker *docker, struct ks_redactor *redactor, const uint8_t *data, size_t len,
           bool is_last)
{
	size_t limit = ks_redactor_limit(redactor), seen = len < limit ? len : limit;
	const uint8_t *newline = memchr(data + docker->searched, '\n', seen - docker->searched);

	docker->searched = seen;
	if (!newline && seen < limit && !is_last)
		return 0;
	docker->searched = 0;
	if (newline) {
		cover_line(docker, redactor, data, (size_t)(newline - data), true);
		ks_redactor_boundary(redactor);
		return (size_t)(newline - data) + 1;
	}
	if (seen < limit) {
		cover_line(docker, redactor, data, len, false);
		return len;
	}
	docker->is_too_long = true;
	return cover_rest(docker, redactor, data, len);
}

static void
docker_parse(void *state, struct ks_redactor *redactor, const uint8_t *data, size_t len,
             bool is_last)
{
	struct docker *docker = state;
	size_t at = 0, n;

	do {
		n = docker->is_too_long
		            ? cover_rest(docker, redactor, data + at, len - at)
		            : cover_next(docker, redactor, data + at, len - at, is_last);
		at += n;
	} while (n > 0 && at < len);
}

static void
docker_restart(void *state, struct ks_redactor *redactor)
{
	static const uint8_t newline[] = { '\n' };
	struct docker *docker = state;

	docker->searched = 0;
	docker->is_too_long = false;
	if (docker->is_raw_open)
		ks_redactor_context(redactor, STREAM_RAW, newline, sizeof(newline));
	docker->is_raw_open = false;
}

const struct parser ks_docker_parser = {
	.frame = KS_FRAME_DOCKER,
	.state_size = sizeof(struct docker),
	.parse = docker_parse,
	.restart = docker_restart,
};
