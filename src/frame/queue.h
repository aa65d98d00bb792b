/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of a source that came in and have not gone out, by their offsets in the source:
 *
 *     base           settled              filled
 *      |-- have left --|----- wait ---------|-- free --|
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Zeros: it is empty. */
struct queue {
	uint8_t *bytes; /* from base on */
	size_t size;
	uint64_t base, settled, filled;
};

/* Wipes it. */
void ks_queue_done(struct queue *queue);

/* Put bytes behind the last, which may move all. Errors: KS_ERROR_MEMORY. */
int ks_queue_fill(struct queue *queue, const uint8_t *data, size_t len);

/* Where the byte at that offset is, until the next ks_queue_fill(). */
static inline uint8_t *
ks_queue_at(const struct queue *queue, uint64_t offset)
{
	return queue->bytes + (offset - queue->base);
}
