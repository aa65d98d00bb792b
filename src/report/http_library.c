/* SPDX-License-Identifier: Apache-2.0 */
/* By the name with the version of its interface, which is what the headers are of. */
#include "http_library.h"

#include "shared_library.h"

int
ks_http_library_load(struct http_library *ret_library)
{
	struct http_library l = { 0 };
	const struct shared_function wanted[] = {
		{ "MHD_start_daemon", &l.start_daemon },
		{ "MHD_stop_daemon", &l.stop_daemon },
		{ "MHD_get_connection_info", &l.connection_info },
		{ "MHD_create_response_from_buffer", &l.response_of },
		{ "MHD_add_response_header", &l.add_header },
		{ "MHD_queue_response", &l.queue },
		{ "MHD_destroy_response", &l.drop },
	};
	int r = ks_shared_library_load("libmicrohttpd.so.12", wanted,
	                               sizeof(wanted) / sizeof(wanted[0]));

	if (r == 0)
		*ret_library = l;
	return r;
}
