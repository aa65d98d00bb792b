/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: any bytes as the note that a file carries, after any file. Following it writes the fill over the
 * places that it names, and nothing else: the file keeps its length and all other bytes. A note of which nothing was written
 * changes nothing; so do damaged ones. The checksum that makes a note believed can be put in.
 */
#include <zlib.h>

#include "note.h"
#include "target.h"

#define FILE_MAX     16384U
#define HEAD_SIZE    6U
#define CONTEXT_SIZE 64U

static uint64_t
read_number(const uint8_t **at, const uint8_t *end)
{
	uint64_t number = 0;
	unsigned shift = 0;

	while (*at < end && shift < 64) {
		uint8_t byte = *(*at)++;

		number |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
		if (byte < 0x80)
			break;
	}
	return number;
}

/* The bytes that a note names, as far as they lie in a file of that length. */
static void
mark_named(const uint8_t *note, size_t len, bool *is_named, size_t file_len)
{
	const uint8_t *at = note + HEAD_SIZE, *end = note + len;
	uint64_t place = 0;

	memset(is_named, 0, file_len);
	while (at < end) {
		uint64_t gap = read_number(&at, end), length = read_number(&at, end);

		if (gap > file_len - place)
			return;
		place += gap;
		for (; length > 0 && place < file_len; length--)
			is_named[place++] = true;
	}
}

/* Where the note's first change begins. */
static uint64_t
first_place(const uint8_t *note, size_t len)
{
	const uint8_t *at = note + HEAD_SIZE;

	return read_number(&at, note + len);
}

/* A version, and the checksum of what is before the first change. */
static void
mend(uint8_t *note, size_t len, const uint8_t *file, size_t file_len)
{
	uint64_t first = first_place(note, len);
	size_t n = first < CONTEXT_SIZE ? (size_t)first : CONTEXT_SIZE;
	uint32_t checksum;

	note[0] = 1;
	if (first > file_len)
		return;
	checksum = (uint32_t)crc32_z(0, file + first - n, n);
	memcpy(note + 2, &checksum, sizeof(checksum));
}

static void
check(const uint8_t *note, size_t len, const uint8_t *before, const uint8_t *after, size_t file_len,
      uint64_t bytes)
{
	static bool is_named[FILE_MAX];
	uint64_t changed = 0;

	if (len > HEAD_SIZE)
		mark_named(note, len, is_named, file_len);
	for (size_t i = 0; i < file_len; i++) {
		if (after[i] == before[i])
			continue;
		require(len > HEAD_SIZE && is_named[i], "a byte that the note does not name");
		require(after[i] == note[1], "a byte that is not the fill");
		changed++;
	}
	require(bytes >= changed, "fewer bytes than were changed");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static uint8_t before[FILE_MAX], after[FILE_MAX + 1];
	struct choices c = { data, len };
	unsigned way = choose(&c), times = choose(&c) % 64 + 1, note_len = choose(&c);
	uint8_t note[256];
	size_t file_len = 0;
	uint64_t bytes;
	int fd;

	if (c.len > 255)
		return 0;
	note_len = note_len < c.len ? note_len : (unsigned)c.len;
	memcpy(note, c.data, note_len);
	c.data += note_len;
	c.len -= note_len;
	for (unsigned i = 0; i < times && file_len + c.len <= FILE_MAX; i++) {
		memcpy(before + file_len, c.data, c.len);
		file_len += c.len;
	}
	if (way & 1 && note_len > HEAD_SIZE)
		mend(note, note_len, before, file_len);
	fd = file_of(before, file_len);
	require(ks_note_follow(note, note_len, fd, &bytes) == 0, "the file cannot be written");
	require(pread(fd, after, sizeof(after), 0) == (ssize_t)file_len, "another length");
	check(note, note_len, before, after, file_len, bytes);
	(void)close(fd);
	return 0;
}
