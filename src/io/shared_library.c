/* SPDX-License-Identifier: Apache-2.0 */
/* Loaded with all it needs, so that nothing is found missing later; and never unloaded. */
#include "shared_library.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* dlopen(3) tells it in words only. Where a descriptor cannot be had, it could not have one either. */
static int
reason(void)
{
	int fd = open("/", O_PATH | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	(void)close(fd);
	return -ENOSYS;
}

int
ks_shared_library_load(const char *name, const struct shared_function *functions, size_t count)
{
	void *handle = dlopen(name, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	int r = handle ? 0 : reason();

	for (size_t i = 0; r == 0 && i < count; i++) {
		void *function = dlsym(handle, functions[i].name);

		*(void **)functions[i].pointer = function; /* as dlopen(3) has it */
		r = function ? 0 : -ENOSYS;
	}
	if (handle)
		(void)dlclose(handle); /* it stays: RTLD_NODELETE */
	return r;
}
