/* SPDX-License-Identifier: Apache-2.0 */
/* No name is looked up: a start must not wait for a name server. */
#include "metrics_address.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

#define HOST_MAX 64U
#define PORT_MAX 65535U

static bool
read_port(const char *text, in_port_t *ret_port)
{
	uint32_t port = 0;

	for (const char *p = text; *p; p++) {
		if (*p < '0' || *p > '9' || p - text >= 5)
			return false;
		port = port * 10 + (uint32_t)(*p - '0');
	}
	*ret_port = htons((uint16_t)port);
	return port >= 1 && port <= PORT_MAX;
}

static bool
read_four(const char *host, in_port_t port, struct metrics_address *ret_address)
{
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = port };

	if (!*host || strcmp(host, "localhost") == 0)
		host = "127.0.0.1";
	if (inet_pton(AF_INET, host, &four.sin_addr) != 1)
		return false;
	memcpy(&ret_address->socket, &four, sizeof(four));
	ret_address->len = sizeof(four);
	return true;
}

static bool
read_six(const char *host, in_port_t port, struct metrics_address *ret_address)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = port };

	if (inet_pton(AF_INET6, host, &six.sin6_addr) != 1)
		return false;
	memcpy(&ret_address->socket, &six, sizeof(six));
	ret_address->len = sizeof(six);
	return true;
}

bool
ks_metrics_address_read(const char *text, struct metrics_address *ret_address)
{
	const char *colon = strrchr(text, ':'), *end = colon ? colon : text;
	bool is_six = *text == '[';
	char host[HOST_MAX];
	in_port_t port;

	*ret_address = (struct metrics_address){ 0 };
	if (is_six && (end == text || end[-1] != ']'))
		return false;
	if (is_six) {
		text++;
		end--;
	}
	if (end < text || (size_t)(end - text) >= sizeof(host) ||
	    !read_port(colon ? colon + 1 : text, &port))
		return false;
	memcpy(host, text, (size_t)(end - text));
	host[end - text] = '\0';
	return is_six ? read_six(host, port, ret_address) : read_four(host, port, ret_address);
}
