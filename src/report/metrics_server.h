/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metrics and health over HTTP, in a thread of its own:
 *
 *     /metrics    the text format of Prometheus
 *     /healthz    200, or 503 and why: the process should be started anew
 *     /readyz     200, or 503: it does not mask yet, or no more
 *
 * Everything is GET or HEAD. There is a limit of connections, of the memory and the time of each: whatever
 * clients do, the stream does not feel it.
 */
#pragma once

#include "metrics.h"
#include "metrics_address.h"

struct metrics_server;

/*
 * Open the socket, so that clients can connect; borrows metrics until it is freed. Returns 0 or a negative errno; -ENOSYS:
 * libmicrohttpd was not built in, or is not installed.
 */
int ks_metrics_server_new(const struct metrics_address *address, struct metrics *metrics,
                          struct metrics_server **ret_server);
/*
 * Start the thread that answers: after the sandbox has closed, for it holds for threads that are started later only.
 * Returns 0 or a negative errno.
 */
int ks_metrics_server_start(struct metrics_server *server);
/* No request is being answered when it returns. NULL is fine. Returns NULL. */
struct metrics_server *ks_metrics_server_free(struct metrics_server *server);

/* Close the connections of clients that are too slow. To be called every few seconds. NULL is fine. */
void ks_metrics_server_tidy(struct metrics_server *server);
