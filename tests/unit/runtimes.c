/* SPDX-License-Identifier: Apache-2.0 */
/* Plain, byte by byte, and written from what the runtimes do, not from how keysieve reads it. */
#include "runtimes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

void
bytes_add(struct bytes *bytes, const void *data, size_t len)
{
	if (bytes->len + len > bytes->size) {
		bytes->size = 2 * (bytes->len + len) + 64;
		bytes->at = realloc(bytes->at, bytes->size);
		if (!bytes->at)
			abort();
	}
	if (len)
		memcpy(bytes->at + bytes->len, data, len);
	bytes->len += len;
}

void
bytes_add_text(struct bytes *bytes, const char *text)
{
	bytes_add(bytes, text, strlen(text));
}

void
bytes_free(struct bytes *bytes)
{
	free(bytes->at);
	*bytes = (struct bytes){ NULL };
}

static void
bytes_drop(struct bytes *bytes, size_t n)
{
	bytes->len -= n;
	memmove(bytes->at, bytes->at + n, bytes->len);
}

/* A byte that is read, and where it lies. */
static void
note(struct payload *p, uint8_t byte, size_t at, size_t width)
{
	bytes_add(&p->text, &byte, 1);
	if (p->text.len > p->spot_size) {
		p->spot_size = 2 * p->text.len;
		p->spots = realloc(p->spots, p->spot_size * sizeof(*p->spots));
		if (!p->spots)
			abort();
	}
	p->spots[p->text.len - 1] = (struct spot){ at, width };
}

/* Text that is read, but lies nowhere. */
static void
note_text(struct payload *p, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		note(p, (uint8_t)text[i], 0, 0);
}

/* Bytes of the frames that are read as they are. */
static void
put(struct model *m, unsigned stream, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		note(&m->payloads[stream], data[i], m->frames.len + i, 1);
	bytes_add(&m->frames, data, len);
}

static void
put_time(struct model *m)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "2026-11-22T10:%02u:%02u.%09uZ",
	               (unsigned)(random_next(&m->random) % 60),
	               (unsigned)(random_next(&m->random) % 60),
	               (unsigned)(random_next(&m->random) % 1000000000));
	bytes_add_text(&m->frames, text);
}

/* ----------------------------------------------------------------- CRI ---- */

static void
put_cri(struct model *m, unsigned stream, const uint8_t *data, size_t len, bool is_partial)
{
	put_time(m);
	bytes_add_text(&m->frames, stream == PAYLOAD_STDOUT ? " stdout " : " stderr ");
	bytes_add_text(&m->frames, is_partial ? "P" : "F");
	bytes_add_text(&m->frames, random_next(&m->random) % 8 ? " " : ":tag ");
	put(m, stream, data, len);
	if (is_partial)
		bytes_add_text(&m->frames, "\n");
	else
		put(m, stream, (const uint8_t *)"\n", 1);
}

static void
containerd_byte(struct model *m, unsigned stream, uint8_t byte)
{
	struct bytes *line = &m->line[stream];

	if (byte == '\n') {
		if (line->len && line->at[line->len - 1] == '\r')
			line->len--;
		put_cri(m, stream, line->at, line->len, false);
		line->len = 0;
		return;
	}
	bytes_add(line, &byte, 1);
	if (line->len > m->piece) {
		put_cri(m, stream, line->at, m->piece, true);
		bytes_drop(line, m->piece);
	}
}

/* What comes in one read. */
static void
conmon_read(struct model *m, unsigned stream, const uint8_t *data, size_t len)
{
	while (len > 0) {
		const uint8_t *end = memchr(data, '\n', len);
		size_t n = end ? (size_t)(end - data) : len;

		put_cri(m, stream, data, n, !end);
		n += end != NULL;
		data += n;
		len -= n;
	}
}

/* -------------------------------------------------------------- Docker ---- */

static void
put_escape(struct model *m, unsigned stream, const char *escape, const uint8_t *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		note(&m->payloads[stream], text[i], m->frames.len, strlen(escape));
	bytes_add_text(&m->frames, escape);
}

