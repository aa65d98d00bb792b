/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One write and one line a message: lines of several processes do not mix, and names cannot forge
 * any.
 */
#include "message.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory_text.h"
#include "options.h"
#include "standard_error.h"
#include "text.h"

#define NAME_SHOWN 200 /* bytes of a file's name */

/* File names may hold line ends and escape sequences for the terminal. */
static void
replace_what_is_hidden(char *text)
{
	char *to = text;

	while (*text) {
		bool is_hidden;
		size_t n = ks_text_step(text, strlen(text), &is_hidden);

		if (is_hidden)
			*to = '?';
		else
			memmove(to, text, n);
		to += is_hidden ? 1 : n;
		text += n;
	}
	*to = '\0';
}

void
ks_message(const char *format, ...)
{
	char line[1024] = "keysieve: ";
	size_t start = strlen(line), len;
	va_list args;

	va_start(args, format);
	(void)vsnprintf(line + start, sizeof(line) - start - 1, format, args);
	va_end(args);
	replace_what_is_hidden(line);
	len = strlen(line);
	line[len++] = '\n';
	ks_standard_error_write(line, len);
}

void
ks_message_file(const char *name, const char *reason)
{
	size_t len = strlen(name);

	if (len == 0)
		ks_message("'': %s", reason);
	else if (len > NAME_SHOWN)
		ks_message("...%s: %s", name + len - NAME_SHOWN, reason);
	else
		ks_message("%s: %s", name, reason);
}

void
ks_message_error(const struct ks_error *e)
{
	if (e->line)
		ks_message("%s:%u:%u: %s", e->file, e->line, e->column, e->text);
	else if (*e->file || e->status == KS_ERROR_FILE)
		ks_message_file(e->file, e->text);
	else
		ks_message("%s", e->text);
}

void
ks_message_statistics(const struct statistics *stats, uint64_t bytes)
{
	struct memory_text text;
	FILE *out = ks_memory_text_open(&text);

	if (out)
		ks_statistics_print(stats, bytes, out);
	if (!out || ks_memory_text_close(&text, out) != KS_OK) {
		ks_message("%s", ks_status_text(KS_ERROR_MEMORY));
		return;
	}
	ks_standard_error_write(text.text, text.len);
	free(text.text);
}

static int
exit_status(int status)
{
	switch ((enum ks_status)status) {
	case KS_ERROR_UNKNOWN:
		return EXIT_USAGE;
	case KS_ERROR_RULE:
	case KS_ERROR_SYNTAX:
	case KS_ERROR_FILE:
		return EXIT_RULES;
	case KS_OK:
	case KS_ERROR_MEMORY:
	case KS_ERROR_MISUSE:
	case KS_ERROR_SINK:
	case KS_ERROR_INTERNAL:
		break;
	}
	return EXIT_INTERNAL;
}

int
ks_message_failure(const struct ks_error *error)
{
	ks_message_error(error);
	return error->sys == ENOMEM ? EXIT_INTERNAL : exit_status(error->status);
}
