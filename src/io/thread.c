/* SPDX-License-Identifier: Apache-2.0 */
/* A signal that another thread took would not wake the one that waits for input. */
#include "thread.h"

#include <signal.h>

int
ks_thread_start(pthread_t *ret_thread, void *(*work)(void *ctx), void *ctx)
{
	sigset_t all, before;
	int r;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(ret_thread, NULL, work, ctx);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return r;
}