static void
put_json_ascii(struct model *m, unsigned stream, uint8_t byte)
{
	char escape[8];

	if (byte == '\\' || byte == '"')
		(void)snprintf(escape, sizeof(escape), "\\%c", byte);
	else if (byte == '\n' || byte == '\r')
		(void)snprintf(escape, sizeof(escape), "\\%c", byte == '\n' ? 'n' : 'r');
	else if (byte < 0x20 || byte == '<' || byte == '>' || byte == '&')
		(void)snprintf(escape, sizeof(escape), "\\u%04x", byte);
	else {
		put(m, stream, &byte, 1);
		return;
	}
	put_escape(m, stream, escape, &byte, 1);
}

/* The length of a character of UTF-8, as far as these tests have such; 0: it is none. */
static size_t
character_length(const uint8_t *text, size_t len)
{
	size_t n = text[0] >= 0xf1 && text[0] <= 0xf3   ? 4
	           : text[0] >= 0xe1 && text[0] <= 0xec ? 3
	           : text[0] >= 0xc2 && text[0] <= 0xdf ? 2
	                                                : 0;

	for (size_t i = 1; i < n; i++) {
		if (i >= len || (text[i] & 0xc0) != 0x80)
			return 0;
	}
	return n;
}

static void
put_json_string(struct model *m, unsigned stream, const uint8_t *data, size_t len)
{
	for (size_t n = 1; len > 0; data += n, len -= n) {
		n = 1;
		if (*data < 0x80) {
			put_json_ascii(m, stream, *data);
			continue;
		}
		n = character_length(data, len);
		if (n == 0)
			put_escape(m, stream, "\\ufffd", (const uint8_t *)"\xef\xbf\xbd", 3);
		else if (n == 3 && memcmp(data, "\xe2\x80\xa8", 3) == 0)
			put_escape(m, stream, "\\u2028", data, 3);
		else
			put(m, stream, data, n);
		n += n == 0;
	}
}

/* Other fields, which users choose. */
static void
put_attributes(struct model *m)
{
	struct payload *p = &m->payloads[PAYLOAD_FIELDS];
	static const uint8_t value[] = "a/b/c?key=0000000000000";

	note_text(p, "\0\n", 2);
	bytes_add_text(&m->frames, ",\"");
	put(m, PAYLOAD_FIELDS, (const uint8_t *)"attrs", 5);
	note_text(p, "\":\"\0\n", 5);
	bytes_add_text(&m->frames, "\":{\"");
	put(m, PAYLOAD_FIELDS, (const uint8_t *)"tag", 3);
	note_text(p, "\":\"", 3);
	bytes_add_text(&m->frames, "\":\"");
	put_json_string(m, PAYLOAD_FIELDS, value, sizeof(value) - 1);
	note_text(p, "\0\n", 2);
	bytes_add_text(&m->frames, "\"}");
}

static void
put_docker(struct model *m, unsigned stream, const uint8_t *data, size_t len, bool is_partial)
{
	bytes_add_text(&m->frames, "{\"log\":\"");
	put_json_string(m, stream, data, len);
	if (!is_partial)
		put_escape(m, stream, "\\n", (const uint8_t *)"\n", 1);
	bytes_add_text(&m->frames, stream == PAYLOAD_STDOUT ? "\",\"stream\":\"stdout\""
	                                                    : "\",\"stream\":\"stderr\"");
	if (random_next(&m->random) % 8 == 0)
		put_attributes(m);
	bytes_add_text(&m->frames, ",\"time\":\"");
	put_time(m);
	bytes_add_text(&m->frames, "\"}\n");
}

/* ------------------------------------------------------------- journal ---- */

static bool
is_printable(const uint8_t *data, size_t len)
{
	for (size_t n = 1; len > 0; data += n, len -= n) {
		n = *data < 0x80 ? 1 : character_length(data, len);
		if (n == 0 || (*data < 0x20 && *data != '\t'))
			return false;
	}
	return true;
}

