/* SPDX-License-Identifier: Apache-2.0 */
/* Messages to the user. They never hold bytes of the input. */
#pragma once

#include "keysieve.h"
#include "statistics.h"

/* One line to the standard error, begun with "keysieve: ". */
void ks_message(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same about a file: "NAME: REASON". A very long name loses its beginning. */
void ks_message_file(const char *name, const char *reason);

/* The same for an error of the library, with its place: "FILE:LINE:COLUMN: TEXT". */
void ks_message_error(const struct ks_error *error);

/* What was found in that many bytes, as ks_statistics_print() has it. */
void ks_message_statistics(const struct statistics *stats, uint64_t bytes);

/* ks_message_error(), and the exit status for it. */
int ks_message_failure(const struct ks_error *error);
