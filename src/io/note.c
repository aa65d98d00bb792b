/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A note is a byte of version, the fill, a checksum of the bytes before the first change, and for each change two
 * numbers: how far behind the end of the last one it begins, and its length; seven bits a byte.
 *
 * It is believed if the bytes before its first change are the same still, and the piece that was to be written
 * first is masked. If that is not masked, none of the others were written, and the secrets will be found
 * again; and if the file was written anew meanwhile, these are not its bytes.
 */
#include "note.h"

#include <errno.h>
#include <string.h>
#include <sys/xattr.h>
#include <zlib.h>

#include "descriptor.h"

#define VERSION      1U
#define NOTE_MAX     3000U /* bytes: ext4 has less than one block for all attributes of a file */
#define NUMBER_MAX   10U   /* bytes of a number */
#define HEAD_SIZE    6U
#define CONTEXT_SIZE 64U

struct text {
	uint8_t bytes[NOTE_MAX];
	size_t len, read;
};

/* ---------------------------------------------------------------------- numbers ---- */

static void
put_number(struct text *t, uint64_t number)
{
	for (; number > 0x7f; number >>= 7)
		t->bytes[t->len++] = (uint8_t)(number | 0x80);
	t->bytes[t->len++] = (uint8_t)number;
}

static bool
get_number(struct text *t, uint64_t *ret_number)
{
	uint64_t number = 0;

	for (unsigned shift = 0; shift < 64 && t->read < t->len; shift += 7) {
		uint8_t byte = t->bytes[t->read++];

		number |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80) {
			*ret_number = number;
			return true;
		}
	}
	return false;
}

/* ------------------------------------------------------------------------ notes ---- */

static int
checksum_before(int fd, uint64_t offset, uint32_t *ret_checksum)
{
	uint8_t context[CONTEXT_SIZE];
	size_t n = offset < CONTEXT_SIZE ? (size_t)offset : CONTEXT_SIZE;
	int r = ks_descriptor_read_at(fd, context, n, offset - n);

	if (r == 0)
		*ret_checksum = (uint32_t)crc32_z(0, context, n);
	explicit_bzero(context, sizeof(context));
	return r;
}

static bool
compose(struct text *t, const struct changes *c, int fd)
{
	uint32_t checksum = 0;
	uint64_t end = 0;

	if (checksum_before(fd, c->items[0].offset, &checksum) < 0)
		return false;
	t->bytes[0] = VERSION;
	t->bytes[1] = c->fill;
	memcpy(t->bytes + 2, &checksum, sizeof(checksum));
	t->len = HEAD_SIZE;
	for (size_t i = 0; i < c->count; i++) {
		if (t->len > NOTE_MAX - 2 * NUMBER_MAX)
			return false;
		put_number(t, c->items[i].offset - end);
		put_number(t, c->items[i].length);
		end = c->items[i].offset + c->items[i].length;
	}
	return true;
}

void
ks_note_leave(const struct changes *c, int fd)
{
	struct text t;

	if (!compose(&t, c, fd) || fsetxattr(fd, NOTE_NAME, t.bytes, t.len, 0) < 0)
		ks_note_remove(fd);
}

void
ks_note_remove(int fd)
{
	(void)fremovexattr(fd, NOTE_NAME);
}

/* -------------------------------------------------------------------- redeeming ---- */

/* The next change of the note. Returns whether there is one. */
static bool
get_change(struct text *t, uint64_t *end, struct change *ret_change)
{
	uint64_t gap, length, offset;

	if (!get_number(t, &gap) || !get_number(t, &length) || length == 0 ||
	    __builtin_add_overflow(*end, gap, &offset) ||
	    __builtin_add_overflow(offset, length, end) || *end > INT64_MAX)
		return false;
	*ret_change = (struct change){ .offset = offset, .length = length };
	return true;
}

/* Are all of its bytes masked? false also if they are not there. */
static bool
is_masked(int fd, uint8_t fill, uint64_t from, uint64_t to)
{
	uint8_t piece[CHANGE_PAGE];
	size_t n = (size_t)(to - from);
	bool is = ks_descriptor_read_at(fd, piece, n, from) == 0;

	for (size_t i = 0; is && i < n; i++)
		is = piece[i] == fill;
	explicit_bzero(piece, sizeof(piece));
	return is;
}

/* Go through the note's changes: ret_first, ret_last. */
static bool
read_note(struct text *t, struct change *ret_first, struct change *ret_last)
{
	uint64_t end = 0;
	bool is_first = true;

	t->read = HEAD_SIZE;
	while (get_change(t, &end, ret_last)) {
		if (is_first)
			*ret_first = *ret_last;
		is_first = false;
	}
	return !is_first && t->read == t->len;
}

static bool
was_begun(struct text *t, int fd)
{
	struct change first = { 0 }, last = { 0 };
	uint32_t noted, checksum = 0;
	uint64_t from, end;

	if (t->len <= HEAD_SIZE || t->bytes[0] != VERSION || !read_note(t, &first, &last) ||
	    checksum_before(fd, first.offset, &checksum) < 0)
		return false;
	memcpy(&noted, t->bytes + 2, sizeof(noted));
	end = last.offset + last.length;
	return checksum == noted && ks_change_last_piece(&last, end, &from) &&
	       is_masked(fd, t->bytes[1], from, end);
}

static int
finish_change(const struct change *change, int fd, uint8_t byte, uint64_t *bytes)
{
	uint8_t fill[CHANGE_PAGE];
	uint64_t from, end = change->offset + change->length;
	int r = 0;

	memset(fill, byte, sizeof(fill));
	for (; r == 0 && ks_change_last_piece(change, end, &from); end = from) {
		if (is_masked(fd, byte, from, end))
			continue;
		r = ks_descriptor_write_at(fd, fill, (size_t)(end - from), from);
		*bytes += end - from;
	}
	return r;
}

/* Any order will do: the note stays until all is written, and the last piece is written already. */
static int
finish(struct text *t, int fd, uint64_t *bytes)
{
	struct change change;
	uint64_t end = 0;
	int r = 0;

	t->read = HEAD_SIZE;
	while (r == 0 && get_change(t, &end, &change))
		r = finish_change(&change, fd, t->bytes[1], bytes);
	return r;
}

int
ks_note_follow(const uint8_t *note, size_t len, int fd, uint64_t *ret_bytes)
{
	struct text t = { .len = len };

	*ret_bytes = 0;
	if (len > sizeof(t.bytes))
		return 0;
	memcpy(t.bytes, note, len);
	return was_begun(&t, fd) ? finish(&t, fd, ret_bytes) : 0;
}

int
ks_note_redeem(int fd, uint64_t *ret_bytes)
{
	uint8_t note[NOTE_MAX];
	ssize_t len = fgetxattr(fd, NOTE_NAME, note, sizeof(note));
	int r;

	*ret_bytes = 0;
	if (len < 0)
		return 0;
	r = ks_note_follow(note, (size_t)len, fd, ret_bytes);
	if (r == 0)
		ks_note_remove(fd);
	return r;
}
