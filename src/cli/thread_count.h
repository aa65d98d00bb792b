/* SPDX-License-Identifier: Apache-2.0 */
/* The argument of --threads. */
#pragma once

#include <stdbool.h>

#define THREADS_MAX 64U

/* A number up to THREADS_MAX; "auto" and 0: as many as there are cores that this process may use. False: neither. */
bool ks_thread_count_read(const char *text, unsigned *ret_count);
