/* SPDX-License-Identifier: Apache-2.0 */
/* libsystemd speaks the protocol; that nobody listens is never an error. */
#include "notify.h"

#if KEYSIEVE_HAVE_SYSTEMD

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "systemd_library.h"

/* Nobody who is not told anything loads a library for it. */
static void
notify(const char *state)
{
	struct systemd_library library;

	if (getenv("NOTIFY_SOCKET") && ks_systemd_library_load(&library) == 0)
		(void)library.notify(0, state);
}

void
ks_notify_ready(void)
{
	notify("READY=1");
}

/* The time lets the manager tell this reload from an earlier one. */
void
ks_notify_reloading(void)
{
	char state[64];
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	(void)snprintf(state, sizeof(state), "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
	               (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
	notify(state);
}

void
ks_notify_stopping(void)
{
	notify("STOPPING=1");
}

/* Half of what the manager waits, as sd_watchdog_enabled(3) recommends. */
uint64_t
ks_notify_interval(void)
{
	struct systemd_library library;
	uint64_t usec;

	if (!getenv("WATCHDOG_USEC") || ks_systemd_library_load(&library) != 0 ||
	    library.watchdog_enabled(0, &usec) <= 0)
		return 0;
	return usec > 1 ? usec / 2 : 1;
}

void
ks_notify_alive(void)
{
	notify("WATCHDOG=1");
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
