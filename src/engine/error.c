/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Status texts and error structures. Formats are given rule text and numbers, never bytes of a
 * stream.
 */
#include "error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "version.h"

const char *
ks_status_text(int status)
{
	switch ((enum ks_status)status) {
	case KS_OK:
		return "no error";
	case KS_ERROR_MEMORY:
		return "out of memory";
	case KS_ERROR_RULE:
		return "a rule is wrong";
	case KS_ERROR_FILE:
		return "a file cannot be read";
	case KS_ERROR_SYNTAX:
		return "a rule file is not valid";
	case KS_ERROR_UNKNOWN:
		return "no such rule or pack";
	case KS_ERROR_MISUSE:
		return "a call that is not allowed here";
	case KS_ERROR_SINK:
		return "the output refused bytes";
	case KS_ERROR_INTERNAL:
		return "internal error in the pattern matcher";
	}
	return "unknown status";
}

const char *
ks_version(void)
{
	return KS_VERSION;
}

int
ks_error_set(struct ks_error *err, int status, const char *format, ...)
{
	va_list args;

	if (!err)
		return status;
	*err = (struct ks_error){ .status = status };
	va_start(args, format);
	(void)vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	return status;
}

int
ks_error_rule(struct ks_error *err, const char *id, const char *key, const char *format, ...)
{
	va_list args;
	int n;

	if (!err)
		return KS_ERROR_RULE;
	(void)ks_error_set(err, KS_ERROR_RULE, "rule %.64s: %s%s", id, key ? key : "",
	                   key ? ": " : "");
	(void)snprintf(err->key, sizeof(err->key), "%s", key ? key : "");
	n = (int)strlen(err->text);
	va_start(args, format);
	(void)vsnprintf(err->text + n, sizeof(err->text) - (size_t)n, format, args);
	va_end(args);
	return KS_ERROR_RULE;
}

void
ks_error_place(struct ks_error *err, const char *file, unsigned line, unsigned column)
{
	size_t len = strlen(file), max = sizeof(err->file) - 1;

	if (!err)
		return;
	(void)snprintf(err->file, sizeof(err->file), "%s", len > max ? file + len - max : file);
	err->line = line;
	err->column = column;
}
