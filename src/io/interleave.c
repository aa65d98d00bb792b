/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See interleave.h. Invariant: as long as a lane owns the output nothing waits in it, and what waits in any
 * lane is less than a line, or less than an entry.
 */
#include "interleave.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 4096U

struct lane {
	struct interleave *interleave;
	uint8_t *bytes;
	size_t count, size;
	bool is_live;
};

struct lane *
ks_lane_new(struct interleave *interleave, bool is_live)
{
	struct lane *lane = calloc(1, sizeof(*lane));

	if (lane) {
		lane->interleave = interleave;
		lane->is_live = is_live;
	}
	return lane;
}

void
ks_lane_free(struct lane *lane)
{
	if (!lane)
		return;
	if (lane->interleave->owner == lane) {
		lane->interleave->owner = NULL;
		lane->interleave->is_unfinished = true;
	}
	if (lane->bytes)
		explicit_bzero(lane->bytes, lane->size);
	free(lane->bytes);
	free(lane);
}

void
ks_lane_take_output(struct lane *lane)
{
	lane->interleave->owner = lane;
}

bool
ks_lane_is_open(const struct lane *lane)
{
	return !lane->interleave->owner || lane->interleave->owner == lane;
}

size_t
ks_lane_waiting(const struct lane *lane)
{
	return lane->count;
}

static int
write_out(struct interleave *il, const uint8_t *data, size_t len)
{
	int r = 0;

	if (len == 0)
		return 0;
	if (il->is_unfinished)
		r = il->write(il->ctx, (const uint8_t *)"\n", 1);
	il->is_unfinished = false;
	return r == 0 ? il->write(il->ctx, data, len) : r;
}

static int
write_waiting(struct lane *lane)
{
	int r = write_out(lane->interleave, lane->bytes, lane->count);

	lane->count = 0;
	return r;
}

static int
keep(struct lane *lane, const uint8_t *data, size_t len)
{
	size_t size = lane->size ? lane->size : FIRST_SIZE;
	uint8_t *grown;

	while (size < lane->count + len)
		size *= 2;
	if (size > lane->size) {
		grown = malloc(size);
		if (!grown)
			return KS_ERROR_MEMORY;
		if (lane->bytes) {
			memcpy(grown, lane->bytes, lane->count);
			explicit_bzero(lane->bytes, lane->size);
		}
		free(lane->bytes);
		lane->bytes = grown;
		lane->size = size;
	}
	if (len > 0)
		memcpy(lane->bytes + lane->count, data, len);
	lane->count += len;
	return 0;
}

/* Bytes of an unfinished line. */
static int
put_rest(struct lane *lane, const uint8_t *data, size_t len)
{
	struct interleave *il = lane->interleave;
	int r;

	if (len == 0)
		return 0;
	if ((!lane->is_live || il->holds) && il->owner != lane && lane->count + len <= il->limit)
		return keep(lane, data, len);
	r = write_waiting(lane);
	il->owner = lane;
	return r == 0 ? write_out(il, data, len) : r;
}

int
ks_lane_put(struct lane *lane, const uint8_t *data, size_t len, bool by_lines)
{
	const uint8_t *end = by_lines && len > 0 ? memrchr(data, '\n', len) : NULL;
	size_t whole = end ? (size_t)(end + 1 - data) : 0;
	int r = 0;

	if (whole > 0) {
		r = write_waiting(lane);
		if (r == 0)
			r = write_out(lane->interleave, data, whole);
		lane->interleave->owner = NULL;
	}
	return r == 0 ? put_rest(lane, data + whole, len - whole) : r;
}

int
ks_lane_end_entry(struct lane *lane)
{
	if (lane->interleave->owner == lane)
		lane->interleave->owner = NULL;
	return write_waiting(lane);
}

int
ks_lane_resume(struct lane *lane)
{
	if (!lane->is_live || lane->count == 0)
		return 0;
	lane->interleave->owner = lane;
	return write_waiting(lane);
}

int
ks_lane_flush(struct lane *lane)
{
	bool is_unfinished = lane->count > 0 || lane->interleave->owner == lane;
	int r = ks_lane_end_entry(lane);

	lane->interleave->is_unfinished |= is_unfinished;
	return r;
}
