/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines of a ledger. Invariant: buffer[at, len) was read but not looked at, and at most the line that is looked
 * at is in memory. zlib knows by itself whether a file is gzipped.
 */
#include "ledger_reader.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "ledger_line.h"

#define LINE_MAX_SIZE ((size_t)1 << 18) /* of names, a few kilobytes are the most there can be */

struct ledger_reader {
	gzFile file;
	char *buffer, *texts; /* LINE_MAX_SIZE, and one more */
	size_t at, len;
	bool is_over;
	uint64_t line, rest;
	const char *problem;
};

int
ks_ledger_reader_new(int fd, struct ledger_reader **ret_reader)
{
	struct ledger_reader *reader = calloc(1, sizeof(*reader));

	if (reader) {
		reader->buffer = malloc(LINE_MAX_SIZE);
		reader->texts = malloc(LINE_MAX_SIZE + 1);
		reader->file = gzdopen(fd, "rb");
	}
	if (!reader || !reader->file)
		(void)close(fd);
	if (!reader || !reader->buffer || !reader->texts || !reader->file) {
		ks_ledger_reader_free(reader);
		return -ENOMEM;
	}
	(void)gzbuffer(reader->file, 1 << 17);
	*ret_reader = reader;
	return 0;
}

struct ledger_reader *
ks_ledger_reader_free(struct ledger_reader *reader)
{
	if (reader) {
		if (reader->file)
			(void)gzclose(reader->file);
		free(reader->buffer);
		free(reader->texts);
		free(reader);
	}
	return NULL;
}

uint64_t
ks_ledger_reader_line(const struct ledger_reader *reader)
{
	return reader->line;
}

uint64_t
ks_ledger_reader_rest(const struct ledger_reader *reader)
{
	return reader->rest;
}

const char *
ks_ledger_reader_problem(const struct ledger_reader *reader)
{
	return reader->problem;
}

/* ------------------------------------------------------------------------- lines ---- */

/* zlib reports a gzip file that breaks off once all before that is read. Returns -1. */
static int
fail(struct ledger_reader *reader, int sys)
{
	int status;
	const char *text = gzerror(reader->file, &status);

	reader->line = 0;
	reader->is_over = true;
	if (status == Z_ERRNO)
		reader->problem = strerror(sys);
	else if (status == Z_BUF_ERROR)
		reader->problem = "the gzip file breaks off";
	else if (status == Z_DATA_ERROR)
		reader->problem = "damaged gzip file";
	else
		reader->problem = text;
	return -1;
}

/* Read more behind what is in the buffer, if there is room. Returns how much there was, or -1. */
static int
fill(struct ledger_reader *reader)
{
	int n, status;

	memmove(reader->buffer, reader->buffer + reader->at, reader->len - reader->at);
	reader->len -= reader->at;
	reader->at = 0;
	if (reader->is_over || reader->len == LINE_MAX_SIZE)
		return 0;
	errno = 0;
	n = gzread(reader->file, reader->buffer + reader->len,
	           (unsigned)(LINE_MAX_SIZE - reader->len));
	if (n < 0)
		return fail(reader, errno);
	if (n == 0 && (gzerror(reader->file, &status), status != Z_OK))
		return fail(reader, errno);
	reader->is_over = n == 0;
	reader->len += (size_t)n;
	return n;
}

/* Find the end of the line that begins at at. Returns 1, 0 if it has none or is too long, or -1. */
static int
find_end(struct ledger_reader *reader, size_t *ret_len)
{
	size_t looked = 0;

	for (;;) {
		const char *start = reader->buffer + reader->at;
		const char *end = memchr(start + looked, '\n', reader->len - reader->at - looked);
		int n;

		if (end) {
			*ret_len = (size_t)(end - start);
			return 1;
		}
		looked = reader->len - reader->at;
		*ret_len = looked;
		n = fill(reader);
		if (n <= 0)
			return n;
	}
}

/* Read over the rest of a line that is too long. Returns 0 or -1. */
static int
skip_line(struct ledger_reader *reader)
{
	size_t len = 0;
	int r;

	do {
		reader->at = reader->len;
		r = find_end(reader, &len);
	} while (r == 0 && len == LINE_MAX_SIZE);
	if (r < 0)
		return -1;
	reader->at += len + (size_t)r;
	return 0;
}

static int
read_line(struct ledger_reader *reader, size_t len, struct ledger_record *ret_record)
{
	switch (ks_ledger_line_read(reader->buffer + reader->at, len, reader->texts, ret_record,
	                            &reader->problem)) {
	case LEDGER_LINE_RIGHT:
		return LEDGER_RECORD;
	case LEDGER_LINE_WRONG:
		return LEDGER_DAMAGED;
	case LEDGER_LINE_REST:
		if (__builtin_add_overflow(reader->rest, ret_record->count, &reader->rest))
			reader->rest = UINT64_MAX;
		return 0;
	case LEDGER_LINE_FOREIGN:
		break;
	}
	return -1;
}

static int
read_long_line(struct ledger_reader *reader)
{
	reader->problem = "the line is too long";
	return skip_line(reader) < 0 ? -1 : LEDGER_DAMAGED;
}

/* The event for a line that is no record and is read: what follows it tells. */
static int
damaged(struct ledger_reader *reader)
{
	if (reader->at == reader->len && fill(reader) < 0)
		return -1;
	return reader->at == reader->len ? LEDGER_TORN : LEDGER_DAMAGED;
}

/* Lines with nothing in them are read over: a writer may begin with a line end, in case a line is torn. */
int
ks_ledger_read(struct ledger_reader *reader, struct ledger_record *ret_record)
{
	for (;;) {
		int event = 0;
		size_t len;
		int ended = find_end(reader, &len);

		if (ended < 0 || (len == 0 && !ended))
			return ended;
		reader->line++;
		if (len == LINE_MAX_SIZE) {
			event = read_long_line(reader);
		} else {
			event = len > 0 ? read_line(reader, len, ret_record) : 0;
			reader->at += len + (size_t)ended;
		}
		if (event)
			return event == LEDGER_DAMAGED ? damaged(reader) : event;
	}
}
