/* SPDX-License-Identifier: Apache-2.0 */
/* The stream calls us for every piece, and remembers that one failed: ferror(3) and fclose(3) tell. */
#include "memory_text.h"

#include <stdlib.h>
#include <string.h>

#include "keysieve.h"

#define FIRST_ROOM 1024U

/* Room for so many more bytes and a NUL. */
static bool
make_room(struct memory_text *t, size_t more)
{
	size_t room = t->room > 0 ? t->room : FIRST_ROOM;
	char *grown;

	while (room - t->len <= more)
		room *= 2;
	grown = room > t->room ? realloc(t->text, room) : t->text;
	if (!grown)
		return false;
	t->text = grown;
	t->room = room;
	return true;
}

/* A cookie_write_function_t. */
static ssize_t
append(void *ctx, const char *data, size_t len)
{
	struct memory_text *t = ctx;

	if (!make_room(t, len))
		return 0; /* this is how it says that it failed */
	memcpy(t->text + t->len, data, len);
	t->len += len;
	t->text[t->len] = '\0';
	return (ssize_t)len;
}

FILE *
ks_memory_text_open(struct memory_text *t)
{
	const cookie_io_functions_t functions = { .write = append };
	FILE *out;

	*t = (struct memory_text){ 0 };
	if (!make_room(t, 0))
		return NULL;
	*t->text = '\0';
	out = fopencookie(t, "w", functions);
	if (!out) {
		free(t->text);
		t->text = NULL;
	}
	return out;
}

size_t
ks_memory_text_length(const struct memory_text *t, FILE *out)
{
	(void)fflush(out); /* an error stays with it */
	return t->len;
}

int
ks_memory_text_close(struct memory_text *t, FILE *out)
{
	bool has_failed = ferror(out);

	if (fclose(out) == 0 && !has_failed)
		return KS_OK;
	free(t->text);
	t->text = NULL;
	return KS_ERROR_MEMORY;
}
