/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See changes.h. The kernel copies a page to the file wholly or not at all, whatever kills the process, so
 * that a piece within a page is either what it was or masked. Pieces are written from the last to the
 * first: as long as the first is not written, what comes after a kill finds the secret's beginning.
 */
#include "changes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "descriptor.h"
#include "note.h"

#define BLOCK_SIZE 4096U

void
ks_changes_done(struct changes *c)
{
	free(c->items);
	*c = (struct changes){ 0 };
}

void
ks_changes_clear(struct changes *c)
{
	c->count = 0;
	c->bytes = 0;
}

/* -------------------------------------------------------------------- gathering ---- */

static struct change *
new_change(struct changes *c, uint64_t offset)
{
	if (!c->items || c->count == c->size) {
		size_t size = c->size ? 2 * c->size : 64;
		struct change *grown = reallocarray(c->items, size, sizeof(*grown));

		if (!grown)
			return NULL;
		c->items = grown;
		c->size = size;
	}
	c->items[c->count] = (struct change){ .offset = offset };
	return &c->items[c->count++];
}

/* original[0, len) differs in every byte. */
static int
add_range(struct changes *c, uint64_t offset, const uint8_t *original, size_t len)
{
	struct change *change = c->count > 0 ? &c->items[c->count - 1] : NULL;

	if (!change || change->offset + change->length != offset) {
		change = new_change(c, offset);
		if (!change)
			return -ENOMEM;
	}
	change->checksum = (uint32_t)crc32_z(change->checksum, original, len);
	change->length += len;
	c->bytes += len;
	return 0;
}

static int
add_block(struct changes *c, uint64_t offset, const uint8_t *masked, const uint8_t *original,
          size_t len)
{
	int r = 0;

	for (size_t from = 0, to; r == 0 && from < len; from = to) {
		while (from < len && masked[from] == original[from])
			from++;
		for (to = from; to < len && masked[to] != original[to];)
			to++;
		if (to > from)
			r = add_range(c, offset + from, original + from, to - from);
	}
	return r;
}

int
ks_changes_add(struct changes *c, uint64_t offset, const uint8_t *masked, const uint8_t *original,
               size_t len)
{
	int r = 0;

	for (size_t from = 0; r == 0 && from < len; from += BLOCK_SIZE) {
		size_t n = len - from < BLOCK_SIZE ? len - from : BLOCK_SIZE;

		if (memcmp(masked + from, original + from, n) != 0)
			r = add_block(c, offset + from, masked + from, original + from, n);
	}
	return r;
}

/* ---------------------------------------------------------------------- writing ---- */

/* Is it what it was? Returns 0 or a negative errno. */
static int
verify(const struct change *change, int fd)
{
	uint8_t block[BLOCK_SIZE];
	uLong checksum = 0;
	int r = 0;

	for (uint64_t done = 0; r == 0 && done < change->length;) {
		uint64_t left = change->length - done;
		size_t n = left < BLOCK_SIZE ? (size_t)left : BLOCK_SIZE;

		r = ks_descriptor_read_at(fd, block, n, change->offset + done);
		checksum = crc32_z(checksum, block, n);
		done += n;
	}
	explicit_bzero(block, sizeof(block));
	if (r < 0)
		return r;
	return checksum == change->checksum ? 0 : -ESTALE;
}

static bool
spans_pages(const struct change *change)
{
	return change->offset / CHANGE_PAGE != (change->offset + change->length - 1) / CHANGE_PAGE;
}

static bool
needs_note(const struct changes *c, bool are_apart)
{
	if (c->count > 1 && !are_apart)
		return true;
	for (size_t i = 0; i < c->count; i++) {
		if (spans_pages(&c->items[i]))
			return true;
	}
	return false;
}

bool
ks_change_last_piece(const struct change *change, uint64_t end, uint64_t *ret_from)
{
	uint64_t page;

	if (end == change->offset)
		return false;
	page = (end - 1) / CHANGE_PAGE * CHANGE_PAGE;
	*ret_from = page > change->offset ? page : change->offset;
	return true;
}

static int
write_change(const struct change *change, int fd, uint8_t byte)
{
	uint8_t fill[CHANGE_PAGE];
	uint64_t from, end = change->offset + change->length;
	int r = 0;

	memset(fill, byte, sizeof(fill));
	for (; r == 0 && ks_change_last_piece(change, end, &from); end = from)
		r = ks_descriptor_write_at(fd, fill, (size_t)(end - from), from);
	return r;
}

int
ks_changes_write(struct changes *c, int fd, bool are_apart)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < c->count; i++)
		r = verify(&c->items[i], fd);
	if (r == 0 && needs_note(c, are_apart))
		ks_note_leave(c, fd);
	for (size_t i = c->count; r == 0 && i > 0; i--)
		r = write_change(&c->items[i - 1], fd, c->fill);
	ks_changes_clear(c);
	return r;
}
