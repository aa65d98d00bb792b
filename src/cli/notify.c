/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The protocol is one datagram for each thing that is told (sd_notify(3) has it all). It is not libsystemd that speaks it, as
 * that opens a socket each time, which the sandbox forbids. That nobody listens is never an error, and masking does not wait
 * for a manager that is there but reads nothing: a sign of life is then left out, other words cost a second.
 */
#include "notify.h"

#if KEYSIEVE_HAVE_SYSTEMD

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "systemd_library.h"

/* A process has one manager. */
static struct {
	int fd; /* -1: none */
	uint64_t interval;
} manager = { .fd = -1 };

/* Half of what the manager waits, as sd_watchdog_enabled(3) recommends. */
static uint64_t
find_interval(void)
{
	struct systemd_library library;
	uint64_t usec;

	if (!getenv("WATCHDOG_USEC") || ks_systemd_library_load(&library) != 0 ||
	    library.watchdog_enabled(0, &usec) <= 0)
		return 0;
	return usec > 1 ? usec / 2 : 1;
}

void
ks_notify_open(void)
{
	const char *name = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const struct timeval patience = { .tv_sec = 1 };
	size_t len = name ? strlen(name) : 0;

	if (manager.fd >= 0 || len < 2 || len >= sizeof(address.sun_path))
		return;
	memcpy(address.sun_path, name, len + 1);
	if (*name == '@')
		address.sun_path[0] = '\0';
	len += offsetof(struct sockaddr_un, sun_path) + (*name == '/');
	manager.interval = find_interval();
	manager.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (manager.fd < 0)
		return;
	if (setsockopt(manager.fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) == 0 &&
	    connect(manager.fd, (struct sockaddr *)&address, (socklen_t)len) == 0)
		return;
	(void)close(manager.fd);
	manager.fd = -1;
}

static void
send_text(const char *text, int flags)
{
	if (manager.fd >= 0)
		(void)send(manager.fd, text, strlen(text), flags | MSG_NOSIGNAL);
}

static void
tell(const char *text)
{
	send_text(text, 0);
}

void
ks_notify_ready(void)
{
	tell("READY=1");
}

/* The time lets the manager tell this reload from an earlier one. */
void
ks_notify_reloading(void)
{
	struct timespec now;
	char text[64];

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	(void)snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
	               (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
	tell(text);
}

void
ks_notify_stopping(void)
{
	tell("STOPPING=1");
}

uint64_t
ks_notify_interval(void)
{
	return manager.interval;
}

void
ks_notify_alive(void)
{
	if (manager.interval > 0) /* the clock ticks for others, too */
		send_text("WATCHDOG=1", MSG_DONTWAIT);
}

#else

void
ks_notify_open(void)
{
}

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
