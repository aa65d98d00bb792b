/* SPDX-License-Identifier: Apache-2.0 */
/* The filters, as they are when keysieve has been built: between compile.c, which makes them, and seccomp_filter.c. */
#pragma once

#include <linux/filter.h>
#include <stddef.h>

#include "seccomp_parts.h"

/* Stands in the filters for the number of the process, which is known only when it runs. */
#define SECCOMP_OWN_PID 0x6b530001U

struct seccomp_program {
	unsigned parts; /* enum seccomp_part */
	size_t count;
	const struct sock_filter *code;
};

extern const struct seccomp_program ks_seccomp_programs[];
extern const size_t ks_seccomp_program_count;

/* The names of system calls by their numbers; NULL where there is none. */
extern const char *const ks_seccomp_names[];
extern const size_t ks_seccomp_name_count;
