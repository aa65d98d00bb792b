/* SPDX-License-Identifier: Apache-2.0 */
/* How long bytes stay inside: from the read that brought them until the write that took them out. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Who measures the way of the bytes. Nothing is measured without one. */
struct meter {
	void (*on_read)(void *ctx, const uint8_t *data, size_t len); /* borrows data until return */
	void (*on_delay)(void *ctx, uint64_t nanoseconds);           /* of one read's bytes */
	void (*on_write)(void *ctx); /* begins: it may take as long as the reader does */
	void (*on_written)(void *ctx, size_t len);
	void *ctx;
};

#define PASSAGE_MAX 32U

/* Zeros: nothing is inside. */
struct passage {
	struct passage_mark {
		uint64_t end;  /* the place behind the last byte of a read */
		uint64_t time; /* when it came */
	} marks[PASSAGE_MAX];  /* a ring: first is the oldest */
	size_t first, count;
};

/* Nanoseconds of the monotonic clock. */
uint64_t ks_passage_clock(void);

/* Bytes were read, up to this place of the source. */
void ks_passage_begin(struct passage *passage, uint64_t end);
/* All before this place is out. Tells meter of every read that is. */
void ks_passage_end(struct passage *passage, uint64_t place, const struct meter *meter);
