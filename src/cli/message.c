/* SPDX-License-Identifier: Apache-2.0 */
/* One write a message, so that lines of several processes do not mix. */
#include "message.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void
ks_message(const char *format, ...)
{
	char line[1024] = "keysieve: ";
	size_t start = strlen(line), len;
	va_list args;

	va_start(args, format);
	(void)vsnprintf(line + start, sizeof(line) - start - 1, format, args);
	va_end(args);
	len = strlen(line);
	line[len++] = '\n';
	(void)!write(STDERR_FILENO, line, len);
}

void
ks_message_error(const struct ks_error *e)
{
	if (e->line)
		ks_message("%s:%u:%u: %s", e->file, e->line, e->column, e->text);
	else if (*e->file)
		ks_message("%s: %s", e->file, e->text);
	else
		ks_message("%s", e->text);
}
