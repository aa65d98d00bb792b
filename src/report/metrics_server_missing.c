/* SPDX-License-Identifier: Apache-2.0 */
/* keysieve was built without libmicrohttpd. */
#include <errno.h>

#include "metrics_server.h"

int
ks_metrics_server_new(const struct metrics_address *address, struct metrics *metrics,
                      struct metrics_server **ret_server)
{
	(void)address;
	(void)metrics;
	*ret_server = NULL;
	return -ENOSYS;
}

int
ks_metrics_server_start(struct metrics_server *server)
{
	(void)server;
	return -ENOSYS;
}

struct metrics_server *
ks_metrics_server_free(struct metrics_server *server)
{
	(void)server;
	return NULL;
}

void
ks_metrics_server_tidy(struct metrics_server *server)
{
	(void)server;
}
