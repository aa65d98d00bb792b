/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: any bytes as a file of known values. Its values are its lines, without their ends, each with its
 * number. It is taken, or refused with messages that show nothing of it. And what was taken is masked where it stands:
 * in the file itself, at any cut, no value is left.
 */
#include <ctype.h>
#include <stdio.h>
#include <sys/stat.h>

#include "known_source.h"
#include "known_values.h"
#include "messages.h"

#define INPUT_MAX 1024U
#define WINDOW    8U
#define FILL      0x01

static const struct ks_rule rule = {
	.id = "none", .trigger = "\\x01\\x02never", .body = "a", .min = 8
};

/* ------------------------------------------------------------------------ lines ---- */

struct line {
	const uint8_t *bytes;
	size_t len;
};

/* The line that *data begins with, without LF, CRLF, or a CR that ends the file; *data is moved behind it. */
static struct line
take_line(struct choices *data)
{
	const uint8_t *end = memchr(data->data, '\n', data->len);
	struct line line = { data->data, end ? (size_t)(end - data->data) : data->len };
	size_t whole = line.len + (end != NULL);

	data->data += whole;
	data->len -= whole;
	if (line.len > 0 && line.bytes[line.len - 1] == '\r')
		line.len--;
	return line;
}

/* The values are the lines that are not empty. */
static void
check_source(const struct known_source *source, struct choices data)
{
	size_t number = 0, i = 0;

	if (data.len >= 3 && memcmp(data.data, "\xef\xbb\xbf", 3) == 0) {
		data.data += 3;
		data.len -= 3;
	}
	while (data.len > 0) {
		struct line line = take_line(&data);
		const struct known_value *value;

		number++;
		if (line.len == 0)
			continue;
		require(i < source->count, "a line is missing");
		value = &source->values[i];
		require(value->len == line.len && value->number == number, "another line");
		require(memcmp(ks_known_source_bytes(source, value), line.bytes, line.len) == 0,
		        "another value");
		i++;
	}
	require(i == source->count, "more values than lines");
}

static void
read_source(const char *path, struct choices data)
{
	struct known_source source = { 0 };
	struct ks_error error = { 0 };
	int r = ks_known_source_read(&source, KNOWN_FILE, path, &error);

	require(r == KS_OK || r == KS_ERROR_FILE, "another error");
	require(r == KS_OK || is_plain_text(error.text), "no plain words");
	if (r == KS_OK)
		check_source(&source, data);
	ks_known_source_done(&source);
}

/* ---------------------------------------------------------------------- masking ---- */

static void
mask(const struct ks_known *known, uint8_t *text, size_t len, size_t cut)
{
	static struct ks_ruleset *set;
	static struct ks_scratch *scratch;
	struct ks_stream_options options = { .known = known, .fill = FILL };

	if (!set)
		require(ks_ruleset_new(&rule, 1, &set, NULL) == KS_OK &&
		                ks_scratch_new(set, &scratch) == KS_OK,
		        "no rules");
	mask_in_cuts(set, scratch, &options, text, len, cut);
}

/* No value that was taken is left; but one that is nothing else than fill and line ends stays what it is. */
static void
check_masked(const uint8_t *text, size_t len, struct choices data)
{
	while (data.len > 0) {
		struct line line = take_line(&data);
		bool has_others = false;

		for (size_t i = 0; i < line.len; i++)
			has_others |= line.bytes[i] != FILL && line.bytes[i] != '\r';
		require(line.len < KS_KNOWN_MIN || !has_others ||
		                !memmem(text, len, line.bytes, line.len),
		        "a value that is known is left");
	}
}

static void
try_values(const struct known_values *values, struct choices data, size_t cut)
{
	uint8_t whole[INPUT_MAX], pieces[INPUT_MAX];

	if (data.len >= 3 && memcmp(data.data, "\xef\xbb\xbf", 3) == 0) {
		data.data += 3;
		data.len -= 3;
	}
	if (!values->compiled || data.len == 0)
		return;
	memcpy(whole, data.data, data.len);
	memcpy(pieces, data.data, data.len);
	mask(values->compiled, whole, data.len, data.len);
	mask(values->compiled, pieces, data.len, cut);
	require(memcmp(whole, pieces, data.len) == 0, "cuts make a difference");
	check_masked(whole, data.len, data);
}

/* --------------------------------------------------------------------- messages ---- */

/* Messages are in small letters, but for one, and a line's end belongs to no value. */
static void
check_messages(const struct messages *m, const char *path, const struct choices *data)
{
	static const char format[] = "%s: UTF-16, which no log is likely to be; it must be UTF-8\n";
	char with_capitals[TARGET_PATH_SIZE + sizeof(format)];
	size_t len = (size_t)snprintf(with_capitals, sizeof(with_capitals), format, path);

	for (size_t i = 0; i + WINDOW <= m->len; i++) {
		bool is_other = false;

		if (memmem(with_capitals, len, m->text + i, WINDOW))
			continue;
		for (size_t k = 0; k < WINDOW; k++)
			is_other |= (m->text[i + k] < ' ' && m->text[i + k] != '\n') ||
			            isupper((unsigned char)m->text[i + k]);
		require(!is_other || !memmem(data->data, data->len, m->text + i, WINDOW),
		        "bytes of a value in a message");
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct messages messages;
	struct choices c = { data, len };
	size_t cut = choose(&c) % 50 + 1;
	struct known_values *values = NULL;
	const char *paths[1];
	struct options options = { .known = { .items = paths, .count = 1 } };
	char path[TARGET_PATH_SIZE];
	int fd, r;

	if (c.len > INPUT_MAX)
		return 0;
	fd = file_of(c.data, c.len);
	require(fchmod(fd, 0600) == 0, "no file");
	paths[0] = path_of(fd, path);
	read_source(path, c);
	messages_begin(&messages);
	r = ks_known_values_new(&options, &values);
	if (r == 0)
		ks_known_values_tell(values, NULL);
	messages_end(&messages);
	require(r == 0 || r == EXIT_CONFIG, "another status");
	check_messages(&messages, path, &c);
	if (r == 0)
		try_values(values, c, cut);
	if (r == 0)
		ks_known_values_free(values);
	(void)close(fd);
	return 0;
}
