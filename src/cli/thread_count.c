/* SPDX-License-Identifier: Apache-2.0 */
/* Not as many as the machine has: containers and taskset leave a process some of them. */
#include "thread_count.h"

#include <ctype.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

static unsigned
core_count(void)
{
	cpu_set_t cores;
	unsigned n = sched_getaffinity(0, sizeof(cores), &cores) == 0 ? (unsigned)CPU_COUNT(&cores)
	                                                              : 1;

	return n < THREADS_MAX ? n : THREADS_MAX;
}

bool
ks_thread_count_read(const char *text, unsigned *ret_count)
{
	char *end;
	unsigned long n = 0;

	if (strcmp(text, "auto") != 0) {
		n = strtoul(text, &end, 10);
		if (!isdigit((unsigned char)*text) || *end || n > THREADS_MAX)
			return false;
	}
	*ret_count = n > 0 ? (unsigned)n : core_count();
	return true;
}
