/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keysieve shows nobody what it has in its memory and which files it has open, but root. This is put into the process by
 * tests that look, so that who runs it can see that too.
 */
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int prctl(int option, ...);

int
prctl(int option, ...)
{
	unsigned long values[4];
	va_list list;

	if (option == PR_SET_DUMPABLE)
		return 0;
	va_start(list, option);
	for (int i = 0; i < 4; i++)
		values[i] = va_arg(list, unsigned long);
	va_end(list);
	return (int)syscall(SYS_prctl, option, values[0], values[1], values[2], values[3]);
}