/* The value's bytes are put; what they are read as is the caller's. */
static void
put_field(struct model *m, unsigned stream, const char *name, const uint8_t *data, size_t len)
{
	bytes_add_text(&m->frames, name);
	if (is_printable(data, len)) {
		bytes_add_text(&m->frames, "=");
	} else {
		uint8_t size[8];

		for (unsigned i = 0; i < 8; i++)
			size[i] = (uint8_t)((uint64_t)len >> 8 * i);
		bytes_add_text(&m->frames, "\n");
		bytes_add(&m->frames, size, 8);
	}
	put(m, stream, data, len);
	bytes_add_text(&m->frames, "\n");
}

static void
put_other_field(struct model *m, const char *name, const char *value)
{
	struct payload *p = &m->payloads[PAYLOAD_FIELDS];

	note_text(p, name, strlen(name));
	note_text(p, "=", 1);
	put_field(m, PAYLOAD_FIELDS, name, (const uint8_t *)value, strlen(value));
	note_text(p, "\0\n", 2);
}

/* Up to four of the fields that say where an entry comes from, ended by NULL. */
struct origin {
	const char *fields[6][2];
};

/* A message, and what its origin is, in any order. */
static void
put_entry(struct model *m, unsigned stream, const uint8_t *data, size_t len,
          const struct origin *origin)
{
	size_t count = 0, at;

	while (origin->fields[count][0])
		count++;
	at = random_next(&m->random) % (count + 1);
	bytes_add_text(&m->frames, "__CURSOR=s=0123456789abcdef0123456789abcdef;i=1;"
	                           "b=fedcba9876543210fedcba9876543210;m=2;t=3;x=4\n"
	                           "__REALTIME_TIMESTAMP=3\n");
	if (random_next(&m->random) % 4 == 0)
		put_other_field(m, "_CMDLINE", "curl http://x/?key=0000000000000");
	if (random_next(&m->random) % 4 == 0)
		put_other_field(m, "CODE", "acme\n_token: 0000000000000000");
	for (size_t i = 0; i <= count; i++) {
		if (i == at)
			put_field(m, stream, "MESSAGE", data, len);
		if (i < count)
			put_other_field(m, origin->fields[i][0], origin->fields[i][1]);
	}
	bytes_add_text(&m->frames, random_next(&m->random) % 8 ? "\n" : "\n\n");
}

static void
put_journald(struct model *m, unsigned stream, const uint8_t *data, size_t len,
             const char *line_break)
{
	const char *id = stream == PAYLOAD_STDOUT ? "0123456789abcdef0123456789abcdef"
	                                          : "0123456789abcdef0123456789abcdee";
	struct origin origin = { { { "_STREAM_ID", id }, { "_LINE_BREAK", line_break } } };

	if (len == 0)
		return;
	if (!line_break)
		origin.fields[1][0] = NULL;
	put_entry(m, stream, data, len, &origin);
	if (!line_break || strcmp(line_break, "eof") == 0)
		note_text(&m->payloads[stream], "\n", 1);
	else if (strcmp(line_break, "nul") == 0)
		note_text(&m->payloads[stream], "\0", 1);
}

static void
journald_byte(struct model *m, unsigned stream, uint8_t byte)
{
	struct bytes *line = &m->line[stream];

	if (byte == '\n' || byte == '\0') {
		put_journald(m, stream, line->at, line->len, byte == '\0' ? "nul" : NULL);
		line->len = 0;
		return;
	}
	bytes_add(line, &byte, 1);
	if (line->len == m->piece) {
		put_journald(m, stream, line->at, line->len, "line-max");
		line->len = 0;
	}
}

