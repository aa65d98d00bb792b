/* SPDX-License-Identifier: Apache-2.0 */
/* By the name with the version of its interface, which is what the headers are of. */
#include "http_library.h"

#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>

#define LIBRARY "libmicrohttpd.so.12"

int
ks_http_library_load(struct http_library *ret_library)
{
	struct http_library library = { 0 };
	const struct {
		const char *name;
		void *function;
	} wanted[] = {
		{ "MHD_start_daemon", &library.start_daemon },
		{ "MHD_stop_daemon", &library.stop_daemon },
		{ "MHD_get_connection_info", &library.connection_info },
		{ "MHD_create_response_from_buffer", &library.response_of },
		{ "MHD_add_response_header", &library.add_header },
		{ "MHD_queue_response", &library.queue },
		{ "MHD_destroy_response", &library.drop },
	};
	void *handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);

	if (!handle)
		return -ENOSYS;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		void *function = dlsym(handle, wanted[i].name);

		if (!function) {
			(void)dlclose(handle);
			return -ENOSYS;
		}
		*(void **)wanted[i].function = function; /* as dlopen(3) has it */
	}
	(void)dlclose(handle); /* it stays: RTLD_NODELETE */
	*ret_library = library;
	return 0;
}
