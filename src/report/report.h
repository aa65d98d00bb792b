/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A report on leaks: for people at a terminal, for programs, and as a page. There is no secret in any of them,
 * for there is none in a ledger. Errors stay with the stream: see ferror(). All return 0 or -ENOMEM.
 */
#pragma once

#include <stdio.h>

#include "leak.h"

struct report {
	const struct leaks *leaks; /* judged */
	struct leak_policy policy;
	uint64_t records;           /* how many were counted in */
	uint64_t unreadable;        /* lines that were no record */
	const char *const *ledgers; /* names, ended by NULL */
	const char *version;        /* of keysieve */
};

/* Lines have at most width columns, unless numbers need more. */
int ks_report_print_table(const struct report *report, size_t width, FILE *out);

int ks_report_print_json(const struct report *report, FILE *out);

/* One page that needs nothing from elsewhere. The leaks must have timelines. */
int ks_report_print_html(const struct report *report, FILE *out);