static void
put_container(struct model *m, unsigned stream, const uint8_t *data, size_t len, bool is_partial)
{
	struct origin origin = { {
		{ "CONTAINER_ID_FULL",
		  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" },
		{ "PRIORITY", stream == PAYLOAD_STDOUT ? "6" : "3" },
		{ "CONTAINER_PARTIAL_MESSAGE", "true" },
	} };

	if (!is_partial)
		origin.fields[2][0] = NULL;
	put_entry(m, stream, data, len, &origin);
}

static void
docker_journald_piece(struct model *m, unsigned stream, const struct bytes *line, bool is_partial)
{
	put_container(m, stream, line->at, line->len, is_partial);
	if (!is_partial)
		note_text(&m->payloads[stream], "\n", 1);
}

void
model_send(struct model *m, const uint8_t *message, size_t len)
{
	struct origin origin = { { { "_TRANSPORT", "syslog" }, { "PRIORITY", "6" } } };

	if (runtime_frame(m->runtime) != KS_FRAME_JOURNAL)
		return;
	put_entry(m, PAYLOAD_ALONE, message, len, &origin);
	note_text(&m->payloads[PAYLOAD_ALONE], "\0\n", 2);
}

/* ----------------------------------------------------------------- all ---- */

const char *
runtime_name(enum runtime runtime)
{
	static const char *const names[RUNTIME_COUNT] = { "containerd",       "conmon",
		                                          "docker",           "journald",
		                                          "docker, journald", "conmon, journald" };

	return names[runtime];
}

enum ks_frame
runtime_frame(enum runtime runtime)
{
	if (runtime <= RUNTIME_CONMON)
		return KS_FRAME_CRI;
	return runtime == RUNTIME_DOCKER ? KS_FRAME_DOCKER : KS_FRAME_JOURNAL;
}

size_t
runtime_piece(enum runtime runtime)
{
	static const size_t pieces[RUNTIME_COUNT] = { 16384, 8192, 16384, 49152, 16384, 8191 };

	return pieces[runtime];
}

void
model_init(struct model *m, enum runtime runtime, size_t piece, uint64_t seed)
{
	*m = (struct model){ .runtime = runtime, .piece = piece, .random = seed };
}

/* The runtimes that gather lines, and cut them when a buffer is full. */
static void
put_gathered(struct model *m, unsigned stream, bool is_partial)
{
	struct bytes *line = &m->line[stream];

	if (m->runtime == RUNTIME_DOCKER)
		put_docker(m, stream, line->at, line->len, is_partial);
	else if (m->runtime == RUNTIME_DOCKER_JOURNALD)
		docker_journald_piece(m, stream, line, is_partial);
	else
		put_container(m, stream, line->at, line->len, is_partial);
	line->len = 0;
}

static void
gather_byte(struct model *m, unsigned stream, uint8_t byte)
{
	struct bytes *line = &m->line[stream];

	if (byte != '\n' || m->runtime == RUNTIME_CONMON_JOURNALD)
		bytes_add(line, &byte, 1);
	if (byte == '\n')
		put_gathered(m, stream, false);
	else if (line->len == m->piece)
		put_gathered(m, stream, true);
}

void
model_write(struct model *m, unsigned stream, const uint8_t *data, size_t len)
{
	if (m->runtime == RUNTIME_CONMON) {
		for (size_t n; len > 0; data += n, len -= n) {
			n = len < m->piece ? len : m->piece;
			conmon_read(m, stream, data, n);
		}
		return;
	}
	for (size_t i = 0; i < len; i++) {
		if (m->runtime == RUNTIME_CONTAINERD)
			containerd_byte(m, stream, data[i]);
		else if (m->runtime == RUNTIME_JOURNALD)
			journald_byte(m, stream, data[i]);
		else
			gather_byte(m, stream, data[i]);
	}
}

void
model_close(struct model *m)
{
	for (unsigned stream = 0; stream < 2; stream++) {
		const struct bytes *line = &m->line[stream];

		if (line->len == 0)
			continue;
		if (m->runtime == RUNTIME_CONTAINERD)
			put_cri(m, stream, line->at, line->len, true);
		else if (m->runtime == RUNTIME_JOURNALD)
			put_journald(m, stream, line->at, line->len, "eof");
		else
			put_gathered(m, stream, true);
	}
}

void
model_done(struct model *m)
{
	bytes_free(&m->frames);
	for (unsigned i = 0; i < PAYLOAD_COUNT; i++) {
		bytes_free(&m->payloads[i].text);
		free(m->payloads[i].spots);
	}
	bytes_free(&m->line[0]);
	bytes_free(&m->line[1]);
}
