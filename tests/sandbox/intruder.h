/* SPDX-License-Identifier: Apache-2.0 */
/* What the intruder can try: intruder.c. What has to do with files is in intruder_files.c. */
#pragma once

/* The C library's syscall(2): that of intruder.c is the one that keysieve calls. */
typedef long (*intruder_call_fn)(long number, ...);
intruder_call_fn intruder_real_call(void);

#define CALL(...) intruder_real_call()(__VA_ARGS__)

struct attempt {
	const char *name;
	long (*make)(void); /* as a system call returns, with errno */
};

/* With files: with that of INTRUDER_PLACE, or beside it. Ended by one without a name. */
extern const struct attempt intruder_files[];
