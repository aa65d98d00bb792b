/* SPDX-License-Identifier: Apache-2.0 */
/* Hardening that needs no privilege. That a kernel refuses some of it is no reason to stop. */
#include "process.h"

#include <malloc.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>

void
ks_process_protect(void)
{
	const struct rlimit none = { 0, 0 };

	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	(void)signal(SIGXFSZ, SIG_IGN);
}

/*
 * Threads that mask take memory at their start; one that compiles rules would map 128 MiB of address space for its own, in
 * vain if there is a limit (ulimit -v), again with each allocation.
 */
void
ks_process_share_arena(void)
{
	(void)mallopt(M_ARENA_MAX, 1);
}

void
ks_process_give_signals_back(void)
{
	(void)signal(SIGXFSZ, SIG_DFL);
}
