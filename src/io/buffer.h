/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes that are gathered: they grow at the end, and are wiped when they are no longer needed. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All zero: empty. */
struct buffer {
	uint8_t *bytes;
	size_t len, size;
	bool is_short; /* memory was out: bytes are missing */
};

/* Wipes and frees; the buffer is an empty one then. */
void ks_buffer_done(struct buffer *buffer);
/* Wipe the bytes and keep the memory. */
void ks_buffer_clear(struct buffer *buffer);

/* Each does nothing but set is_short when memory is out, or was. Borrow what they are given. */
void ks_buffer_add(struct buffer *buffer, const void *bytes, size_t len);
void ks_buffer_add_text(struct buffer *buffer, const char *text);
void ks_buffer_add_byte(struct buffer *buffer, uint8_t byte);
void ks_buffer_add_spaces(struct buffer *buffer, size_t count);

/* Remove the first len bytes. */
void ks_buffer_remove(struct buffer *buffer, size_t len);
