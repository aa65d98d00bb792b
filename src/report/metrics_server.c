/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libmicrohttpd does the protocol. Its own limit of time is for silence only: a client that sends a byte now and then
 * would stay for ever, and sixteen of them would keep all others out. So connections are remembered with the
 * time when they began, and those that are too old are shut down.
 *
 * The thread has all signals blocked: they are the main thread's, whose reads they must interrupt.
 */
#include "metrics_server.h"

#include <errno.h>
#include <microhttpd.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "metrics_data.h"

#define CONNECTIONS     16U
#define SILENCE_SECONDS 5U
#define AGE_NANOSECONDS UINT64_C(20000000000)
#define MEMORY          (16U << 10) /* a connection's, for its request */
#define BACKLOG         16

struct visitor {
	int fd; /* -1: nobody */
	uint64_t since;
};

struct metrics_server {
	struct metrics *metrics;
	struct MHD_Daemon *daemon;
	pthread_mutex_t lock; /* of visitors */
	struct visitor visitors[CONNECTIONS];
};

/* ----------------------------------------------------------------------- answers ---- */

static enum MHD_Result
answer(struct MHD_Connection *connection, unsigned status, const char *type,
       struct MHD_Response *response)
{
	enum MHD_Result r;

	if (!response)
		return MHD_NO;
	(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		(void)MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	r = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return r;
}

/* One line. */
static enum MHD_Result
answer_text(struct MHD_Connection *connection, unsigned status, const char *text)
{
	char *line = NULL;
	size_t len;
	FILE *out = open_memstream(&line, &len);

	if (!out)
		return MHD_NO;
	(void)fprintf(out, "%s\n", text);
	if (fclose(out) != 0) {
		free(line);
		return MHD_NO;
	}
	return answer(connection, status, "text/plain; charset=utf-8",
	              MHD_create_response_from_buffer(len, line, MHD_RESPMEM_MUST_FREE));
}

static enum MHD_Result
answer_metrics(struct MHD_Connection *connection, struct metrics *metrics)
{
	char *page = NULL;
	size_t len;
	FILE *out = open_memstream(&page, &len);

	if (!out)
		return MHD_NO;
	ks_metrics_print(metrics, NULL, out);
	if (fclose(out) != 0) {
		free(page);
		return MHD_NO;
	}
	return answer(connection, MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8",
	              MHD_create_response_from_buffer(len, page, MHD_RESPMEM_MUST_FREE));
}

static enum MHD_Result
answer_health(struct MHD_Connection *connection, const char *ailment)
{
	return answer_text(connection, ailment ? MHD_HTTP_SERVICE_UNAVAILABLE : MHD_HTTP_OK,
	                   ailment ? ailment : "ok");
}

/* A MHD_AccessHandlerCallback. An answer at the first call, before any body is read, ends the request. */
static enum MHD_Result
on_request(void *ctx, struct MHD_Connection *connection, const char *path, const char *method,
           const char *version, const char *body, size_t *body_len, void **request)
{
	struct metrics *metrics = ((struct metrics_server *)ctx)->metrics;

	(void)version;
	(void)body;
	(void)body_len;
	(void)request;
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		return answer_text(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "GET or HEAD");
	if (strcmp(path, "/metrics") == 0)
		return answer_metrics(connection, metrics);
	if (strcmp(path, "/healthz") == 0)
		return answer_health(connection, ks_metrics_ailment(metrics));
	if (strcmp(path, "/readyz") == 0)
		return answer_health(connection, ks_metrics_is_ready(metrics) ? NULL : "not ready");
	return answer_text(connection, MHD_HTTP_NOT_FOUND, "/metrics, /healthz or /readyz");
}

/* ---------------------------------------------------------------------- visitors ---- */

static struct visitor *
find_visitor(struct metrics_server *s, int fd)
{
	for (size_t i = 0; i < CONNECTIONS; i++) {
		if (s->visitors[i].fd == fd)
			return &s->visitors[i];
	}
	return NULL;
}

/* A MHD_NotifyConnectionCallback: told of the end before the descriptor is closed. */
static void
on_connection(void *ctx, struct MHD_Connection *connection, void **socket_ctx,
              enum MHD_ConnectionNotificationCode code)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct metrics_server *s = ctx;
	struct visitor *visitor;
	bool is_new = code == MHD_CONNECTION_NOTIFY_STARTED;

	(void)socket_ctx;
	if (!info)
		return;
	(void)pthread_mutex_lock(&s->lock);
	visitor = find_visitor(s, is_new ? -1 : info->connect_fd);
	if (visitor)
		*visitor = (struct visitor){ is_new ? info->connect_fd : -1, ks_metrics_clock() };
	(void)pthread_mutex_unlock(&s->lock);
}

void
ks_metrics_server_tidy(struct metrics_server *s)
{
	uint64_t now = ks_metrics_clock();

	if (!s)
		return;
	(void)pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < CONNECTIONS; i++) {
		const struct visitor *visitor = &s->visitors[i];

		if (visitor->fd >= 0 && now > visitor->since + AGE_NANOSECONDS)
			(void)shutdown(visitor->fd, SHUT_RDWR);
	}
	(void)pthread_mutex_unlock(&s->lock);
}

/* -------------------------------------------------------------------- life cycle ---- */

/* A socket of our own: libmicrohttpd does not tell why it could not have one. */
static int
open_socket(const struct metrics_address *address)
{
	const int on = 1;
	int r, fd = socket(address->socket.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	                   0);

	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (const struct sockaddr *)&address->socket, address->len) == 0 &&
	    listen(fd, BACKLOG) == 0)
		return fd;
	r = -errno;
	(void)close(fd);
	return r;
}

static struct MHD_Daemon *
start_daemon(struct metrics_server *s, int fd)
{
	sigset_t all, before;
	struct MHD_Daemon *daemon;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_BLOCK, &all, &before);
	daemon = MHD_start_daemon(MHD_USE_AUTO_INTERNAL_THREAD, 0, NULL, NULL, on_request, s,
	                          MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
	                          CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT, SILENCE_SECONDS,
	                          MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY,
	                          MHD_OPTION_NOTIFY_CONNECTION, on_connection, s, MHD_OPTION_END);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return daemon;
}

int
ks_metrics_server_new(const struct metrics_address *address, struct metrics *metrics,
                      struct metrics_server **ret_server)
{
	struct metrics_server *s;
	int fd = open_socket(address);

	if (fd < 0)
		return fd;
	s = calloc(1, sizeof(*s));
	if (!s) {
		(void)close(fd);
		return -ENOMEM;
	}
	s->metrics = metrics;
	(void)pthread_mutex_init(&s->lock, NULL);
	for (size_t i = 0; i < CONNECTIONS; i++)
		s->visitors[i].fd = -1;
	s->daemon = start_daemon(s, fd);
	if (!s->daemon) {
		(void)close(fd);
		(void)ks_metrics_server_free(s);
		return -EAGAIN;
	}
	*ret_server = s;
	return 0;
}

struct metrics_server *
ks_metrics_server_free(struct metrics_server *s)
{
	if (!s)
		return NULL;
	if (s->daemon)
		MHD_stop_daemon(s->daemon);
	(void)pthread_mutex_destroy(&s->lock);
	free(s);
	return NULL;
}
