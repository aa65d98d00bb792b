/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Formats of log lines. An event is one line, or a few (stack traces, HTTP dumps); its last line's
 * end is not part of it.
 */
#pragma once

#include <stdbool.h>

#include "log_pen.h"

struct log_format;

/* The i-th format, NULL when there are no more. The near misses are the last one. */
const struct log_format *log_format_at(size_t i);

/* NULL: no such format. */
const struct log_format *log_format_find(const char *name);

const char *log_format_name(const struct log_format *format);

/* How many formats a mixed log is made of: the first ones, without the near misses. */
size_t log_format_mixed(void);

/*
 * Write one event and let the clock tick. If keyed, it holds one key: pen->key has its place, and
 * the result names its context (a constant). Else pen->key.from is NULL and the result too.
 */
const char *log_event_write(struct pen *pen, const struct log_format *format, bool keyed);
