/* SPDX-License-Identifier: Apache-2.0 */
/* See buffer.h. realloc() would leave copies of the bytes behind, so it is not used. */
#include "buffer.h"

#include <stdlib.h>
#include <string.h>

#define SIZE_LEAST 4096U

void
ks_buffer_done(struct buffer *b)
{
	ks_buffer_clear(b);
	free(b->bytes);
	*b = (struct buffer){ 0 };
}

void
ks_buffer_clear(struct buffer *b)
{
	if (b->bytes)
		explicit_bzero(b->bytes, b->len);
	b->len = 0;
	b->is_short = false;
}

/* Make room for len more. */
static bool
reserve(struct buffer *b, size_t len)
{
	size_t size = b->size ? b->size : SIZE_LEAST, need;
	uint8_t *grown;

	if (b->is_short || __builtin_add_overflow(b->len, len, &need))
		return false;
	if (need <= b->size)
		return true;
	while (size < need) {
		if (__builtin_mul_overflow(size, 2, &size))
			return false;
	}
	grown = malloc(size);
	if (!grown)
		return false;
	if (b->len > 0) {
		memcpy(grown, b->bytes, b->len);
		explicit_bzero(b->bytes, b->len);
	}
	free(b->bytes);
	b->bytes = grown;
	b->size = size;
	return true;
}

void
ks_buffer_add(struct buffer *b, const void *bytes, size_t len)
{
	if (!reserve(b, len)) {
		b->is_short = true;
		return;
	}
	if (len > 0)
		memcpy(b->bytes + b->len, bytes, len);
	b->len += len;
}

void
ks_buffer_add_text(struct buffer *b, const char *text)
{
	ks_buffer_add(b, text, strlen(text));
}

void
ks_buffer_add_byte(struct buffer *b, uint8_t byte)
{
	ks_buffer_add(b, &byte, 1);
}

void
ks_buffer_add_spaces(struct buffer *b, size_t count)
{
	while (count-- > 0)
		ks_buffer_add_byte(b, ' ');
}

void
ks_buffer_remove(struct buffer *b, size_t len)
{
	memmove(b->bytes, b->bytes + len, b->len - len);
	explicit_bzero(b->bytes + b->len - len, len);
	b->len -= len;
}
