/* SPDX-License-Identifier: Apache-2.0 */
/* Where metrics are listened for, as people write it. */
#pragma once

#include <stdbool.h>
#include <sys/socket.h>

struct metrics_address {
	struct sockaddr_storage socket;
	socklen_t len;
};

/*
 * Read PORT, ADDR:PORT or [ADDR]:PORT, where ADDR is an IPv4 or IPv6 address in numbers, or localhost. PORT and
 * :PORT alone are of the loopback address: nobody else's business is shown without having been asked for.
 * False: it is none of these.
 */
bool ks_metrics_address_read(const char *text, struct metrics_address *ret_address);
