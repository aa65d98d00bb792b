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
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "http_library.h"
#include "memory_text.h"
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
	struct http_library http;
	struct metrics *metrics;
	int fd; /* listens; the daemon's, if there is one */
	struct MHD_Daemon *daemon;
	pthread_mutex_t lock; /* of visitors */
	struct visitor visitors[CONNECTIONS];
};

/* ----------------------------------------------------------------------- answers ---- */

static enum MHD_Result
answer(const struct metrics_server *s, struct MHD_Connection *connection, unsigned status,
       const char *type, struct MHD_Response *response)
{
	enum MHD_Result r;

	if (!response)
		return MHD_NO;
	(void)s->http.add_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	(void)s->http.add_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		(void)s->http.add_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	r = s->http.queue(connection, status, response);
	s->http.drop(response);
	return r;
}

/* One line. */
static enum MHD_Result
answer_text(const struct metrics_server *s, struct MHD_Connection *connection, unsigned status,
            const char *text)
{
	struct memory_text line;
	FILE *out = ks_memory_text_open(&line);

	if (!out)
		return MHD_NO;
	(void)fprintf(out, "%s\n", text);
	if (ks_memory_text_close(&line, out) != KS_OK)
		return MHD_NO;
	return answer(s, connection, status, "text/plain; charset=utf-8",
	              s->http.response_of(line.len, line.text, MHD_RESPMEM_MUST_FREE));
}

static enum MHD_Result
answer_metrics(const struct metrics_server *s, struct MHD_Connection *connection)
{
	struct memory_text page;
	FILE *out = ks_memory_text_open(&page);

	if (!out)
		return MHD_NO;
	ks_metrics_print(s->metrics, NULL, out);
	if (ks_memory_text_close(&page, out) != KS_OK)
		return MHD_NO;
	return answer(s, connection, MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8",
	              s->http.response_of(page.len, page.text, MHD_RESPMEM_MUST_FREE));
}

static enum MHD_Result
answer_health(const struct metrics_server *s, struct MHD_Connection *connection,
              const char *ailment)
{
	return answer_text(s, connection, ailment ? MHD_HTTP_SERVICE_UNAVAILABLE : MHD_HTTP_OK,
	                   ailment ? ailment : "ok");
}

/* A MHD_AccessHandlerCallback. An answer at the first call, before any body is read, ends the request. */
static enum MHD_Result
on_request(void *ctx, struct MHD_Connection *connection, const char *path, const char *method,
           const char *version, const char *body, size_t *body_len, void **request)
{
	const struct metrics_server *s = ctx;

	(void)version;
	(void)body;
	(void)body_len;
	(void)request;
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		return answer_text(s, connection, MHD_HTTP_METHOD_NOT_ALLOWED, "GET or HEAD");
	if (strcmp(path, "/metrics") == 0)
		return answer_metrics(s, connection);
	if (strcmp(path, "/healthz") == 0)
		return answer_health(s, connection, ks_metrics_ailment(s->metrics));
	if (strcmp(path, "/readyz") == 0)
		return answer_health(s, connection,
		                     ks_metrics_is_ready(s->metrics) ? NULL : "not ready");
	return answer_text(s, connection, MHD_HTTP_NOT_FOUND, "/metrics, /healthz or /readyz");
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
	struct metrics_server *s = ctx;
	const union MHD_ConnectionInfo *info = s->http.connection_info(
		connection, MHD_CONNECTION_INFO_CONNECTION_FD);
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

int
ks_metrics_server_start(struct metrics_server *s)
{
	sigset_t all, before;
	int error;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_BLOCK, &all, &before);
	errno = 0;
	s->daemon = s->http.start_daemon(
		MHD_USE_AUTO_INTERNAL_THREAD, 0, NULL, NULL, on_request, s,
		MHD_OPTION_LISTEN_SOCKET, s->fd, MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS,
		MHD_OPTION_CONNECTION_TIMEOUT, SILENCE_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)MEMORY, MHD_OPTION_NOTIFY_CONNECTION, on_connection, s, MHD_OPTION_END);
	error = errno ? errno : ENOMEM;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return s->daemon ? 0 : -error;
}

/* Returns NULL when memory is out. */
static struct metrics_server *
make(const struct http_library *http, struct metrics *metrics)
{
	struct metrics_server *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->http = *http;
	s->metrics = metrics;
	(void)pthread_mutex_init(&s->lock, NULL);
	for (size_t i = 0; i < CONNECTIONS; i++)
		s->visitors[i].fd = -1;
	return s;
}

int
ks_metrics_server_new(const struct metrics_address *address, struct metrics *metrics,
                      struct metrics_server **ret_server)
{
	struct metrics_server *s;
	struct http_library http;
	int fd, r = ks_http_library_load(&http);

	if (r < 0)
		return r;
	fd = open_socket(address);
	if (fd < 0)
		return fd;
	s = make(&http, metrics);
	if (!s) {
		(void)close(fd);
		return -ENOMEM;
	}
	s->fd = fd;
	*ret_server = s;
	return 0;
}

struct metrics_server *
ks_metrics_server_free(struct metrics_server *s)
{
	if (!s)
		return NULL;
	if (s->daemon)
		s->http.stop_daemon(s->daemon);
	else
		(void)close(s->fd);
	(void)pthread_mutex_destroy(&s->lock);
	free(s);
	return NULL;
}
