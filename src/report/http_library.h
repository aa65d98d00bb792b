/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libmicrohttpd, loaded when it is asked for and not before: it brings ten more libraries along, for TLS, which would make
 * every start take twice as long.
 */
#pragma once

#include <microhttpd.h>

struct http_library {
	__typeof__(MHD_start_daemon) *start_daemon;
	__typeof__(MHD_stop_daemon) *stop_daemon;
	__typeof__(MHD_get_connection_info) *connection_info;
	__typeof__(MHD_create_response_from_buffer) *response_of;
	__typeof__(MHD_add_response_header) *add_header;
	__typeof__(MHD_queue_response) *queue;
	__typeof__(MHD_destroy_response) *drop;
};

/* It stays loaded. Returns 0, or -ENOSYS: it is not installed. */
int ks_http_library_load(struct http_library *ret_library);
