/* SPDX-License-Identifier: Apache-2.0 */
/* One mapping, of twice the size when it is full: nothing of a secret stays in a heap. */
#include "secret_text.h"

#include <errno.h>
#include <string.h>

#include "descriptor.h"
#include "known_memory.h"

#define FIRST_SIZE ((size_t)16 << 10)

void
ks_secret_text_done(struct secret_text *text)
{
	ks_known_memory_free(text->bytes, text->size);
	*text = (struct secret_text){ 0 };
}

static int
make_room(struct secret_text *text, size_t more)
{
	bool is_locked = true;
	struct secret_text grown = { .len = text->len,
		                     .size = text->size ? text->size : FIRST_SIZE };

	if (text->size - text->len >= more)
		return 0;
	while (grown.size - text->len < more)
		grown.size *= 2;
	grown.bytes = ks_known_memory_new(grown.size, &is_locked);
	if (!grown.bytes)
		return -ENOMEM;
	grown.is_unlocked = !is_locked;
	if (text->len > 0)
		memcpy(grown.bytes, text->bytes, text->len);
	ks_secret_text_done(text);
	*text = grown;
	return 0;
}

int
ks_secret_text_add(struct secret_text *text, const void *bytes, size_t len)
{
	int r = make_room(text, len);

	if (r == 0 && len > 0) {
		memcpy(text->bytes + text->len, bytes, len);
		text->len += len;
	}
	return r;
}

int
ks_secret_text_read(struct secret_text *text, int fd, size_t limit)
{
	size_t read = 0;

	for (;;) {
		ssize_t n;
		int r = make_room(text, 1);

		if (r < 0)
			return r;
		n = ks_descriptor_read(fd, text->bytes + text->len, text->size - text->len);
		if (n <= 0)
			return (int)n;
		text->len += (size_t)n;
		read += (size_t)n;
		if (read > limit)
			return -EFBIG;
	}
}
