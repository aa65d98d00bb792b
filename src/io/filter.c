/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Read, mask, write, with one buffer and no copy but that of the few held bytes:
 *
 *     memory   |......|held|------------ READ_SIZE ------------|
 *                     front                 new bytes
 *
 * New bytes are always read to the same aligned place; what the last call left unsettled is moved
 * right before it. Every byte that was read is masked before it can be written.
 */
#include "filter.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "descriptor.h"

#define READ_SIZE  (256U << 10) /* measured: docs/performance.md */
#define FRONT_SIZE (8U << 10)   /* more than the held bytes of any set of rules */

struct filter {
	struct ks_stream *stream;
	struct ks_scratch *scratch;
	int output_fd;
	uint8_t *memory;
	uint8_t *held; /* where the held bytes are, right before the place for new ones */
	uint64_t bytes;
};

struct filter *
ks_filter_new(struct ks_stream *stream, struct ks_scratch *scratch, int output_fd)
{
	struct filter *f = calloc(1, sizeof(*f));
	void *memory;

	if (!f)
		return NULL;
	memory = mmap(NULL, FRONT_SIZE + READ_SIZE, PROT_READ | PROT_WRITE,
	              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED) {
		free(f);
		return NULL;
	}
	(void)madvise(memory, FRONT_SIZE + READ_SIZE, MADV_DONTDUMP);
	f->stream = stream;
	f->scratch = scratch;
	f->output_fd = output_fd;
	f->memory = memory;
	f->held = f->memory + FRONT_SIZE;
	return f;
}

void
ks_filter_free(struct filter *f)
{
	if (!f)
		return;
	explicit_bzero(f->memory, FRONT_SIZE + READ_SIZE);
	(void)munmap(f->memory, FRONT_SIZE + READ_SIZE);
	free(f);
}

static int
fail(struct filter_error *reterr, enum filter_side side, int code)
{
	*reterr = (struct filter_error){ side, code };
	return -1;
}

static int
emit(struct filter *f, const uint8_t *data, size_t len, struct filter_error *reterr)
{
	int r = f->output_fd < 0 ? 0 : ks_descriptor_write(f->output_fd, data, len);

	return r < 0 ? fail(reterr, FILTER_OUTPUT, -r) : 0;
}

/* n new bytes stand behind the held ones. */
static int
take(struct filter *f, size_t n, struct filter_error *reterr)
{
	uint8_t *from = f->held, *to = f->memory + FRONT_SIZE;
	size_t settled, len = (size_t)(to - from) + n;
	int r = ks_stream_mask(f->stream, f->scratch, from, len, &settled);

	if (r != KS_OK)
		return fail(reterr, FILTER_ENGINE, r);
	f->bytes += n;
	f->held = to - (len - settled);
	if (emit(f, from, settled, reterr) < 0)
		return -1;
	memmove(f->held, from + settled, len - settled);
	return 0;
}

int
ks_filter_copy(struct filter *f, int input_fd, struct filter_error *reterr)
{
	ssize_t n;

	for (;;) {
		n = ks_descriptor_read(input_fd, f->memory + FRONT_SIZE, READ_SIZE);
		if (n <= 0)
			break;
		if (take(f, (size_t)n, reterr) < 0)
			return -1;
	}
	return n < 0 ? fail(reterr, FILTER_INPUT, (int)-n) : 0;
}

int
ks_filter_end(struct filter *f, struct filter_error *reterr)
{
	size_t held = (size_t)(f->memory + FRONT_SIZE - f->held);
	int r = ks_stream_mask_end(f->stream, f->scratch, f->held, held);

	if (r != KS_OK)
		return fail(reterr, FILTER_ENGINE, r);
	return emit(f, f->held, held, reterr);
}

uint64_t
ks_filter_bytes(const struct filter *f)
{
	return f->bytes;
}
