/* SPDX-License-Identifier: Apache-2.0 */
/* libsystemd speaks the protocol; that nobody listens is never an error. */
#include "notify.h"

#if KEYSIEVE_HAVE_SYSTEMD

#include <inttypes.h>
#include <stdio.h>
#include <systemd/sd-daemon.h>
#include <time.h>

void
ks_notify_ready(void)
{
	(void)sd_notify(0, "READY=1");
}

/* The time lets the manager tell this reload from an earlier one. */
void
ks_notify_reloading(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	(void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
	                 (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
}

void
ks_notify_stopping(void)
{
	(void)sd_notify(0, "STOPPING=1");
}

/* Half of what the manager waits, as sd_watchdog_enabled(3) recommends. */
uint64_t
ks_notify_interval(void)
{
	uint64_t usec;

	if (sd_watchdog_enabled(0, &usec) <= 0)
		return 0;
	return usec > 1 ? usec / 2 : 1;
}

void
ks_notify_alive(void)
{
	(void)sd_notify(0, "WATCHDOG=1");
}

#else

void
ks_notify_ready(void)
{
}

void
ks_notify_reloading(void)
{
}

void
ks_notify_stopping(void)
{
}

uint64_t
ks_notify_interval(void)
{
	return 0;
}

void
ks_notify_alive(void)
{
}

#endif
