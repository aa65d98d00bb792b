/* SPDX-License-Identifier: Apache-2.0 */
/* What has left is overwritten when room is needed, and not before: moving bytes costs more than memory. */
#include "queue.h"

#include <stdlib.h>
#include <string.h>

#include "keysieve.h"

#define SIZE_MIN ((size_t)128 << 10)

void
ks_queue_done(struct queue *q)
{
	if (q->bytes)
		explicit_bzero(q->bytes, q->size);
	free(q->bytes);
	*q = (struct queue){ 0 };
}

static int
grow(struct queue *q, size_t used, size_t n)
{
	size_t size = q->size ? q->size : SIZE_MIN;
	uint8_t *grown;

	while (size / 2 < used + n)
		size *= 2;
	grown = malloc(size);
	if (!grown)
		return KS_ERROR_MEMORY;
	if (q->bytes) {
		memcpy(grown, ks_queue_at(q, q->settled), used);
		explicit_bzero(q->bytes, q->size);
	}
	free(q->bytes);
	q->bytes = grown;
	q->size = size;
	return KS_OK;
}

/* More than half of the queue is before them. They leave nothing where they were: what waits is not masked. */
static void
move_to_front(struct queue *q, size_t used)
{
	uint8_t *from = ks_queue_at(q, q->settled);

	memcpy(q->bytes, from, used);
	explicit_bzero(from, used);
}

/* Make room for n more bytes. */
static int
reserve(struct queue *q, size_t n)
{
	size_t used = (size_t)(q->filled - q->settled);
	int r = KS_OK;

	if (q->filled - q->base + n <= q->size)
		return KS_OK;
	if (used + n <= q->size / 2)
		move_to_front(q, used);
	else
		r = grow(q, used, n);
	if (r == KS_OK)
		q->base = q->settled;
	return r;
}

int
ks_queue_fill(struct queue *q, const uint8_t *data, size_t len)
{
	int r = reserve(q, len);

	if (r != KS_OK)
		return r;
	memcpy(ks_queue_at(q, q->filled), data, len);
	q->filled += len;
	return KS_OK;
}
